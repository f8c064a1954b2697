"""Runs mailctl as a user would: a process, an environment and a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import get_terminal_size

from msgspec import Struct

import mailctl
from mailctl.errors import TemporaryError

KEPT = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "COLORTERM", "NO_COLOR", "TMPDIR", "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
SECONDS = 60
PROGRAM = (sys.executable, "-P", "-m", "mailctl")


class Shown(Struct, frozen=True):
    """How a command ended, and what it showed on stdout and stderr."""

    status: int
    text: str


class Shell(Struct, frozen=True, kw_only=True):
    """Where commands run, with which variables, and whether on a terminal."""

    home: Path
    environ: dict[str, str]
    on_terminal: bool

    def run(self, words: tuple[str, ...], typed: str = "") -> Shown:
        """Run one command to its end.

        Raises:
            TemporaryError: it did not end.
        """
        if self.on_terminal:
            return self.run_on_terminal(words, typed)
        try:
            done = subprocess.run(
                [*PROGRAM, *words],
                cwd=self.home,
                env=self.environ,
                input=typed.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TemporaryError(f"'mailctl {words[0]}' did not end within {SECONDS} seconds") from error
        return Shown(done.returncode, done.stdout.decode(errors="replace"))

    def run_on_terminal(self, words: tuple[str, ...], typed: str) -> Shown:
        """The same on a terminal of its own, so that it draws tables and colours."""
        import pty  # not on Windows

        ours, theirs = pty.openpty()
        try:
            with subprocess.Popen(
                [*PROGRAM, *words],
                cwd=self.home,
                env={**self.environ, "COLUMNS": str(get_terminal_size().columns)},
                stdin=subprocess.PIPE,
                stdout=theirs,
                stderr=theirs,
            ) as process:
                os.close(theirs)
                assert process.stdin is not None
                with suppress(BrokenPipeError), process.stdin as stdin:
                    stdin.write(typed.encode())
                text = everything(ours)
        finally:
            os.close(ours)
        return Shown(process.returncode, text.decode(errors="replace").replace("\r\n", "\n"))


def everything(terminal: int) -> bytes:
    """All that is shown on a terminal until nobody has it open any more."""
    shown = b""
    with suppress(OSError):  # Linux answers EIO at the end
        while part := os.read(terminal, 65536):
            shown += part
    return shown


def scrubbed(environ: Mapping[str, str], home: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """An environment in which nothing outside the demo's folder is read or written."""
    kept = {name: environ[name] for name in KEPT if name in environ}
    own = str(Path(mailctl.__file__).parents[1])
    return {
        **kept,
        **secrets,
        "HOME": str(home),
        "MAILCTL_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([own, *filter(None, [kept.get("PYTHONPATH")])]),
        "PYTHONUTF8": "1",
    }
