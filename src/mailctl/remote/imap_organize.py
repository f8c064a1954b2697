"""Messages of the selected folder flagged, moved and removed at the server (RFC 9051, 6.4.6; RFC 6851; RFC 4315)."""

import re
from collections.abc import Sequence

from msgspec import Struct

from mailctl.errors import ProtocolError, ServerRefusedError
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession, written_flags
from mailctl.remote.imap_lines import quoted

AT_ONCE = 1000
COPYUID = re.compile(rb"(\d{1,10}) ([\d:,]+) ([\d:,]+)")
DELETED = frozenset({"\\Deleted"})


class Moved(Struct, frozen=True):
    """Where messages went: the target's UIDVALIDITY, and the new UID of each; nothing where the server does not say."""

    uidvalidity: int
    uids: dict[int, int]


def change_flags(session: ImapSession, uids: Sequence[int], *, add: frozenset[str], remove: frozenset[str]) -> None:
    """Give messages more flags, and take others from them."""
    if add:
        session.add_flags(uids, add)
    if remove:
        names = f"({' '.join(written_flags(remove))})"
        with session.asking("flag the messages"):
            for some in sets.chunks(uids, most=AT_ONCE):
                session.command("UID", "STORE", sets.written(some), "-FLAGS.SILENT", names)


def move(session: ImapSession, uids: Sequence[int], folder: str) -> Moved:
    """Move messages into another folder; where the server has no MOVE, they are copied, then removed here.

    Raises:
        FolderNotFoundError: there is no such folder.
        ServerRefusedError: the server could remove them only along with others.
    """
    moved = Moved(0, {})
    in_one_step = "MOVE" in session.capabilities
    if not in_one_step:
        require_removal(session)
    with session.asking(f"move the messages into '{folder}'"):
        for some in sets.chunks(uids, most=AT_ONCE):
            session.lines.untagged_responses.pop("COPYUID", None)
            verb = "MOVE" if in_one_step else "COPY"
            session.command("UID", verb, sets.written(some), quoted(session.wire_name(folder)))
            told = told_uids(session)
            moved = Moved(told.uidvalidity or moved.uidvalidity, moved.uids | told.uids)
    if not in_one_step:
        expunge(session, uids)
    return moved


def told_uids(session: ImapSession) -> Moved:
    """What COPYUID says (RFC 4315, 3): the old and the new UIDs, each in the order of the other."""
    for told in session.lines.untagged_responses.pop("COPYUID", []):
        found = COPYUID.fullmatch(told.strip()) if isinstance(told, bytes) else None
        if found is not None:
            old, new = in_order(found[2].decode()), in_order(found[3].decode())
            if len(old) == len(new):
                return Moved(int(found[1]), dict(zip(old, new, strict=True)))
    return Moved(0, {})


def in_order(text: str) -> list[int]:
    """The UIDs of a set, in its own order; none where it cannot be read."""
    found: list[int] = []
    try:
        for part in text.split(","):
            found += sorted(sets.read(part))
    except ProtocolError:
        return []
    return found


def expunge(session: ImapSession, uids: Sequence[int]) -> None:
    """Remove messages for good, and no others.

    Raises:
        ServerRefusedError: the server could remove them only along with others.
    """
    require_removal(session)
    session.add_flags(uids, DELETED)
    with session.asking("remove the messages"):
        if "UIDPLUS" not in session.capabilities:
            session.command("EXPUNGE")
            return
        for some in sets.chunks(uids, most=AT_ONCE):
            session.command("UID", "EXPUNGE", sets.written(some), answer="EXPUNGE")


def require_removal(session: ImapSession) -> None:
    """Refuse where removing some messages would remove others too: those that another program marked as deleted.

    Raises:
        ServerRefusedError: there are such, and the server has no UID EXPUNGE.
    """
    if "UIDPLUS" in session.capabilities:
        return
    with session.asking("search the folder"):
        pieces = session.command("UID", "SEARCH", "DELETED", answer="SEARCH")
    if any(isinstance(line, bytes) and line.strip() for line in pieces):
        raise ServerRefusedError(
            f"{session.server.where} can only remove all that is marked as deleted, and other messages are too"
        )


def make_folder(session: ImapSession, name: str) -> str:
    """Make a folder, subscribed to, and give its name: parted as the server parts names, among one's own folders.

    Raises:
        AlreadyExistsError, ServerRefusedError: the server does not.
    """
    every = session.folders()
    delimiter = next((one.delimiter for one in every if one.delimiter), None)
    own = name.replace("/", delimiter) if delimiter else name
    prefix = session.personal_prefix()
    full = own if not prefix or own.startswith(prefix) else prefix + own
    session.create(full)
    with session.asking(f"subscribe to '{full}'"):
        session.client.subscribe_folder(session.wire_name(full))
    return full
