"""The entry point of `mailctl`: runs the command line and turns what is raised into text and an exit status."""

import os
import sys

from mailctl.errors import Exit, InterruptedByUserError, MailctlError
from mailctl.garbage import collect_less
from mailctl.process import begin


def main(arguments: list[str] | None = None) -> int:
    """Run one command; give back its exit status."""
    if arguments is None:
        collect_less()
    words = begin(arguments)
    try:
        return run(words)
    except KeyboardInterrupt:
        from mailctl.cli.failure import report

        return report(InterruptedByUserError("interrupted"), words)


def run(words: list[str]) -> int:
    """Run one command and report how it failed, if it did."""
    from typer import Abort, TyperException  # imported here, so that `collect_less` comes before

    from mailctl.cli.app import app
    from mailctl.cli.failure import from_system, from_usage, report, tell_bug

    try:
        result = app(args=words, prog_name="mailctl", standalone_mode=False)
        sys.stdout.flush()
    except MailctlError as error:
        return report(error, words)
    except Abort:
        return report(InterruptedByUserError("interrupted"), words)
    except TyperException as error:
        return report(from_usage(error), words)
    except (BrokenPipeError, SystemExit):  # Typer's core leaves by SystemExit when the reader of a pipe is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.OK
    except OSError as error:
        return report(from_system(error), words)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback is a bug, not a message
        return tell_bug(error, words)
    if result == Exit.INTERRUPTED:
        return report(InterruptedByUserError("interrupted"), words)
    return result if isinstance(result, int) else Exit.OK
