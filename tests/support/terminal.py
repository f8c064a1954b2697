"""A program on a terminal of its own: what it shows, and what is typed into it."""

import os
import pty
import subprocess
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from select import select
from typing import NamedTuple

SECONDS = 60


class Shown(NamedTuple):
    """How a program on a terminal ended, and all that the terminal showed."""

    status: int
    text: str


def on_terminal(*words: str, answers: Mapping[str, str], environ: Mapping[str, str]) -> Shown:
    """Run a program with stdin, stdout and stderr on a terminal; type each answer when its question is shown."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(environ), start_new_session=True
        )
        os.close(theirs)
        with process:
            text = converse(ours, dict(answers))
    finally:
        os.close(ours)
    return Shown(process.returncode, text)


def converse(terminal: int, answers: dict[str, str]) -> str:
    """All that is shown until the program closes the terminal."""
    shown = b""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        ready, _, _ = select([terminal], [], [], 1)
        part = b""
        if ready:
            with suppress(OSError):  # Linux answers EIO when the other side is closed
                part = os.read(terminal, 4096)
            if not part:
                return shown.decode()
        shown += part
        for question in [one for one in answers if one.encode() in shown]:
            await_silence(terminal, hidden="password" in question, until=deadline)
            os.write(terminal, f"{answers.pop(question)}\n".encode())
    raise AssertionError(f"still running after {SECONDS} s, having shown: {shown.decode()}")


def await_silence(terminal: int, *, hidden: bool, until: float) -> None:
    """Come back once the terminal shows nothing of what is typed: getpass throws away what came before."""
    while hidden and termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < until:
        time.sleep(0.01)
