"""Programs that show a notification: run without a shell, within a deadline, and ended with all they started."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mailctl.errors import NotShownError

QUOTED = 200


def run(words: Sequence[str], *, environ: Mapping[str, str], data: bytes, deadline: float) -> str:
    """Run a program and give what it said on stderr.

    Args:
        words: the program and its arguments.
        environ: its whole environment.
        data: its standard input.
        deadline: seconds; its process group is killed then.

    Raises:
        NotShownError: it cannot be started, failed, or did not end in time.
    """
    try:
        program = subprocess.Popen(
            words,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NotShownError(f"cannot run '{words[0]}': {getattr(error, 'strerror', None) or error}") from error
    with program:
        try:
            _, said = program.communicate(data, timeout=deadline)
        except subprocess.TimeoutExpired as error:
            end(program)
            raise NotShownError(f"'{words[0]}' did not end within {deadline:g} s") from error
    words_said = said.decode("utf-8", "replace").strip()[:QUOTED]
    if program.returncode:
        raise NotShownError(f"'{words[0]}' ended with {program.returncode}: {words_said or 'it said nothing'}")
    return words_said


def end(program: "subprocess.Popen[bytes]") -> None:
    """End a program and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    for pipe in (program.stdin, program.stderr):  # what left the group may hold them open
        if pipe:
            with suppress(OSError):
                pipe.close()
    program.wait()
