"""How a failure is shown: two lines on stderr, or one JSON document when `--json` was among the arguments."""

import os
import sys

from typer import TyperException

from mailctl.cli.clean import clean
from mailctl.errors import Exit, MailctlError, StorageError, TemporaryError, UsageError

BUG_STATUS = 70  # EX_SOFTWARE of sysexits.h
SHOWN_PROBLEMS = 50


def report(error: MailctlError, words: list[str]) -> int:
    """Show a failure; give back its exit status."""
    if "--json" in words:
        import json

        problems = {"problems": [problem._asdict() for problem in error.problems]} if error.problems else {}
        shown = {"code": error.code, "message": clean(str(error)), "hint": clean(error.hint), **problems}
        write(json.dumps({"error": shown}, ensure_ascii=False))
        return error.exit_status
    write(f"mailctl: error: {clean(str(error))}")
    if len(error.problems) > 1:
        for problem in error.problems[:SHOWN_PROBLEMS]:
            write(f"  {clean(str(problem))}")
    if error.hint:
        write(f"hint: {clean(error.hint)}")
    return error.exit_status


def write(line: str) -> None:
    """Write a line on stderr, even where stderr cannot hold its letters; a closed stderr is nobody's failure."""
    try:
        data = (line + "\n").encode(sys.stderr.encoding or "utf-8", "backslashreplace")
        sys.stderr.write(data.decode(sys.stderr.encoding or "utf-8"))
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def from_usage(error: TyperException) -> MailctlError:
    """Typer's complaint about the arguments, in our words."""
    first = error.format_message().strip().splitlines() or ["missing command"]
    text, _, guess = first[0].rstrip(".").partition(". Did you mean ")
    command = getattr(getattr(error, "ctx", None), "command_path", "") or "mailctl"
    advice = f"did you mean {guess.rstrip('?')}? " if guess else ""
    return UsageError(text[:1].lower() + text[1:], hint=f"{advice}see {command} --help")


def from_system(error: OSError) -> MailctlError:
    """A file that could not be read or written, in our words."""
    where = f"{error.filename}: " if error.filename else ""
    return StorageError(f"{where}{error.strerror or error}", hint="check the disk's free space and the permissions")


def tell_bug(error: Exception, words: list[str]) -> int:
    """Say that mailctl itself is at fault; the traceback only with MAILCTL_DEBUG=1.

    Python tells as a fault of the program's that the system lets no more threads begin.
    """
    if "can't start new thread" in str(error):
        busy = "the system lets no more threads begin"
        return report(TemporaryError(busy, hint="end some programs (ulimit -u), and try again"), words)
    if os.environ.get("MAILCTL_DEBUG") == "1":
        import traceback

        write(traceback.format_exc())
    failure = MailctlError(
        f"a fault in mailctl itself ({type(error).__name__})", hint="MAILCTL_DEBUG=1 shows where; please report it"
    )
    report(failure, words)
    return BUG_STATUS if failure.exit_status is Exit.NO else failure.exit_status
