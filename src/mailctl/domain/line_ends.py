"""The ends of a message's lines, whole or in blocks: CRLF, dots doubled, a lone dot that ends it (RFC 5321, 4.5.2)."""

import re
from collections.abc import Iterable, Iterator

from mailctl.domain.content import Raw

BARE = re.compile(rb"\r\n|\r|\n")
LONE_DOT = re.compile(rb"^\.\r*\n", re.MULTILINE)
DOT = re.compile(rb"\.\r*")


def with_crlf(raw: bytes) -> bytes:
    """The message, its lines ending with CRLF."""
    if b"\r" not in raw:
        return raw.replace(b"\n", b"\r\n")  # ten times as fast
    return BARE.sub(b"\r\n", raw) if has_bare(raw) else raw


def with_line_ends(raw: bytes) -> bytes:
    """The same, a lone CR left where it is; a pattern would take four times the memory."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def sendable(raw: Raw) -> Raw:
    """Lines ending with CRLF, too; a message that is not held whole came into the outbox with CRLF."""
    return with_crlf(raw) if isinstance(raw, bytes) else raw


def has_bare(raw: bytes) -> bool:
    """Whether a line ends otherwise than with CRLF."""
    lines = raw.count(b"\r\n")
    return raw.count(b"\n") != lines or raw.count(b"\r") != lines


def in_crlf(coming: Iterable[bytes]) -> Iterator[bytes]:
    """A message in blocks, each line ending with CRLF, the last too; a CR at a block's end waits for the next."""
    held, has_end = b"", True
    for block in coming:
        data = held + block
        held = b"\r" if data.endswith(b"\r") else b""
        if done := with_crlf(data[: len(data) - len(held)]):
            yield done
            has_end = done.endswith(b"\n")
    if held or not has_end:
        yield b"\r\n"


def stuffed(raw: bytes) -> bytes:
    """The message as DATA wants it: dots doubled at the beginning of lines, CRLF at the end (RFC 5321, 4.5.2)."""
    found = raw.replace(b"\r\n.", b"\r\n..")
    if found.startswith(b"."):
        found = b"." + found
    return found if found.endswith(b"\r\n") or not found else found + b"\r\n"


def stuffing(coming: Iterable[bytes]) -> Iterator[bytes]:
    """The same for a message in blocks."""
    before = b"\r\n"  # a line begins with the message
    for block in coming:
        place = (before + block[:2]).find(b"\r\n.")
        found = block.replace(b"\r\n.", b"\r\n..") if b"." in block else block
        yield found if place < 0 else b"%s.%s" % (found[:place], found[place:])
        before = (before + block[-2:])[-2:]
    if before != b"\r\n":
        yield b"\r\n"


def until_dot(coming: Iterable[bytes]) -> Iterator[bytes]:
    """A message in blocks up to a line that holds a dot only, as one ends it who types it."""
    held, begins = b"", True  # what may become such a line waits for its end
    for block in filter(None, coming):
        data = held + block
        found = LONE_DOT.search(data, 0 if begins else 1) if b"." in data else None
        if found:
            yield data[: found.start()]
            return
        last = data.rfind(b"\n") + 1
        held = data[last:] if (last or begins) and DOT.fullmatch(data, last) else b""
        begins = bool(held) or last == len(data)
        yield data[: len(data) - len(held)]
