"""Entry point of `mailctl-checker`: watches until it is told to end, or looks once; without Typer."""

import argparse
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mailctl import __version__
from mailctl.errors import Exit, InterruptedByUserError, MailctlError, StorageError
from mailctl.process import begin

if TYPE_CHECKING:
    from mailctl.checker.lines import Log
    from mailctl.services.checker import Watched
    from mailctl.services.context import Context

PROGRAM = "mailctl-checker"
BUG_STATUS = 70  # EX_SOFTWARE of sysexits.h


def main(arguments: list[str] | None = None) -> int:
    """Watch until a signal ends it, or look once: 0 when every look succeeded, 1 when one failed."""
    options = parser().parse_args(begin(arguments))
    try:
        if options.once:
            return look(options.store, os.environ)
        return watch(options.store, os.environ)
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
        description="Watch the accounts you may read that are checker-only or have checker.enabled, and tell of unread "
        "mail. Nothing in a mailbox is changed or marked as read. SIGTERM ends it, SIGHUP reads the store anew and "
        "tries at once what waits. Its log is on stderr, one event a line.",
        epilog="Exit status: 0 when told to end, 73 when another one runs, 78 when there is no store. "
        "With --once 0 when every look succeeded, 1 when one failed. For people: mailctl checker",
    )
    made.add_argument("--once", action="store_true", help="one look, `account=NAME unread=N` for each, then end")
    made.add_argument("--store", type=Path, metavar="DIR", help="the folder of TOML files; else MAILCTL_STORE")
    made.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return made


def watch(store: Path | None, environ: Mapping[str, str]) -> int:
    """Watch until a signal ends it."""
    from mailctl.checker.lines import logger
    from mailctl.login import login_name
    from mailctl.services.opening import opened

    log = logger()
    return serve(
        lambda: opened(environ, login=login_name(), store=store, tell=partial(log_line, log)),
        log=log,
        environ=environ,
    )


def log_line(log: "Log", kind: str, text: str) -> None:
    """What a service says, as an event."""
    log(kind or "notice", text=text)


def serve(opened: "Callable[[], Context]", *, log: "Log", environ: Mapping[str, str]) -> int:
    """Run the daemon until SIGTERM or SIGINT; SIGHUP has it read the store anew.

    Args:
        opened: makes the context that the store is read in.
        log: takes the events.
        environ: where systemd said how it wants to be told.

    Raises:
        AlreadyExistsError: another one runs.
        MailctlError: there is no store, or it cannot be read.
    """
    from mailctl.checker.daemon import Daemon
    from mailctl.checker.systemd import Systemd

    allow_many_files()
    daemon = Daemon(opened, log=log, systemd=Systemd(environ))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.stop())
    signal.signal(signal.SIGHUP, lambda *_: daemon.reload())
    # Python runs a handler once the main thread goes on: a signal that comes just before it waits must end the waiting
    signal.set_wakeup_fd(daemon.waking.fileno(), warn_on_full_buffer=False)
    try:
        daemon.run()
    finally:
        signal.set_wakeup_fd(-1)
    log("ended")
    return Exit.OK


def allow_many_files() -> None:
    """Have as many connections as the system lets one: a user's programs get 1024 files unless they ask."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def look(store: Path | None, environ: Mapping[str, str]) -> int:
    """One round, printed as it is known."""
    from mailctl.login import login_name
    from mailctl.services.checker import failure, once
    from mailctl.services.opening import opened

    looks, _ = once(opened(environ, login=login_name(), store=store, tell=tell))
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
