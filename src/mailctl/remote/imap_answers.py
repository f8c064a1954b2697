"""Answers of an IMAP server: taken apart whatever stands in them, one answer at a time (RFC 9051, 7)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from msgspec import Struct

from mailctl.domain.folders import Folder
from mailctl.errors import ProtocolError

Piece: TypeAlias = bytes | tuple[bytes, bytes]  # imaplib's: a line, or a line up to a literal and the literal
Value: TypeAlias = "bytes | list[Value] | None"

TOKEN = re.compile(rb'\s*(?:([()])|"((?:[^"\\]|\\.)*)"|((?:\[[^\]]*\]|[^\s()"])+))')
MARKER = re.compile(rb"~?\{\d+\+?\}$")
FLAGS_ONLY = re.compile(rb"\d+ \((?:UID (\d+) FLAGS \(([^()]*)\)|FLAGS \(([^()]*)\) UID (\d+))(?: MODSEQ \(\d+\))?\)")
LISTED_ONLY = re.compile(
    rb'\d+ \(UID (\d{1,18}) FLAGS \(([^()]*)\) INTERNALDATE "([^"\\]*)" RFC822\.SIZE (\d{1,18})(?: MODSEQ \(\d+\))?\)'
)  # so Dovecot says it
BODY_ONLY = re.compile(rb"\d+ \(UID (\d{1,18}) BODY\[\] \{\d+\}")
STATUS_PAIR = re.compile(rb"([A-Z]+) (\d{1,18})\b", re.IGNORECASE)
CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)[ \]]", re.IGNORECASE)
DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
MESSAGE_ID_FIELD = re.compile(rb"message-id:\s*(.*)", re.IGNORECASE | re.DOTALL)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEEPEST = 100
LARGE = 8 << 20
TOLD = frozenset({b"UID", b"FLAGS", b"MODSEQ", b"BODY[]"})  # what may come with a message's text


class FolderState(Struct, frozen=True, kw_only=True):
    """A folder as the server counts it; 0 for a number it does not say, None for one it has no notion of."""

    name: str
    uidvalidity: int
    uidnext: int
    messages: int
    unseen: int | None = None
    highestmodseq: int | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """What the server says of a message without its text; `size` as it counts, `message_id` only when asked for."""

    uid: int
    flags: frozenset[str]
    size: int
    received: datetime
    message_id: str | None = None


class Body(Struct, frozen=True, kw_only=True):
    """A message as it came; `odd` says what is wrong with the way it came, empty for nothing.

    `announced` are the bytes that the server said it would be, where more came.
    """

    uid: int
    raw: bytes
    odd: str = ""
    announced: int | None = None


class Batch(Struct, frozen=True, kw_only=True):
    """What came of the messages asked for; `refusal` has the server's words where it would not give one."""

    uids: tuple[int, ...]
    bodies: tuple[Body, ...]
    refusal: str = ""

    @property
    def is_large(self) -> bool:
        """Whether it holds so much that there should be no other beside it."""
        return sum(len(one.raw) for one in self.bodies) > LARGE


class Stray(bytes):
    """A line that is no answer; behind a message it may be a part of it."""


def records(pieces: Sequence[Piece | None]) -> Iterator[list[Piece]]:
    """The answers in what imaplib gathers: each ends with a line that no literal follows."""
    record: list[Piece] = []
    for piece in pieces:
        if piece is None:
            continue
        record.append(piece)
        if isinstance(piece, bytes):
            yield record
            record = []
    if record:
        yield record


def values(record: Sequence[Piece]) -> list[Value]:
    """One answer as nested lists; NIL as None.

    Raises:
        ProtocolError: its quotes or parentheses do not fit.
    """
    stack: list[list[Value]] = [[]]
    for piece in record:
        text, literal = piece if isinstance(piece, tuple) else (piece, None)
        for kind, value in tokens(MARKER.sub(b"", text) if literal is not None else text):
            nest(stack, kind, value)
        if literal is not None:
            stack[-1].append(literal)
    if len(stack) != 1:
        raise ProtocolError("an answer of the server ends too early")
    return stack[0]


def tokens(text: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """Parentheses, strings and atoms of a line: pairs of the parenthesis, if it is one, and the value."""
    position, end = 0, len(text.rstrip())
    while position < end:
        found = TOKEN.match(text, position)
        if found is None:
            raise ProtocolError("an answer of the server cannot be read")
        position = found.end()
        if found[1]:
            yield found[1], None
        elif found[3] is not None:
            yield b"", None if found[3].upper() == b"NIL" else found[3]
        else:
            yield b"", re.sub(rb"\\(.)", rb"\1", found[2])


def nest(stack: list[list[Value]], kind: bytes, value: bytes | None) -> None:
    """Put a token where it belongs: open a list, close one, or add to the innermost."""
    if kind == b"(":
        inner: list[Value] = []
        stack[-1].append(inner)
        stack.append(inner)
        if len(stack) > DEEPEST:
            raise ProtocolError("an answer of the server is nested too deep")
    elif kind == b")":
        if len(stack) == 1:
            raise ProtocolError("an answer of the server has a parenthesis too many")
        stack.pop()
    else:
        stack[-1].append(value)


# -- folders


def folder_of(record: Sequence[Piece]) -> tuple[bytes, Folder] | None:
    """A folder out of LIST's answer, and its name as the server writes it; None for one that cannot be read."""
    try:
        attributes, delimiter, name, *_ = values(record)
    except (ProtocolError, ValueError):
        return None
    if not isinstance(attributes, list) or not isinstance(name, bytes) or not name:
        return None
    words = frozenset(text(one).lower() for one in attributes if isinstance(one, bytes))
    mark = text(delimiter) if isinstance(delimiter, bytes) and delimiter else None
    return name, Folder(name=decoded(name), delimiter=mark, attributes=words)


def decoded(name: bytes) -> str:
    """A folder's name out of modified UTF-7 (RFC 3501, 5.1.3), or UTF-8 where a server sends that."""
    if not name.isascii():
        return text(name)
    if b"&" not in name:
        found = name.decode()
        return "INBOX" if found.upper() == "INBOX" else found
    from imapclient.imap_utf7 import decode

    try:
        found = str(decode(name))
        found.encode()
    except (UnicodeError, ValueError):
        return text(name)
    return "INBOX" if found.upper() == "INBOX" else found


def encoded(name: str) -> bytes:
    """A folder's name in modified UTF-7."""
    if name.isascii() and "&" not in name and name.isprintable():
        return name.encode()
    from imapclient.imap_utf7 import encode

    return bytes(encode(name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))


def status_of(record: Sequence[Piece]) -> tuple[bytes, FolderState] | None:
    """A folder's numbers out of STATUS's answer, and its name as the server writes it; None where it cannot be read."""
    try:
        name, pairs, *_ = values(record)
    except (ProtocolError, ValueError):
        return None
    if not isinstance(name, bytes) or not isinstance(pairs, list):
        return None
    flat = b" ".join(one for one in pairs if isinstance(one, bytes))
    numbers = {key.upper(): int(value) for key, value in STATUS_PAIR.findall(flat)}
    return name, FolderState(
        name=decoded(name),
        uidvalidity=numbers.get(b"UIDVALIDITY", 0),
        uidnext=numbers.get(b"UIDNEXT", 0),
        messages=numbers.get(b"MESSAGES", 0),
        unseen=numbers.get(b"UNSEEN"),
        highestmodseq=numbers.get(b"HIGHESTMODSEQ") or None,  # 0: a folder without (RFC 7162, 3.1.2.2)
    )


# -- messages


def flags_in(pieces: Sequence[Piece | None]) -> dict[int, frozenset[str]]:
    """The flags of each message in FETCH's answers, by UID; what cannot be read is passed over."""
    found: dict[int, frozenset[str]] = {}
    for record in records(pieces):
        plain = FLAGS_ONLY.fullmatch(record[0]) if isinstance(record[0], bytes) else None
        if plain is not None:
            found[int(plain[1] or plain[4])] = flag_set((plain[2] or plain[3] or b"").split())
            continue
        items = items_of(record)
        uid, flags = number(items.get(b"UID")), items.get(b"FLAGS")
        if uid and isinstance(flags, list):
            found[uid] = flag_set(flags)
    return found


def listed_in(pieces: Sequence[Piece | None]) -> list[Listed]:
    """The messages in FETCH's answers that say UID and flags."""
    found: dict[int, Listed] = {}
    for record in records(pieces):
        plain = LISTED_ONLY.fullmatch(record[0]) if isinstance(record[0], bytes) else None
        if plain is not None:
            found[int(plain[1])] = Listed(
                uid=int(plain[1]), flags=flag_set(plain[2].split()), size=int(plain[4]), received=moment(plain[3])
            )
            continue
        items = items_of(record)
        uid, flags = number(items.get(b"UID")), items.get(b"FLAGS")
        if not uid or not isinstance(flags, list) or b"RFC822.SIZE" not in items:
            continue
        found[uid] = Listed(
            uid=uid,
            flags=flag_set(flags),
            size=number(items[b"RFC822.SIZE"]) or 0,
            received=moment(items.get(b"INTERNALDATE")),
            message_id=message_id_in(items),
        )
    return list(found.values())


def bodies_in(pieces: Sequence[Piece | None]) -> list[Body]:
    """The messages in FETCH's answers; what follows a literal that was longer than announced is put back behind it."""
    found: list[Body] = []
    broken: list[bytes] = []
    for record in reversed(list(records(pieces))):
        body = body_of(record, broken[::-1])
        if body is not None:
            found.append(body)
            broken.clear()
        elif isinstance(record[0], Stray):
            broken.append(record[0])
    return found[::-1]


def body_of(record: Sequence[Piece], rest: Sequence[bytes]) -> Body | None:
    """The message in one answer; None where there is none.

    Args:
        record: the answer.
        rest: the lines behind it that are no answers.
    """
    head = record[0]
    if isinstance(head, tuple) and not rest and record[1:] == [b")"]:
        plain = BODY_ONLY.fullmatch(head[0])
        if plain is not None and plain[1] != b"0":
            return Body(uid=int(plain[1]), raw=head[1])
    items = items_of(record)
    uid = number(items.get(b"UID"))
    raw = items.get(b"BODY[]")
    if uid and isinstance(raw, bytes) and not rest and TOLD.issuperset(items):
        return Body(uid=uid, raw=raw)
    if uid and b"BODY[]" in items and raw is None:
        return Body(uid=uid, raw=b"", odd="the server has nothing of it")
    if not isinstance(head, tuple):
        return None
    early = re.search(rb"UID (\d+)", head[0])
    uid = uid or (int(early[1]) if early else None)
    if not uid or b"BODY[]" not in head[0]:
        return None
    whole = b"\r\n".join([head[1] + joined(record[1:]), *rest]).removesuffix(b")")
    return Body(uid=uid, raw=whole, odd="it was longer than announced", announced=len(head[1]))


def joined(record: Sequence[Piece]) -> bytes:
    """An answer as it came."""
    return b"".join(b"\r\n".join(piece) if isinstance(piece, tuple) else piece for piece in record)


def items_of(record: Sequence[Piece]) -> dict[bytes, Value]:
    """What a FETCH answer says, by its names in upper case; nothing where it cannot be read."""
    try:
        found = values(record)
    except ProtocolError:
        return {}
    if len(found) != 2 or not isinstance(found[1], list) or len(found[1]) % 2 or number(found[0]) is None:
        return {}
    names, contents = found[1][::2], found[1][1::2]
    return {name.upper(): value for name, value in zip(names, contents, strict=False) if isinstance(name, bytes)}


def message_id_in(items: dict[bytes, Value]) -> str | None:
    """The Message-ID in a FETCH answer that brings that field."""
    field = next((value for key, value in items.items() if key.startswith(b"BODY[HEADER.FIELDS")), None)
    found = MESSAGE_ID_FIELD.match(field) if isinstance(field, bytes) else None
    if found is None:
        return None
    from mailctl.domain.decoding import message_id

    return message_id(found[1].decode("ascii", "surrogateescape"))


def flag_set(flags: Sequence[Value]) -> frozenset[str]:
    """Flags as text; \\Recent says nothing that lasts."""
    return frozenset(text(flag) for flag in flags if isinstance(flag, bytes)) - {"\\Recent"}


def moment(value: Value) -> datetime:
    """INTERNALDATE in UTC; 1970 for one that no clock can show."""
    found = DATE.fullmatch(value) if isinstance(value, bytes) else None
    if found is None or text(found[2]).lower() not in MONTHS:
        return EPOCH
    day, month, year = int(found[1]), MONTHS.index(text(found[2]).lower()) + 1, int(found[3])
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    try:
        zone = timezone(-offset if found[7] == b"-" else offset)
        local = datetime(year, month, day, int(found[4]), int(found[5]), int(found[6]), tzinfo=zone)
        return max(local.astimezone(UTC), EPOCH)
    except (ValueError, OverflowError):
        return EPOCH


def number(value: Value) -> int | None:
    """A value as a number; None for what is none."""
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) < 19 else None


def text(data: bytes) -> str:
    """Bytes of the protocol as text."""
    return data.decode("utf-8", "replace")


def uid_words(line: bytes) -> list[bytes]:
    """The numbers in SEARCH's answer; MODSEQ may follow them (RFC 7162, 3.1.5)."""
    return line.partition(b"(")[0].split()


def code_of(words: str) -> str:
    """The response code in an answer, such as UNAVAILABLE (RFC 9051, 7.1); empty where there is none."""
    found = CODE.search(words)
    return found[1].upper() if found else ""
