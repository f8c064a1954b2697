"""Having the outbox looked after: a systemd user timer that flushes it every minute."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from mailctl.errors import NotRunningError
from mailctl.services.checker_unit import config_home, quoted, remove, write
from mailctl.services.context import Context
from mailctl.services.running import ran

SERVICE, TIMER = "mailctl-outbox.service", "mailctl-outbox.timer"
EXEC = "ExecStart=/usr/bin/env mailctl outbox flush"


def install(ctx: Context) -> Iterator[str]:
    """Write the timer and what it starts, and start it; gives lines to tell.

    Raises:
        StorageError: a file cannot be written.
        NotRunningError: the user's systemd does not answer.
    """
    line = "ExecStart=" + " ".join(quoted(word).replace("%", "%%").replace("$", "$$") for word in words(ctx))
    for name in (SERVICE, TIMER):
        text = (Path(__file__).parents[1] / "units" / name).read_text(encoding="utf-8")
        path = folder(ctx) / name
        write(path, text.replace(EXEC, line))
        yield f"wrote {path}"
    systemctl(ctx, "daemon-reload")
    systemctl(ctx, "enable", "--now", TIMER)
    yield "the outbox is looked after every minute; journalctl --user -u mailctl-outbox"


def uninstall(ctx: Context) -> Iterator[str]:
    """Stop the timer and take both files away; gives lines to tell.

    Raises:
        StorageError: a file cannot be removed.
    """
    found = [path for name in (TIMER, SERVICE) if (path := folder(ctx) / name).exists()]
    if not found:
        yield "nothing is installed"
        return
    try:
        systemctl(ctx, "disable", "--now", TIMER)
    except NotRunningError as error:
        ctx.warn(str(error))
    for path in found:
        remove(path)
        yield f"removed {path}"


def words(ctx: Context) -> tuple[str, ...]:
    """The command line: the program beside this one, and the store when it is not the usual one."""
    beside = Path(sys.executable).with_name("mailctl")
    found = str(beside) if beside.exists() else shutil.which("mailctl", path=ctx.environ.get("PATH"))
    program = (found,) if found else (sys.executable, "-m", "mailctl")
    home = ctx.environ.get("MAILCTL_HOME")
    setting = ("/usr/bin/env", f"MAILCTL_HOME={Path(home).expanduser().absolute()}") if home else ()
    chosen = () if ctx.paths.store == config_home(ctx) / "mailctl" else ("--store", str(ctx.paths.store))
    return (*setting, *program, *chosen, "outbox", "flush")


def folder(ctx: Context) -> Path:
    """Where the user's units lie."""
    return config_home(ctx) / "systemd" / "user"


def systemctl(ctx: Context, *arguments: str) -> None:
    """Ask the user's systemd.

    Raises:
        NotRunningError: it does not answer, or refuses.
    """
    status, said = ran(("systemctl", "--user", *arguments), environ=ctx.environ)
    if status:
        what = f"systemctl --user {' '.join(arguments)}: {said or 'it failed'}"
        raise NotRunningError(what, hint="crontab -e: * * * * * mailctl outbox flush")
