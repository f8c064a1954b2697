"""A folder whose messages are written and taken away again, such as Drafts: their headers, one whole, removing one."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from mailctl.errors import ProtocolError
from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession

DELETED = "\\deleted"
PIECE = 1 << 20  # bytes asked for at once


class Outline(Struct, frozen=True, kw_only=True):
    """A message's header, its size in bytes, and when it was laid there."""

    uid: int
    header: bytes
    size: int
    received: datetime


def outlines(session: ImapSession) -> Iterator[Outline]:
    """The messages of the opened folder, without those marked for removal."""
    for some in sets.chunks(sorted(session.uids()), most=500):
        with session.asking("list its messages"):
            pieces = session.uid_fetch(sets.written(some), "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])")
            found = [outline(answers.items_of(record)) for record in answers.records(pieces)]
        yield from (one for one in found if one is not None)


def outline(items: "dict[bytes, answers.Value]") -> Outline | None:
    """A message in one answer; None where there is none, or one marked for removal."""
    uid, header, flags = answers.number(items.get(b"UID")), items.get(b"BODY[HEADER]"), items.get(b"FLAGS")
    if not uid or not isinstance(header, bytes):
        return None
    if isinstance(flags, list) and DELETED in {one.lower() for one in answers.flag_set(flags)}:
        return None
    return Outline(
        uid=uid,
        header=header,
        size=answers.number(items.get(b"RFC822.SIZE")) or 0,
        received=answers.moment(items.get(b"INTERNALDATE")),
    )


def pieces(session: ImapSession, uid: int) -> Iterator[bytes]:
    """One message of the opened folder as it came, piece by piece; nothing where there is none of that UID.

    Raises:
        ProtocolError: the server stopped giving it before its end.
    """
    place, is_over = 0, False
    while not is_over:
        with session.asking("give a message"):
            said = session.uid_fetch(str(uid), f"(UID RFC822.SIZE BODY.PEEK[]<{place}.{PIECE}>)")
        items = next((one for one in map(answers.items_of, answers.records(said)) if is_piece(one, uid, place)), None)
        if items is None and place:
            raise ProtocolError(f"{session.server.where} gave a part of the message only", hint="try again")
        piece = items and (items.get(b"BODY[]<%d>" % place) or items.get(b"BODY[]"))
        if not items or not isinstance(piece, bytes):
            return
        yield piece
        place += len(piece)
        size = answers.number(items.get(b"RFC822.SIZE")) or 0  # some servers know it roughly: a full piece goes on
        is_over = b"BODY[]" in items or (len(piece) < PIECE and place >= size > 0)


def is_piece(items: "dict[bytes, answers.Value]", uid: int, place: int) -> bool:
    """Whether an answer has a message from some byte on; a server that knows no pieces gives all of it."""
    names = (b"BODY[]<%d>" % place, *([b"BODY[]"] if place == 0 else []))
    return answers.number(items.get(b"UID")) == uid and any(name in items for name in names)


def uid_of(session: ImapSession, folder: str, message_id: str) -> int | None:
    """The UID of the last message of a Message-ID in a folder; None where the server shows none."""
    session.examine(folder)
    with session.asking(f"search '{folder}'"):
        found = session.client.search(["HEADER", "Message-ID", message_id])
    return max(found, default=None)


def remove(session: ImapSession, uid: int) -> None:
    """Take a message of the selected folder away, and no other.

    A server without UIDPLUS could only take away all that are marked for it (RFC 4315): there it is marked, too.
    """
    session.add_flags([uid], frozenset({"\\Deleted"}))
    if "UIDPLUS" in session.capabilities:
        with session.asking("remove the message"):
            session.command("UID", "EXPUNGE", str(uid), answer="EXPUNGE")
