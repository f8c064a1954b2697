"""Laying messages into a folder, many with few round trips: looked for, then appended (RFC 9051, 6.3.12; RFC 7888)."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from mailctl.domain.content import Raw, blocks
from mailctl.domain.line_ends import sendable
from mailctl.domain.message import Flag
from mailctl.errors import MailctlError, MessageRefusedError, ServerUnreachableError
from mailctl.remote.imap import ImapSession, written_flags
from mailctl.remote.imap_answers import MONTHS
from mailctl.remote.imap_lines import quoted

AT_ONCE = 50  # commands under way: what is answered to them must fit into the socket's buffers
NUMBER = re.compile(rb"\d")
COUNTED = re.compile(rb'\(TAG "?([^")]+)"?\).*\bCOUNT (\d{1,18})', re.IGNORECASE)
SHORT = 4096  # bytes of a literal that LITERAL- lets go without being asked for


class Copy(NamedTuple):
    """A message to lay down, marked as read where nothing else is said.

    `since` is the UID from which on it may be there already: a folder of years is not searched for what was just sent.
    """

    message_id: str
    raw: Raw
    when: datetime
    since: int = 1
    flags: Collection[str] = (Flag.SEEN,)


def lay_down(
    session: ImapSession, folder: str, copies: Sequence[Copy], *, look: bool = True
) -> list[MailctlError | None]:
    """Lay copies into a folder, but for those that are there; for each what went wrong, or None.

    Args:
        session: logged in.
        folder: which one.
        copies: what to lay down.
        look: whether one may be there already.

    Raises:
        ServerUnreachableError: the connection was lost; what became of some is not known.
    """
    found: list[MailctlError | None] = []
    for start in range(0, len(copies), AT_ONCE):
        some = copies[start : start + AT_ONCE]
        there = those_there(session, folder, some) if look else [None] * len(some)
        missing = [copy for copy, seen in zip(some, there, strict=True) if not seen]
        came = iter(append_all(session, folder, missing))
        found += [next(came) if not seen else seen if isinstance(seen, MailctlError) else None
                  for seen in there]  # fmt: skip
    return found


def those_there(session: ImapSession, folder: str, copies: Sequence[Copy]) -> "list[MailctlError | bool]":
    """Whether each is in the folder, or why the server does not say.

    All are asked for at once, in one packet with the folder, where each answer names its question (RFC 4731): Dovecot
    answers several searches in any order.
    """
    if "ESEARCH" not in session.capabilities:
        session.examine(folder)
        return [is_there(session, folder, ask(session, folder, copy)) for copy in copies]
    opening = begin_to_examine(session, folder)
    tags = [ask(session, folder, copy, "RETURN (COUNT)") for copy in copies]
    examined(session, folder, opening)
    failed = [failure(session, f"search '{folder}'", "SEARCH", tag) for tag in tags]
    told = session.lines.untagged_responses.pop("ESEARCH", [])
    found = {one[1]: int(one[2]) for line in told if isinstance(line, bytes) and (one := COUNTED.search(line))}
    return [error or found.get(tag, 0) > 0 for tag, error in zip(tags, failed, strict=True)]


def begin_to_examine(session: ImapSession, folder: str) -> bytes:
    """Say EXAMINE, so that a search may follow at once; its tag."""
    with session.asking(f"open the folder '{folder}'"):
        session.lines.untagged_responses.clear()
        session.lines.state, session.lines.is_readonly = "AUTH", True  # what imaplib's select() sees to
        tag: bytes = session.lines._command("EXAMINE", quoted(session.wire_name(folder)))
        session.lines.state = "SELECTED"
        return tag


def examined(session: ImapSession, folder: str, tag: bytes) -> None:
    """Wait for the end of EXAMINE; what was said behind it has come to nothing where it failed.

    Raises:
        FolderNotFoundError, ServerRefusedError, TemporaryError: the server does not open it.
    """
    try:
        with session.asking(f"open the folder '{folder}'"):
            session.lines.finish("EXAMINE", tag)
    except MailctlError:
        session.lines.state = "AUTH"
        raise


def ask(session: ImapSession, folder: str, copy: Copy, *wanted: str) -> bytes:
    """Ask for one; the search's tag."""
    charset = () if copy.message_id.isascii() else ("CHARSET", "UTF-8")
    newer = () if copy.since <= 1 else ("UID", f"{copy.since}:*")
    words = (*wanted, *charset, *newer, "HEADER", "Message-ID", quoted(copy.message_id.encode()))
    with session.asking(f"search '{folder}'"):
        session.lines.untagged_responses.pop("SEARCH", None)
        tag: bytes = session.lines._command("UID", "SEARCH", *words)
        return tag


def is_there(session: ImapSession, folder: str, tag: bytes) -> MailctlError | bool:
    """What one search came to."""
    error = failure(session, f"search '{folder}'", "SEARCH", tag)
    told = session.lines.untagged_responses.pop("SEARCH", [])
    return error or any(isinstance(line, bytes) and NUMBER.search(line) for line in told)


def failure(session: ImapSession, what: str, name: str, tag: bytes) -> MailctlError | None:
    """Why a command failed, once it has ended; None when it did not.

    Raises:
        ServerUnreachableError: the connection was lost.
    """
    try:
        with session.asking(what):
            session.lines.finish(name, tag)
    except ServerUnreachableError:
        raise
    except MailctlError as error:
        return error
    return None


def append_all(session: ImapSession, folder: str, copies: Sequence[Copy]) -> list[MailctlError | None]:
    """Append messages, none waiting for the one before where the server lets us."""
    tags = [begin(session, folder, copy) for copy in copies]
    what = f"keep the message in '{folder}'"
    return [tag if isinstance(tag, MailctlError) else failure(session, what, "APPEND", tag) for tag in tags]


def begin(session: ImapSession, folder: str, copy: Copy) -> bytes | MailctlError:
    """Say one APPEND; its tag, or why it was not said."""
    data = sendable(copy.raw)
    limit = next((one[12:] for one in session.capabilities if one.startswith("APPENDLIMIT=")), "")
    if limit.isdigit() and len(data) > int(limit):
        where = session.server.where
        return MessageRefusedError(f"{where} takes {limit} bytes at most, this message has {len(data)}")
    flags = f"({' '.join(written_flags(copy.flags))})".encode()
    words = (b"APPEND", quoted(session.wire_name(folder)), flags, quoted(internal_date(copy.when).encode()))
    at_once = "LITERAL+" in session.capabilities or ("LITERAL-" in session.capabilities and len(data) <= SHORT)
    try:
        with session.asking(f"keep the message in '{folder}'"):
            tag: bytes = session.lines._new_tag()
            line = b" ".join((tag, *words))
            if at_once:
                session.lines.send(line + b" {%d+}\r\n" % len(data))
            elif not session.lines.goes_on(tag, line + b" {%d}" % len(data)):
                return tag
            session.lines.send_blocks(blocks(data))
            session.lines.send(b"\r\n")
            return tag
    except ServerUnreachableError:
        raise
    except MailctlError as error:
        return error


def internal_date(when: datetime) -> str:
    """A moment as INTERNALDATE, whatever the locale."""
    return f"{when.day:02}-{MONTHS[when.month - 1].capitalize()}-{when:%Y %H:%M:%S %z}"
