"""What is unread in an examined folder, and waiting until the server says that something changed (RFC 2177)."""

import imaplib
import socket
from collections.abc import Iterable

from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession

FIELDS = "FROM SUBJECT DATE MESSAGE-ID"
imaplib.Commands.setdefault("IDLE", ("AUTH", "SELECTED"))  # imaplib knows it from Python 3.14 on
AT_ONCE = 500  # headers in one answer
ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 120_000}


def unseen(session: ImapSession) -> tuple[int, ...]:
    """The UIDs of the unread messages of the open folder, ascending."""
    with session.asking("search the folder"):
        pieces = session.command("UID", "SEARCH", "UNSEEN", answer="SEARCH")
        found = {int(word) for line in pieces if isinstance(line, bytes) for word in words(line)}
    return tuple(sorted(found))


def words(line: bytes) -> list[bytes]:
    """The UIDs in one line of SEARCH's answer; what is no number is passed over."""
    return [word for word in answers.uid_words(line) if word.isdigit() and len(word) < 11]


def heads(session: ImapSession, uids: Iterable[int]) -> dict[int, bytes]:
    """The headers of messages of the open folder, by UID, nothing marked as read; gone ones are left out."""
    found: dict[int, bytes] = {}
    for some in sets.chunks(uids, most=AT_ONCE):
        with session.asking("give headers"):
            pieces = session.uid_fetch(sets.written(some), f"(UID BODY.PEEK[HEADER.FIELDS ({FIELDS})])")
            for record in answers.records(pieces):
                items = answers.items_of(record)
                uid = answers.number(items.get(b"UID"))
                raw = next((value for key, value in items.items() if key.startswith(b"BODY[HEADER.FIELDS")), None)
                if uid in some and isinstance(raw, bytes):
                    found[uid] = raw
    return found


def begin_idle(session: ImapSession) -> bytes:
    """Ask the server to say what changes in the open folder; gives the command's tag.

    Raises:
        ServerRefusedError, ProtocolError, ServerUnreachableError: it does not.
    """
    lines = session.lines
    with session.asking("say what changes"):
        tag: bytes = lines._command("IDLE")
        while lines._get_response() is not None:
            if lines.tagged_commands[tag] is not None:
                lines.finish("IDLE", tag)
                break
            lines._check_bye()
    return tag


def end_idle(session: ImapSession, tag: bytes) -> None:
    """Read what the server said, and have it stop.

    Raises:
        ServerUnreachableError: it is gone.
    """
    with session.asking("stop saying what changes"):
        session.lines.send(b"DONE\r\n")
        session.lines.finish("IDLE", tag)
    session.lines.untagged_responses.clear()  # what changed is asked for; kept, it would grow for as long as we run


def notice_silence(session: ImapSession) -> None:
    """Let the system see within two minutes that the other end is gone without a word."""
    for name, value in ALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            session.lines.wire.sock.setsockopt(socket.IPPROTO_TCP, option, value)
