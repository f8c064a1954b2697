"""Having the checker start with the user's session: a systemd user unit, or an XDG autostart entry."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from mailctl.errors import NotRunningError, StorageError
from mailctl.services.context import Context
from mailctl.services.running import ran

UNIT = "mailctl-checker.service"
ENTRY = "mailctl-checker.desktop"
EXEC = "ExecStart=/usr/bin/env mailctl-checker"
DESKTOP = """[Desktop Entry]
Type=Application
Name=mailctl checker
Name[fr]=Vérification du courrier (mailctl)
Comment=Tells of unread mail in watched accounts
Exec={command}
NoDisplay=true
X-GNOME-Autostart-Delay=5
"""


def install(ctx: Context, *, autostart: bool) -> Iterator[str]:
    """Write what starts the checker, and start it where that can be done from here; gives lines to tell.

    Raises:
        StorageError: the file cannot be written.
        NotRunningError: the user's systemd does not answer.
    """
    command = words(ctx)
    if autostart:
        path = config_home(ctx) / "autostart" / ENTRY
        write(path, DESKTOP.format(command=" ".join(quoted(word) for word in command)))
        yield f"wrote {path}; it starts with your next session"
        return
    path = unit_file(ctx)
    write(path, unit(command))
    yield f"wrote {path}"
    systemctl(ctx, "daemon-reload")
    systemctl(ctx, "enable", UNIT)
    systemctl(ctx, "restart", UNIT)
    yield "it runs; mailctl checker status says how it goes"


def uninstall(ctx: Context) -> Iterator[str]:
    """Take away what starts the checker, and stop it; gives lines to tell.

    Raises:
        StorageError: a file cannot be removed.
    """
    entry, path = config_home(ctx) / "autostart" / ENTRY, unit_file(ctx)
    if not (entry.exists() or path.exists()):
        yield "nothing is installed"
    if path.exists():
        try:
            systemctl(ctx, "disable", "--now", UNIT)
        except NotRunningError as error:
            ctx.warn(str(error))
    for file in (entry, path):
        if file.exists():
            remove(file)
            yield f"removed {file}"


def unit(command: tuple[str, ...]) -> str:
    """The unit, starting the program that is installed here."""
    text = (Path(__file__).parents[1] / "units" / UNIT).read_text(encoding="utf-8")
    line = "ExecStart=" + " ".join(quoted(word).replace("%", "%%").replace("$", "$$") for word in command)
    return text.replace(EXEC, line)


def words(ctx: Context) -> tuple[str, ...]:
    """The checker's command line: the program beside this one, and the store when it is not the usual one."""
    import sys

    beside = Path(sys.executable).with_name("mailctl-checker")
    found = str(beside) if beside.exists() else shutil.which("mailctl-checker", path=ctx.environ.get("PATH"))
    program = (found,) if found else (sys.executable, "-m", "mailctl.checker.main")
    usual = config_home(ctx) / "mailctl"
    home = ctx.environ.get("MAILCTL_HOME")
    setting = ("/usr/bin/env", f"MAILCTL_HOME={Path(home).expanduser().absolute()}") if home else ()
    chosen = () if ctx.paths.store == usual else ("--store", str(ctx.paths.store))
    return (*setting, *program, *chosen)


def quoted(word: str) -> str:
    """A word as systemd and desktop entries read it."""
    if word and all(letter.isalnum() or letter in "/-_.=+,:@" for letter in word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def config_home(ctx: Context) -> Path:
    """Where the user's settings lie."""
    chosen = ctx.environ.get("XDG_CONFIG_HOME", "")
    return Path(chosen) if chosen.startswith("/") else Path(ctx.environ.get("HOME") or "~").expanduser() / ".config"


def unit_file(ctx: Context) -> Path:
    """Where the user's units lie."""
    return config_home(ctx) / "systemd" / "user" / UNIT


def systemctl(ctx: Context, *arguments: str) -> None:
    """Ask the user's systemd.

    Raises:
        NotRunningError: it does not answer, or refuses.
    """
    status, said = ran(("systemctl", "--user", *arguments), environ=ctx.environ)
    if status:
        raise NotRunningError(
            f"systemctl --user {' '.join(arguments)}: {said or 'it failed'}", hint="mailctl checker install --autostart"
        )


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}", hint=f"ls -ld {path.parent}") from error


def remove(path: Path) -> None:
    """Remove a file."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be removed: {error.strerror}", hint=f"ls -ld {path.parent}") from error
