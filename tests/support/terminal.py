"""A real terminal for one command: a pseudo-terminal, what it shows, and what is typed into it."""

import os
import pty
import select
import sys
import termios
import time
from typing import NamedTuple

DEADLINE = 30.0


class Shown(NamedTuple):
    """What a command left on its terminal."""

    status: int
    text: str


def run_on_terminal(*words: str, answers: tuple[tuple[str, str], ...] = (), program: str = "mailctl") -> Shown:
    """Run `mailctl` on a terminal; each answer is typed, with Return, once its question stands there."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, "-m", program, *words])
    text, waiting = "", list(answers)
    deadline = time.monotonic() + DEADLINE
    seen = 0
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed: the command has ended
            break
        if not part:
            break
        text += part.decode(errors="replace")
        if waiting and waiting[0][0] in text[seen:]:
            seen = len(text)
            await_silence(terminal, hidden="password" in waiting[0][0], until=deadline)
            os.write(terminal, f"{waiting.pop(0)[1]}\n".encode())
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert not waiting, f"{waiting[0][0]!r} was not asked:\n{text}"
    return Shown(os.waitstatus_to_exitcode(status), text)


def await_silence(terminal: int, *, hidden: bool, until: float) -> None:
    """Come back once the terminal shows nothing of what is typed: getpass throws away what came before."""
    while hidden and termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < until:
        time.sleep(0.01)
