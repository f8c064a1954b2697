"""docs/exit-codes.md: every exit status and every error's code."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import mailctl
from docgen.markdown import code, page, table
from mailctl import sendmail
from mailctl.errors import Exit, MailctlError

INTRODUCTION = """\
Those of sysexits.h where it has one. The status is for shells; the `code`, which `--json` prints with an error, says
more exactly what happened. Neither changes once released."""
MEANING = {
    Exit.OK: "done",
    Exit.NO: "the answer is no, or some of several failed",
    Exit.USAGE: "the command line is wrong",
    Exit.DATA: "an address, a header or a value is wrong",
    Exit.NO_INPUT: "an input file is missing or unreadable",
    Exit.NOT_FOUND: "no such account, collaborator, affair, provider, message or folder",
    Exit.UNAVAILABLE: "the server cannot be reached: name, port, TLS",
    Exit.CANNOT_CREATE: "there already, or cannot be made",
    Exit.IO: "the disk is full, or reading or writing failed",
    Exit.TEMPORARY: "not now; a message is safe in the outbox and will be tried again",
    Exit.REFUSED: "the server refused for good, or broke its protocol",
    Exit.PERMISSION: "a right is missing, or the server refused the login",
    Exit.STORE: "the store is invalid: file, line and key are named",
    Exit.INTERRUPTED: "Ctrl-C",
}
SENDMAIL = """\
What callers of sendmail(8) go by. 0 also when a server was away: the message is safe in the outbox then, and
whoever saw another status would send it again."""
CHECKER = (
    ("0", "told to end; with `--once`, every look succeeded"),
    ("1", "with `--once`, one failed"),
    ("73", "another one runs"),
    ("others", "as above: no store, no right"),
)
BUG = """\
Status 70 is a fault in mailctl itself; `MAILCTL_DEBUG=1` shows where. Please report it."""


def text() -> str:
    """The page."""
    statuses = [(str(int(status)), MEANING[status]) for status in Exit]
    codes = [(code(error.code), str(int(error.exit_status)), first(error)) for error in errors()]
    parts = [
        table(("status", "when"), statuses),
        BUG,
        "## Codes\n" + table(("code", "status", "what happened"), codes),
        "## mailctl-sendmail\n" + SENDMAIL + "\n\n" + table(("status", "when"), sendmail_statuses()),
        "## mailctl-checker\n" + table(("status", "when"), CHECKER),
    ]
    return page("Exit statuses", INTRODUCTION, parts)


def sendmail_statuses() -> list[tuple[str, str]]:
    """The table in the program's own help."""
    _, _, said = sendmail.HELP.partition("Exit status: ")
    return [(status, " ".join(when.split())) for status, when in re.findall(r"(\d+) ([^,.]+)", said)]


def first(error: type[MailctlError]) -> str:
    """The sentence that says what happened."""
    return (error.__doc__ or "").strip().partition("\n")[0]


def errors() -> list[type[MailctlError]]:
    """Every kind of error a user can be shown, by status and code."""
    for module in pkgutil.walk_packages(mailctl.__path__, "mailctl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return sorted(codes_of(MailctlError), key=lambda error: (error.exit_status, error.code))


def codes_of(base: type[MailctlError]) -> Iterator[type[MailctlError]]:
    """An error's kinds that have a code of their own."""
    for kind in base.__subclasses__():
        if "code" in vars(kind) and kind.__module__.startswith("mailctl."):
            yield kind
        yield from codes_of(kind)
