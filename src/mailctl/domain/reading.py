"""A message's bytes → what the index keeps of it, and what a reader sees."""

from collections.abc import Iterator

from msgspec import Struct

from mailctl.domain.decoding import header_text, message_id, sent_at
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.message import Head
from mailctl.domain.mime import DEEPEST, MOST_PARTS, Headers, Node, children, every, first, parse

LONGEST_SHOWN = 2000  # characters of a field that the index keeps
FILES_OF_TEXT = frozenset({"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf", "text/csv"})


class File(Struct, frozen=True, kw_only=True):
    """A part that is kept as a file; one that only serves another, such as a logo, is inline."""

    node: Node
    inline: bool


def head_of(raw: bytes) -> Head:
    """What the index keeps of a message; whatever the bytes are, there is something to keep."""
    message = parse(raw)
    headers = message.headers
    return Head(
        sender=sender_of(headers)[:LONGEST_SHOWN],
        to=addresses(headers, "to")[:LONGEST_SHOWN],
        subject=header_text(first(headers, "subject"))[:LONGEST_SHOWN],
        date=sent_at(first(headers, "date")),
        message_id=message_id(first(headers, "message-id")),
        has_attachment=any(not file.inline for file in files(message)),
    )


def sender_of(headers: Headers) -> str:
    """Who it is from."""
    return addresses(headers, "from") or addresses(headers, "sender")


def addresses(headers: Headers, name: str) -> str:
    """The addresses in all fields of a name."""
    return mailboxes(", ".join(every(headers, name)))


def files(message: Node) -> Iterator[File]:
    """The files in a message, in their order."""
    return files_in(message, iter(range(MOST_PARTS)), depth=0, inline=False, all_of_it=False)


def files_in(part: Node, budget: Iterator[int], *, depth: int, inline: bool, all_of_it: bool) -> Iterator[File]:
    """The files in a part.

    Args:
        part: where to look.
        budget: runs out after so many parts.
        depth: how many parts lie around it.
        inline: whether it serves another part.
        all_of_it: whether its text counts as a file too.
    """
    parts = zip(children(part), budget, strict=False) if part.is_multipart and depth < DEEPEST else ()
    place = -1
    for place, (child, _) in enumerate(parts):
        serves = place > 0 and part.type in ("multipart/related", "multipart/signed")
        yield from files_in(
            child,
            budget,
            depth=depth + 1,
            inline=inline or (serves and child.disposition != "attachment"),
            all_of_it=all_of_it or serves,
        )
    if place < 0 and (all_of_it or not is_text(part)):
        yield File(node=part, inline=inline)


def is_text(part: Node) -> bool:
    """Whether a part is to be read, not kept as a file; a multipart without a boundary is read as it stands."""
    if part.disposition == "attachment" or part.filename:
        return False
    return part.is_multipart or (part.type.startswith("text/") and part.type not in FILES_OF_TEXT)
