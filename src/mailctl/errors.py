"""Every failure a user can be shown: its code, its exit status, its hint."""

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar, NamedTuple


class Exit(IntEnum):
    """Exit statuses: those of sysexits.h where it has one."""

    OK = 0
    NO = 1
    USAGE = 2
    DATA = 65
    NO_INPUT = 66
    NOT_FOUND = 67
    UNAVAILABLE = 69
    CANNOT_CREATE = 73
    IO = 74
    TEMPORARY = 75
    REFUSED = 76
    PERMISSION = 77
    STORE = 78
    INTERRUPTED = 130


class MailctlError(Exception):
    """A failure to explain, not a bug.

    `code` names it in `--json` and, once released, stays as it is.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[Exit] = Exit.NO

    problems: "tuple[Problem, ...]" = ()  # each fault, where one failure stands for several

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class AnswerIsNoError(MailctlError):
    """The command ran and its answer is no, such as `rights check`."""

    code = "no"
    exit_status = Exit.NO


class SomeFailedError(MailctlError):
    """Some of several accounts or messages failed; the others are done."""

    code = "some-failed"
    exit_status = Exit.NO


class UsageError(MailctlError):
    """The options contradict each other, or one is missing."""

    code = "usage"
    exit_status = Exit.USAGE


class BadDataError(MailctlError):
    """An address, a header or a value that cannot be used.

    `problems` holds each fault of a whole file: file, line, key, what is wrong.
    """

    code = "bad-data"
    exit_status = Exit.DATA

    def __init__(self, message: str, *, hint: str = "", problems: "tuple[Problem, ...]" = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class TemplateFaultError(BadDataError):
    """A signature or template that cannot be filled in; `line` counts from 1 in its own text."""

    code = "template-fault"

    def __init__(self, fault: str, *, where: str, line: int, hint: str = "") -> None:
        own = hint or "it may use account, alias, collaborator and firm"
        super().__init__(f"{where}:{line}: {fault}", hint=own)
        self.fault = fault
        self.where = where
        self.line = line


class InputMissingError(MailctlError):
    """A file that was named is missing, unreadable or no file."""

    code = "input-missing"
    exit_status = Exit.NO_INPUT


class AccountNotFoundError(MailctlError):
    """The store has no account of that name."""

    code = "account-not-found"
    exit_status = Exit.NOT_FOUND


class CollaboratorNotFoundError(MailctlError):
    """The store has no collaborator of that name."""

    code = "collaborator-not-found"
    exit_status = Exit.NOT_FOUND


class AffairNotFoundError(MailctlError):
    """The store has no affair of that reference."""

    code = "affair-not-found"
    exit_status = Exit.NOT_FOUND


class TemplateNotFoundError(MailctlError):
    """The store has no template of that name."""

    code = "template-not-found"
    exit_status = Exit.NOT_FOUND


class ProviderNotFoundError(MailctlError):
    """No preset has that name."""

    code = "provider-not-found"
    exit_status = Exit.NOT_FOUND


class MessageNotFoundError(MailctlError):
    """The index has no message of that number, or the outbox no such entry."""

    code = "message-not-found"
    exit_status = Exit.NOT_FOUND


class FolderNotFoundError(MailctlError):
    """The server has no folder of that name."""

    code = "folder-not-found"
    exit_status = Exit.NOT_FOUND


class ServerUnreachableError(MailctlError):
    """Name, port, firewall or a silent server."""

    code = "server-unreachable"
    exit_status = Exit.UNAVAILABLE


class CertificateError(ServerUnreachableError):
    """The server's certificate is expired, for another name, or signed by nobody known."""

    code = "certificate-refused"


class TlsUnavailableError(ServerUnreachableError):
    """The server offers no TLS where the account asks for it."""

    code = "tls-unavailable"


class ExtraMissingError(MailctlError):
    """A part of mailctl that is installed on demand is not there."""

    code = "extra-missing"
    exit_status = Exit.UNAVAILABLE


class AlreadyExistsError(MailctlError):
    """Something of that name is there already."""

    code = "already-exists"
    exit_status = Exit.CANNOT_CREATE


class StorageError(MailctlError):
    """The disk is full, or reading or writing a file failed."""

    code = "io"
    exit_status = Exit.IO


class TemporaryError(MailctlError):
    """It may work later; a message, if there is one, is safe in the outbox."""

    code = "temporary"
    exit_status = Exit.TEMPORARY


class FateUnknownError(TemporaryError):
    """The connection was lost after the last byte and before the answer: the message may have been sent, or not."""

    code = "fate-unknown"


class MessageRefusedError(MailctlError):
    """The server refused the message, or all or some of its recipients, for good (5xx)."""

    code = "message-refused"
    exit_status = Exit.REFUSED


class ServerRefusedError(MailctlError):
    """The server understood what was asked and will not do it."""

    code = "server-refused"
    exit_status = Exit.REFUSED


class AclUnavailableError(ServerRefusedError):
    """The server has no ACLs (RFC 4314), or lets this login not change them."""

    code = "acl-unavailable"


class ProtocolError(MailctlError):
    """The server said something its protocol does not allow."""

    code = "protocol"
    exit_status = Exit.REFUSED


class RightMissingError(MailctlError):
    """Who asks lacks the right for it."""

    code = "right-missing"
    exit_status = Exit.PERMISSION


class CheckerOnlyError(MailctlError):
    """The account is only watched: it can neither send nor fetch."""

    code = "checker-only"
    exit_status = Exit.PERMISSION


class LoginRefusedError(MailctlError):
    """The server refused login and password."""

    code = "login-refused"
    exit_status = Exit.PERMISSION


class LoginNeededError(LoginRefusedError):
    """Who gives tokens wants the account's user to log in again: the consent was taken back, or has expired."""

    code = "login-needed"


class SecretUnavailableError(MailctlError):
    """The place that keeps the password is locked, absent, or does not have it."""

    code = "secret-unavailable"
    exit_status = Exit.PERMISSION


class SecretLockedError(SecretUnavailableError):
    """The keyring is locked or does not answer now; it may later, without anybody changing a setting."""


class NotShownError(MailctlError):
    """Nobody displays notifications here, or who does failed."""

    code = "not-shown"
    exit_status = Exit.UNAVAILABLE


class NotRunningError(MailctlError):
    """The checker does not run, or does not answer."""

    code = "not-running"
    exit_status = Exit.UNAVAILABLE


class Problem(NamedTuple):
    """One fault in one file of the store; line 0 means the whole file."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        key = f" {self.key}:" if self.key else ""
        return f"{self.file}{line}:{key} {self.text}"


class StoreError(MailctlError):
    """The store is missing, invalid, unsafe, or of a newer version.

    `problems` holds each fault: file, line, key, what is wrong.
    """

    code = "store-invalid"
    exit_status = Exit.STORE

    def __init__(self, message: str, *, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class SyncConflictError(MailctlError):
    """Two workstations gave one key two values; nothing was changed on either side. `problems` holds each key."""

    code = "sync-conflict"
    exit_status = Exit.NO

    def __init__(self, problems: tuple[Problem, ...], *, hint: str = "") -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}", hint=hint or "set it here as it is there, then mailctl store sync")
        self.problems = problems


class InterruptedByUserError(MailctlError):
    """Ctrl-C."""

    code = "interrupted"
    exit_status = Exit.INTERRUPTED


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of some names that was probably meant."""
    import difflib  # only what is mistyped pays for it

    close = difflib.get_close_matches(name, sorted(names), 1)
    return close[0] if close else None
