"""A query in IMAP's words (RFC 9051, 6.4.4), and what a server's folder has for it."""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from mailctl.domain.query import (
    After,
    All,
    Before,
    Either,
    HasAttachment,
    Is,
    Larger,
    Not,
    Place,
    Smaller,
    State,
    Term,
    Words,
)
from mailctl.errors import UsageError
from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession
from mailctl.remote.imap_answers import Listed
from mailctl.remote.imap_lines import is_quotable, quoted

KEY = {Place.SENDER: (b"FROM",), Place.SUBJECT: (b"SUBJECT",), Place.BODY: (b"BODY",), Place.ANYWHERE: (b"TEXT",)}
STATE = {State.UNREAD: b"UNSEEN", State.READ: b"SEEN", State.FLAGGED: b"FLAGGED", State.ANSWERED: b"ANSWERED"}
FIELDS = "BODY.PEEK[HEADER.FIELDS (FROM SENDER TO SUBJECT DATE MESSAGE-ID)]"
LONGEST_LINE = 6000  # bytes; what is longer goes as literals


class Header(Struct, frozen=True):
    """What the server lists of a message, and the fields of its header that a list shows."""

    listed: Listed
    raw: bytes


def written(term: Term) -> list[bytes]:
    """A term as IMAP's words; the texts in it stand as they are, to be sent as strings.

    Raises:
        UsageError: IMAP knows no such question.
    """
    match term:
        case All(parts):
            return [b"(", *(word for part in parts for word in written(part)), b")"]
        case Either((first, *rest)):
            return [b"OR", *written(first), *written(rest[0] if len(rest) == 1 else Either(tuple(rest)))]
        case Not(part):
            return [b"NOT", *written(part)]
        case Words(place, text, _):
            return written_words(place, text)
        case _:
            return plain(term)


def written_words(place: Place, text: str) -> list[bytes]:
    """Words at a place; those of recipients in all three fields."""
    value = b"=" + text.encode("utf-8", "replace")
    if place is Place.RECIPIENTS:
        return [b"OR", b"TO", value, b"OR", b"CC", value, b"BCC", value]
    return [*KEY[place], value]


def plain(term: Term) -> list[bytes]:
    """A term that is one key.

    Raises:
        UsageError: IMAP has none for it.
    """
    match term:
        case Is(state):
            return [STATE[state]]
        case Before(day):
            return [b"SENTBEFORE", day_of(day)]
        case After(day):
            return [b"SENTSINCE", day_of(day)]
        case Larger(size):
            return [b"LARGER", str(min(size, 2**32 - 1)).encode()]
        case Smaller(size):
            return [b"SMALLER", str(min(size, 2**32 - 1)).encode()]
        case HasAttachment():
            raise UsageError("no server can be asked for attachments", hint="leave out --live, or has:attachment")
    raise AssertionError(term)


def day_of(day: date) -> bytes:
    """A day as IMAP writes it."""
    return f"{day.day}-{answers.MONTHS[day.month - 1].capitalize()}-{day.year:04}".encode()


def search(session: ImapSession, term: Term | None) -> frozenset[int]:
    """The UIDs of the examined folder's messages that a term means; None for all of them.

    Raises:
        UsageError: IMAP knows no such question.
    """
    if term is None:
        return session.uids()
    words = written(term)
    is_ascii = all(word.isascii() for word in words)
    with session.asking("search the folder"):
        pieces = say(session, [*([] if is_ascii else [b"CHARSET", b"UTF-8"]), *words])
    return frozenset(
        int(word) for line in pieces if isinstance(line, bytes) for word in answers.uid_words(line) if word.isdigit()
    )


def say(session: ImapSession, words: Sequence[bytes]) -> Sequence[answers.Piece | None]:
    """Say UID SEARCH, its strings quoted, or as literals where a quoted string cannot hold them."""
    lines = session.lines
    lines.untagged_responses.pop("SEARCH", None)
    tag = lines._new_tag()
    line, before = tag + b" UID SEARCH", b""
    for word in words:
        line += b"" if before == b"(" or word == b")" else b" "
        before = word
        if not word.startswith(b"="):
            line += word
        elif is_quotable(word[1:]) and len(line) < LONGEST_LINE:
            line += quoted(word[1:])
        elif lines.goes_on(tag, line + b"{%d}" % (len(word) - 1)):
            line = word[1:]
        else:
            break
    else:
        lines.send(line + b"\r\n")
    lines.finish("SEARCH", tag)
    found: Sequence[answers.Piece | None] = lines.untagged_responses.pop("SEARCH", [])
    return found


def headers(session: ImapSession, uids: Iterable[int]) -> list[Header]:
    """What a list shows of the examined folder's messages."""
    found = []
    for some in sets.chunks(uids, most=500):
        with session.asking("list its messages"):
            pieces = session.uid_fetch(sets.written(some), f"(UID FLAGS INTERNALDATE RFC822.SIZE {FIELDS})")
        for record in answers.records(pieces):
            [*listed] = answers.listed_in(record)
            items = answers.items_of(record)
            raw = next((value for key, value in items.items() if key.startswith(b"BODY[")), b"")
            found += [Header(one, raw if isinstance(raw, bytes) else b"") for one in listed if one.uid in some]
    return found
