"""Runs mailctl as a user would: on a terminal, in a process, an environment and a folder of its own."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from select import select
from site import getuserbase

from msgspec import Struct

import mailctl
from mailctl.errors import TemporaryError

KEPT = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "COLORTERM", "NO_COLOR", "TMPDIR", "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
)  # fmt: skip
SECONDS = 60.0  # that a command may be silent
PROGRAM = (sys.executable, "-P", "-m", "mailctl")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
ERASED = "\r\x1b[K"  # how mailctl begins a line of progress anew


class Shown(Struct, frozen=True):
    """How a command ended, and what it showed."""

    status: int
    text: str


class Shell(Struct, frozen=True, kw_only=True):
    """Where commands run, and with which variables."""

    home: Path
    environ: dict[str, str]

    def run(self, words: tuple[str, ...], typed: str = "") -> Shown:
        """Run one command to its end, on a terminal that nobody sees; what is typed comes from a pipe.

        Raises:
            TemporaryError: it is silent for too long.
        """
        ours, theirs = (os.fdopen(end, "r+b", buffering=0) for end in pty.openpty())
        with (
            ours,
            theirs,
            subprocess.Popen(
                [*PROGRAM, *words],
                cwd=self.home,
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=theirs,
                stderr=theirs,
            ) as process,
        ):
            theirs.close()
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(typed.encode())
            try:
                data = everything(ours.fileno())
            except TimeoutError as error:
                process.kill()
                raise TemporaryError(f"'mailctl {words[0]}' was silent for {SECONDS:g} seconds") from error
        return Shown(process.returncode, plain(data, styled="NO_COLOR" not in self.environ))

    def ask(self, words: tuple[str, ...]) -> bytes:
        """What a command writes on stdout to a program."""
        return subprocess.run(
            [*PROGRAM, *words], cwd=self.home, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True,
            check=False, timeout=SECONDS,
        ).stdout  # fmt: skip


def everything(terminal: int) -> bytes:
    """All that is shown on a terminal until nobody has it open any more.

    Raises:
        TimeoutError: nothing comes, and it stays open.
    """
    shown = b""
    while select([terminal], [], [], SECONDS)[0]:
        part = b""
        with suppress(OSError):  # Linux answers EIO at the end
            part = os.read(terminal, 65536)
        if not part:
            return shown
        shown += part
    raise TimeoutError


def plain(data: bytes, *, styled: bool) -> str:
    """What stays on the terminal's lines when all is written, with its styles or without."""
    lines = data.decode(errors="replace").replace("\r\n", "\n").split("\n")
    text = "\n".join(line.rpartition(ERASED)[2] for line in lines)
    return text if styled else STYLE.sub("", text)


def scrubbed(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The part of an environment in which nothing outside the demo's folder is read or written."""
    kept = {name: environ[name] for name in KEPT if name in environ}
    own = str(Path(mailctl.__file__).parents[1])
    return {
        **kept,
        "HOME": str(home),
        "PYTHONUSERBASE": getuserbase(),  # what was installed with `pip --user` lies under the real HOME
        "MAILCTL_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([own, *filter(None, [kept.get("PYTHONPATH")])]),
        "PYTHONUTF8": "1",
    }
