"""LIST and STATUS in the form that a server takes: with special uses and counts where it can, plainly elsewhere."""

import imaplib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap_ahead import begun, can_be_kept, line_of
from mailctl.remote.imap_answers import FolderState, Piece
from mailctl.remote.imap_lines import quoted

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession

AT_ONCE = 50  # STATUS commands under way: their answers must fit into the socket's buffers


def listing(session: "ImapSession", *, counts: str = "") -> Sequence[Piece | None]:
    """LIST's answers: in the richest form that is offered, in a poorer one where the server refuses what it offers.

    Args:
        session: logged in.
        counts: what STATUS is asked for along with it; empty for nothing.
    """
    kept = session.lines.untagged_responses
    if not session.lines.ahead:  # else it may have come already
        kept.pop("STATUS", None)
    for form in richer(session.capabilities, counts):
        try:
            return listed(session, form)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            kept.pop("STATUS", None)
    return listed(session)


def listed(session: "ImapSession", *form: str) -> Sequence[Piece | None]:
    """LIST's answers in one form, which is noted when the server takes it."""
    pieces = session.command("LIST", '""', '"*"', *form)
    session.answered = [line_of("LIST", ('""', '"*"', *form))]
    return pieces


def richer(offered: frozenset[str], counts: str) -> Iterator[str]:
    """What may be asked for beyond the names, the most first (RFC 5258, 5819, 6154)."""
    if {"LIST-EXTENDED", "SPECIAL-USE"} <= offered:
        if counts and "LIST-STATUS" in offered:
            yield f"RETURN (SPECIAL-USE STATUS {counts})"
        yield "RETURN (SPECIAL-USE)"


def asked(session: "ImapSession") -> tuple[str, ...]:
    """What the last listing with its counts took, in order; what the server offers too, where the login left it out."""
    first = () if session.offered else ("CAPABILITY",)
    return tuple(one for one in (*first, *session.answered) if can_be_kept(one))


# -- counts


def states(session: "ImapSession", folders: Sequence[str]) -> dict[str, FolderState]:
    """The numbers of folders: those told with their names, the others by STATUS, all asked at once."""
    told, session.told = session.told, {}
    found = {name: state for name in folders if (state := state_in(session, told, name)) is not None}
    for some in sets.window([name for name in folders if name not in found], AT_ONCE):
        words = {name: (quoted(session.wire_name(name)), session.counted) for name in some}
        tags = {name: begun(session.lines, "STATUS", words[name]) for name in some}
        counted = [name for name, tag in tags.items() if session.went_well(tag)]
        session.answered += [line_of("STATUS", words[name]) for name in counted]
        told = told_states(session)
        found |= {name: state for name in counted if (state := state_in(session, told, name)) is not None}
    return found


def state_in(session: "ImapSession", told: dict[bytes, FolderState], name: str) -> FolderState | None:
    """A folder's numbers among those that were told."""
    state = told.get(session.wire_name(name)) or told.get(answers.encoded(name))
    return None if state is None else replace(state, name=name)


def told_states(session: "ImapSession") -> dict[bytes, FolderState]:
    """What STATUS answered, by the names in the answers and by how we would write them."""
    pieces = session.lines.untagged_responses.pop("STATUS", [])
    states = [one for record in answers.records(pieces) if (one := answers.status_of(record)) is not None]
    return {answers.encoded(state.name): state for _, state in states} | dict(states)
