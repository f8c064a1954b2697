"""LIST in the form that a server takes: with special uses and counts where it can, plainly where it refuses."""

import imaplib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mailctl.remote.imap_answers import Piece

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession


def listing(session: "ImapSession", *, counts: str = "") -> Sequence[Piece | None]:
    """LIST's answers: in the richest form that is offered, in a poorer one where the server refuses what it offers.

    Args:
        session: logged in.
        counts: what STATUS is asked for along with it; empty for nothing.
    """
    kept = session.lines.untagged_responses
    kept.pop("STATUS", None)
    for form in richer(session.capabilities, counts):
        try:
            return session.command("LIST", '""', '"*"', form)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            kept.pop("STATUS", None)
    return session.command("LIST", '""', '"*"')


def richer(offered: frozenset[str], counts: str) -> Iterator[str]:
    """What may be asked for beyond the names, the most first (RFC 5258, 5819, 6154)."""
    if {"LIST-EXTENDED", "SPECIAL-USE"} <= offered:
        if counts and "LIST-STATUS" in offered:
            yield f"RETURN (SPECIAL-USE STATUS {counts})"
        yield "RETURN (SPECIAL-USE)"
