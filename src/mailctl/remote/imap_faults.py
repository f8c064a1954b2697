"""Failures of an IMAP session in our words: what the server refuses, and how connections end."""

import imaplib
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mailctl.domain.account import Server
from mailctl.errors import (
    AlreadyExistsError,
    FolderNotFoundError,
    LoginRefusedError,
    MailctlError,
    ProtocolError,
    ServerRefusedError,
    ServerUnreachableError,
    TemporaryError,
)
from mailctl.remote import sasl
from mailctl.remote.imap_answers import Body, code_of
from mailctl.remote.imap_lines import Cut
from mailctl.remote.trace import masked, printable
from mailctl.remote.wire import cause

LONGEST_QUOTE = 500
UID = re.compile(rb"\bUID (\d{1,10})\b")
LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "EXPUNGEISSUED"})  # RFC 5530, 3
ASKS_FOR_PATIENCE = re.compile(
    r"too many|maximum (number|connections)|limit exceeded|temporar|try (again|later)|rate limit|throttl", re.IGNORECASE
)
ABSENT = frozenset({"NONEXISTENT", "TRYCREATE"})
IS_ABSENT = re.compile(  # Dovecot 2.3 answers SELECT so, without a code
    r"(mailbox|folder)\b.*(doesn't exist|does not exist|not found)|(unknown|no such|non-?existent) (mailbox|folder)",
    re.IGNORECASE,
)
# Whatever imaplib and imapclient stumble over in an answer; their parsers have no exception of their own.
STUMBLES = (ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError, OverflowError)


class CutShortError(ServerUnreachableError):
    """The connection ended within a message; `body` is what had come of it."""

    def __init__(self, message: str, *, body: Body) -> None:
        super().__init__(message)
        self.body = body


@contextmanager
def mapped(server: Server, what: str, timeout: float) -> Iterator[None]:
    """Turn imaplib's, imapclient's and the socket's exceptions into ours; nothing foreign leaves the session.

    Args:
        server: which one.
        what: what was asked, to stand behind `refused to`.
        timeout: seconds, to be named when they have passed.
    """
    try:
        yield
    except imaplib.IMAP4.readonly as error:
        raise ServerRefusedError(f"{server.where} refused to {what}: the folder is read-only") from error
    except imaplib.IMAP4.abort as error:
        raise ended(server, said(error)) from error
    except imaplib.IMAP4.error as error:
        raise refused(server, what, said(error)) from error
    except OSError as error:
        raise lost(server, error, timeout) from error
    except STUMBLES as error:
        raise ProtocolError(f"{server.where} answered with what cannot be read") from error


@contextmanager
def greeting(server: Server) -> Iterator[None]:
    """The same for what comes before the login."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise ServerUnreachableError(f"cannot reach {server.where}: {said(error)}") from error
    except imaplib.IMAP4.error as error:
        words = said(error)
        plain = re.sub(r"^\* BYE ?", "", words)
        if plain == words:
            raise ProtocolError(f"{server.where} does not speak IMAP as we do: {plain}") from error
        if code_of(plain) in LATER or ASKS_FOR_PATIENCE.search(plain):
            raise TemporaryError(f"{server.where} asks to come later: {plain}") from error
        raise ServerUnreachableError(f"{server.where} does not talk to us: {plain}") from error
    except STUMBLES as error:
        raise ProtocolError(f"{server.where} does not speak IMAP") from error


@contextmanager
def logging_in(server: Server, secret: str, timeout: float) -> Iterator[None]:
    """The same for a login, where NO means something else; a server may quote what it did not understand."""
    try:
        with mapped(server, "log in", timeout):
            yield
    except (ServerRefusedError, FolderNotFoundError) as error:
        words = masked(words_after(error), spellings(server, secret))
        raise LoginRefusedError(
            f"{server.where} refused the login of '{server.login}'{words}", hint="mailctl password set ACCOUNT"
        ) from None
    except TemporaryError as error:
        words = masked(words_after(error), spellings(server, secret))
        raise TemporaryError(f"{server.where} cannot log in '{server.login}' now{words}") from None
    except (ProtocolError, ServerUnreachableError) as error:
        raise type(error)(masked(str(error), spellings(server, secret)), hint=error.hint) from None


def words_after(error: MailctlError) -> str:
    """The server's own words in one of our messages, with the colon before them."""
    _, colon, words = str(error).partition(": ")
    return colon + words


def spellings(server: Server, secret: str) -> tuple[str, ...]:
    """The secret in every form in which it goes over the wire."""
    said = [
        answer for name in ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER") for answer in sasl.answers(name, server, secret)
    ]
    return (secret, *(form for answer in said if (form := sasl.encoded(answer))))


def said(error: Exception) -> str:
    """The server's words out of an imaplib exception."""
    first = error.args[0] if error.args else ""
    words = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return printable(words)[:LONGEST_QUOTE]


def refused(server: Server, what: str, words: str) -> MailctlError:
    """The error for what a server will not do, by its response code where it gives one."""
    code, plain = code_of(words), bare(words)
    message = f"{server.where} refused to {what}: {plain}"
    if code in LATER or ASKS_FOR_PATIENCE.search(words):
        return TemporaryError(message)
    if code in ABSENT or (not code and IS_ABSENT.search(words)):
        return FolderNotFoundError(message, hint="mailctl fetch takes --folder as the server writes it")
    if code == "ALREADYEXISTS":
        return AlreadyExistsError(message)
    if re.match(r"[A-Z]+ BAD ", words):
        return ProtocolError(f"{server.where} did not understand: {plain}")
    return ServerRefusedError(message)


def bare(words: str) -> str:
    """What the server said, without what imaplib and imapclient put before it."""
    return re.sub(r"^(?:[A-Z]+ (?:NO|BAD)|[a-zA-Z ]+ failed:) ?", "", words) or "it gave no reason"


def ended(server: Server, words: str) -> MailctlError:
    """The error for a server that took leave, or closed the connection without."""
    if code_of(words) in LATER or ASKS_FOR_PATIENCE.search(words):
        return TemporaryError(f"{server.where} asks to come later: {words}")
    return ServerUnreachableError(f"lost the connection to {server.where}: {words}")


def lost(server: Server, error: OSError, timeout: float) -> ServerUnreachableError:
    """The error for a connection that broke."""
    return ServerUnreachableError(
        f"lost the connection to {server.where}: {cause(error, timeout)}", hint="mailctl account show ACCOUNT"
    )


def cut_short(server: Server, cut: Cut) -> CutShortError:
    """The error for a connection that ended within a literal."""
    uid = UID.search(cut.head)
    body = Body(uid=int(uid[1]) if uid else 0, raw=cut.piece, odd="the connection ended within it")
    return CutShortError(str(ended(server, said(cut))), body=body)
