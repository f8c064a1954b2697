"""What has a program start by itself: systemd user units and autostart entries, written and taken away."""

import os
import shutil
import sys
from pathlib import Path

from mailctl.errors import NotRunningError, StorageError
from mailctl.services.context import Context
from mailctl.services.running import ran


def text(name: str) -> str:
    """A unit as it is shipped: in the package, and in a checkout in the folder `systemd`."""
    package = Path(__file__).parents[1]
    folders = (package / "units", package.parents[1] / "systemd")
    found = next((folder / name for folder in folders if (folder / name).exists()), folders[0] / name)
    return found.read_text(encoding="utf-8")


def unit(name: str, *, instead: str, command: tuple[str, ...]) -> str:
    """A unit, starting the program that is installed here.

    Args:
        name: the unit's file.
        instead: the command line that the shipped unit has.
        command: the one it is to have.
    """
    words = " ".join(quoted(word).replace("%", "%%").replace("$", "$$") for word in command)
    return text(name).replace(f"ExecStart={instead}", f"ExecStart={words}")


def words(ctx: Context, program: str, *, module: str) -> tuple[str, ...]:
    """A program's command line: the one beside this one, and the store when it is not the usual one."""
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program, path=ctx.environ.get("PATH"))
    home = ctx.environ.get("MAILCTL_HOME")
    setting = ("/usr/bin/env", f"MAILCTL_HOME={Path(home).expanduser().absolute()}") if home else ()
    chosen = () if ctx.paths.store == config_home(ctx) / "mailctl" else ("--store", str(ctx.paths.store))
    return (*setting, *((found,) if found else (sys.executable, "-m", module)), *chosen)


def quoted(word: str) -> str:
    """A word as systemd and desktop entries read it."""
    if word and all(letter.isalnum() or letter in "/-_.=+,:@" for letter in word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def config_home(ctx: Context) -> Path:
    """Where the user's settings lie."""
    chosen = ctx.environ.get("XDG_CONFIG_HOME", "")
    return Path(chosen) if chosen.startswith("/") else Path(ctx.environ.get("HOME") or "~").expanduser() / ".config"


def folder(ctx: Context) -> Path:
    """Where the user's units lie."""
    return config_home(ctx) / "systemd" / "user"


def systemctl(ctx: Context, *arguments: str, otherwise: str) -> None:
    """Ask the user's systemd.

    Args:
        ctx: whose environment says how it is reached.
        arguments: what is asked.
        otherwise: what to do where there is none, as a hint.

    Raises:
        NotRunningError: it does not answer, or refuses.
    """
    status, said = ran(("systemctl", "--user", *arguments), environ=ctx.environ)
    if status:
        raise NotRunningError(f"systemctl --user {' '.join(arguments)}: {said or 'it failed'}", hint=otherwise)


def write(path: Path, content: str) -> None:
    """Write a file whole or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(content, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}", hint=f"ls -ld {path.parent}") from error


def remove(path: Path) -> None:
    """Remove a file; one that is gone is no error.

    Raises:
        StorageError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be removed: {error.strerror}", hint=f"ls -ld {path.parent}") from error
