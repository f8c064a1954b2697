"""What is asked along with the login, in one packet, where the server is known to answer it: a round trip less."""

import imaplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mailctl.domain.foresight import Foresight
from mailctl.errors import ProtocolError, ServerUnreachableError
from mailctl.remote.imap_lines import Lines

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession

DEAF_SECONDS = 3.0  # after which we ask whether the server heard what came along with the login
MOST = 50  # commands: their answers must fit into the socket's buffers


class ApartError(Exception):
    """The server wants login and commands one by one."""


@contextmanager
def apart(lines: Lines) -> Iterator[None]:
    """Tell a server that stumbles over what comes along with the login from one that refuses the login.

    Raises:
        ApartError: it stumbles, or is gone; who logs in without more finds out which.
    """
    try:
        yield
    except (ProtocolError, ServerUnreachableError) as error:
        if lines.ahead:
            raise ApartError from error
        raise


def foreseen(lines: Lines, foresight: Foresight | None) -> tuple[str, ...]:
    """The commands to say along with the login: those of the last time, where the server greets as it did then."""
    if foresight is None or foresight.greeted != greeted(lines):
        return ()
    return foresight.commands[:MOST]


def greeted(lines: Lines) -> str:
    """What a server offered before the login."""
    return " ".join(lines.capabilities)


def was_heard(lines: Lines) -> bool:
    """Whether a server that let us in answers what was said along with the login; nginx before 1.21 throws it away.

    A server that is slow only is asked something else, and answers in order.
    """
    if not lines.ahead or lines.wire.says_something(DEAF_SECONDS):
        return True
    lines.state = "AUTH"
    lines.finish("NOOP", lines._command("NOOP"))
    if any(lines.tagged_commands[tag] is not None for tag in lines.ahead.values()):
        return True
    lines.ahead.clear()
    return False


def begin(session: "ImapSession", name: str, words: Sequence[str | bytes], *, answer: str) -> bytes:
    """Say a command whose answers are taken together, unless it was said along with the login; gives its tag."""
    lines = session.lines
    if not lines.ahead or line_of(name, words) not in lines.ahead:
        forsake(lines, name)
        lines.untagged_responses.pop(answer, None)
    return begun(lines, name, words)


def begun(lines: Lines, name: str, words: Sequence[str | bytes]) -> bytes:
    """Say a command, unless it was said along with the login; gives its tag."""
    tag = lines.ahead.pop(line_of(name, words), None) if lines.ahead else None
    return tag or lines._command(name, *words)


def forsake(lines: Lines, name: str = "") -> None:
    """Let the answers pass that nobody wants: to other words of this command, or to all where none is named."""
    for line in [one for one in lines.ahead if name in ("", one.split(" ", 1)[0])]:
        tag = lines.ahead.pop(line)
        try:
            lines.finish(name, tag)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            continue


def line_of(name: str, words: Sequence[str | bytes]) -> str:
    """A command as it goes over the wire, without its tag."""
    return " ".join((name, *(one if isinstance(one, str) else one.decode("latin-1") for one in words)))


def can_be_kept(line: str) -> bool:
    """Whether a command is one line, as it must be that goes along with others."""
    return not any(mark in line for mark in "\r\n\0")
