"""What changed in a folder since a moment, told by the server at once: flags, and what is gone (QRESYNC, RFC 7162)."""

import re
from collections.abc import Sequence

from mailctl.errors import ProtocolError
from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession
from mailctl.remote.imap_answers import FolderState

EARLIER = re.compile(rb"\(EARLIER\) ([0-9:,]+)", re.IGNORECASE)


def examine(session: ImapSession, folder: str) -> FolderState:
    """Open a folder for reading only; the first time, in the same packet, ask to be told what vanishes."""
    if "QRESYNC" not in session.capabilities or session.lines.state != "AUTH":
        return session.examine(folder)
    with session.asking("tell what vanishes"):
        tag = session.lines._command("ENABLE", "QRESYNC")
    try:
        return session.examine(folder)
    finally:
        session.follows_vanished = session.went_well(tag)


def changes(session: ImapSession, last: int, *, since: int) -> tuple[dict[int, frozenset[str]], frozenset[int] | None]:
    """The flags that changed, by UID, and the UIDs that are gone.

    Args:
        session: with the folder open.
        last: the highest UID to be told of.
        since: the HIGHESTMODSEQ after which.

    Returns:
        None in the place of the UIDs where the server does not tell them in a way to rely on.
    """
    if not session.follows_vanished:
        return session.flags(1, last, changed_since=since), None
    session.lines.untagged_responses.pop("VANISHED", None)
    with session.asking("tell what changed"):
        pieces = session.uid_fetch(f"1:{last}", f"(UID FLAGS) (CHANGEDSINCE {since} VANISHED)")
        found = {uid: flags for uid, flags in answers.flags_in(pieces).items() if uid <= last}
        told = session.lines.untagged_responses.pop("VANISHED", [])
    return found, vanished(told)


def vanished(told: Sequence[object]) -> frozenset[int] | None:
    """The UIDs in VANISHED's answers; None where one of them cannot be read."""
    gone: frozenset[int] = frozenset()
    try:
        for line in told:
            sets_of = EARLIER.fullmatch(line) if isinstance(line, bytes) else None
            gone |= sets.read(sets_of[1].decode()) if sets_of else frozenset()
    except ProtocolError:
        return None
    return gone
