"""What changed in a folder since a moment, told by the server at once: flags, and what is gone (QRESYNC, RFC 7162)."""

import re
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from mailctl.errors import FolderNotFoundError, MailctlError, ProtocolError, ServerRefusedError, TemporaryError
from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession
from mailctl.remote.imap_ahead import forsake, line_of
from mailctl.remote.imap_answers import FolderState, Listed
from mailctl.remote.imap_lines import quoted

EARLIER = re.compile(rb"\(EARLIER\) ([0-9:,]+)", re.IGNORECASE)


class Question(Struct, frozen=True, kw_only=True):
    """What is asked of a folder whose messages below a UID are known as they were at a HIGHESTMODSEQ.

    `with_new` where the messages from that UID on are asked for too; a message that is new has changed since.
    """

    uidnext: int
    since: int
    with_new: bool

    def words(self, session: ImapSession) -> tuple[str, str, str]:
        """The FETCH that asks it."""
        uids, items = f"1:{self.uidnext - 1}", "(UID FLAGS)"
        if self.with_new:
            uids, items = "1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE)"
        vanished = " VANISHED" if session.follows_vanished else ""
        return "FETCH", uids, f"{items} (CHANGEDSINCE {self.since}{vanished})"


class Changed(Struct, frozen=True, kw_only=True):
    """The flags that changed, by UID, the UIDs that are gone, and what is new, where that was asked for.

    `gone` is None where the server does not tell it in a way to rely on.
    """

    flags: dict[int, frozenset[str]]
    gone: frozenset[int] | None
    new: tuple[Listed, ...] = ()


def examine(session: ImapSession, folder: str, *, question: Question | None = None) -> FolderState:
    """Open a folder for reading only; in the same packet ask to be told what vanishes, and what will be asked of it.

    Args:
        session: logged in.
        folder: which one.
        question: for `changes`; the answer is taken only where the folder turns out to be opened.
    """
    lines, enabled = session.lines, None
    with session.asking("tell what vanishes"):
        forsake(lines)
        with lines.wire.together():
            if "QRESYNC" in session.capabilities and lines.state == "AUTH":
                enabled = lines._command("ENABLE", "QRESYNC")
                session.follows_vanished = True
            if question is not None:
                opening = line_of("EXAMINE", [quoted(session.wire_name(folder))])
                lines.say_ahead((opening, line_of("UID", question.words(session))))
    try:
        state = session.examine(folder)
    except (ServerRefusedError, FolderNotFoundError, TemporaryError):
        with suppress(MailctlError), session.asking("open it"):
            forsake(lines)  # what is answered then is of no folder, or of another one
            note(session, enabled)
        raise
    note(session, enabled)
    return state


def note(session: ImapSession, enabled: bytes | None) -> None:
    """Note whether the server enabled what it was asked to."""
    if enabled is not None:
        with session.asking("tell what vanishes"):
            session.follows_vanished = session.went_well(enabled)


def changes(session: ImapSession, question: Question) -> Changed:
    """What changed in the folder that is open.

    Args:
        session: with the folder open.
        question: where it was asked along with the opening, the answer is waited for only.
    """
    lines, words = session.lines, question.words(session)
    if line_of("UID", words) not in lines.ahead:
        lines.untagged_responses.pop("VANISHED", None)
    with session.asking("tell what changed"):
        pieces = session.uid_fetch(*words[1:])
        told = lines.untagged_responses.pop("VANISHED", [])
        gone = vanished(told) if session.follows_vanished else None
        if not question.with_new:
            flags = answers.flags_in(pieces)
            return Changed(flags={uid: found for uid, found in flags.items() if uid < question.uidnext}, gone=gone)
        listed = answers.listed_in(pieces)
        return Changed(
            flags={one.uid: one.flags for one in listed if one.uid < question.uidnext},
            gone=gone,
            new=tuple(one for one in listed if one.uid >= question.uidnext),
        )


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
