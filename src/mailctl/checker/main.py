"""Entry point of `mailctl-checker`: one look at each watched account, a line for each, without Typer."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mailctl import __version__
from mailctl.errors import Exit, InterruptedByUserError, MailctlError, StorageError

if TYPE_CHECKING:
    from mailctl.services.checker import Watched

PROGRAM = "mailctl-checker"
BUG_STATUS = 70  # EX_SOFTWARE of sysexits.h


def main(arguments: list[str] | None = None) -> int:
    """Look once; 0 when every look succeeded, 1 when one failed."""
    options = parser().parse_args(arguments)
    try:
        return look(options.store, os.environ)
    except KeyboardInterrupt:
        return report(InterruptedByUserError("interrupted"))
    except MailctlError as error:
        return report(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.OK
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return report(StorageError(f"{where}{error.strerror or error}", hint="df -h; mailctl store path --all"))
    except Exception as error:
        if os.environ.get("MAILCTL_DEBUG") == "1":
            raise
        tell("error", f"a fault in mailctl itself ({type(error).__name__}); MAILCTL_DEBUG=1 shows where")
        return BUG_STATUS


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Look once at each checker-only account you may read, print `account=NAME unread=N` for each, "
        "and end. Nothing in a mailbox is changed or marked as read.",
        epilog="Exit status: 0 when every look succeeded, 1 when one failed. The same for people: mailctl checker once",
    )
    made.add_argument("--once", action="store_true", help="one look, then end: what it does without options too")
    made.add_argument("--store", type=Path, metavar="DIR", help="the folder of TOML files; else MAILCTL_STORE")
    made.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return made


def look(store: Path | None, environ: Mapping[str, str]) -> int:
    """One round, printed as it is known."""
    from mailctl.login import login_name
    from mailctl.services.checker import failure, once
    from mailctl.services.opening import opened

    looks = once(opened(environ, login=login_name(), store=store, tell=tell))
    for one in looks:
        show(one)
    sys.stdout.flush()
    return Exit.NO if failure(looks) else Exit.OK


def show(one: "Watched") -> None:
    """One account on stdout, or why not on stderr."""
    if one.last_error is None:
        sys.stdout.write(f"account={one.account} unread={one.unread}\n")
    else:
        tell("error", f"{one.account}: {one.last_error}")


def tell(kind: str, line: str) -> None:
    """One line on stderr; a control character from a server's answer becomes a question mark."""
    safe = "".join(letter if letter.isprintable() else "?" for letter in line)
    sys.stderr.write(": ".join(filter(None, (PROGRAM, kind, safe))) + "\n")


def report(error: MailctlError) -> int:
    """Show a failure; give back its exit status."""
    tell("error", str(error))
    if error.hint:
        tell("hint", error.hint)
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
