"""Secrets that a program prints, such as `pass show mail/contact`."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping

from mailctl.domain.account import Server
from mailctl.errors import SecretUnavailableError

DEADLINE = 30.0  # seconds: somebody may have to type a passphrase


class Command:
    """The program that `auth.command` names, with its arguments and without a shell."""

    def __init__(self, *, environ: Mapping[str, str], interactive: bool, deadline: float = DEADLINE) -> None:
        self.environ = dict(environ)
        self.deadline = deadline
        # a pinentry on the terminal needs it; where nobody sits, a program must not wait for one
        self.stdin = None if interactive else subprocess.DEVNULL

    def get(self, server: Server) -> str | None:
        """The first line the program prints, as pass(1) means it.

        Raises:
            SecretUnavailableError: no such program, an exit status but 0, no answer in time, or not UTF-8.
        """
        words = server.auth.command
        if not words:
            raise SecretUnavailableError("auth.command is empty", hint='auth.command = ["pass", "show", "mail/…"]')
        status, out, err = self.run(words)
        if status != 0:
            raise SecretUnavailableError(
                f"the password command '{words[0]}' failed with status {status}{last_line(err, out)}",
                hint=f"try it: {shlex.join(words)}",
            )
        try:
            return out.split(b"\n", 1)[0].removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            raise SecretUnavailableError(f"the password command '{words[0]}' printed no UTF-8") from error

    def run(self, words: tuple[str, ...]) -> tuple[int, bytes, bytes]:
        """Run the program in a process group of its own, which is killed when the deadline passes."""
        try:
            process = subprocess.Popen(
                list(words),
                stdin=self.stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.environ,
                process_group=0 if self.stdin is not None else None,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise SecretUnavailableError(f"cannot run the password command '{words[0]}': {why}") from error
        with process:
            try:
                out, err = process.communicate(timeout=self.deadline)
            except subprocess.TimeoutExpired as error:
                self.stop(process)
                raise SecretUnavailableError(
                    f"the password command '{words[0]}' did not end within {self.deadline:g} s",
                    hint=f"try it: {shlex.join(words)}",
                ) from error
            except BaseException:
                self.stop(process)
                raise
        return process.returncode, out, err

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the program, and its children where they are a group of their own."""
        if self.stdin is None:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def last_line(err: bytes, out: bytes) -> str:
    """The last line on stderr, for a message; left out when it repeats what was printed on stdout."""
    lines = [line.strip() for line in err.decode(errors="replace").splitlines() if line.strip()]
    secrets = [line.strip() for line in out.decode(errors="replace").splitlines() if line.strip()]
    if not lines or any(secret in lines[-1] for secret in secrets):
        return ""
    return f": {lines[-1][:200]}"
