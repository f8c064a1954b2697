"""An account whose submission server is a scripted one, and programs run apart from the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support.scripted_smtp import Submission

PASSWORD = {"FIRM_PASSWORD": "secret"}
BEFORE_THE_DOT = ("greeting", "ehlo", "auth", "mail", "rcpt", "data", "body")


def add_account(cli, server: Submission, *more: str, name: str = "contact", imap_port: int = 1) -> None:
    """An account that sends through a scripted server; its provider files copies by itself, so IMAP is not needed."""
    ran = cli("account", "add", name, "--address", f"{name}@firm.example", "--provider", "gmail", "--auth", "password",
              "--imap-host", "localhost", "--imap-port", str(imap_port), "--imap-security", "none",
              "--smtp-host", "localhost", "--smtp-port", str(server.port), "--smtp-security", "none",
              "--password-env", "FIRM_PASSWORD", *more)  # fmt: skip
    assert ran.status == 0, ran.err


def started(program: str, *words: str, body: bytes, home: Path, **more: str) -> subprocess.Popen:
    """A program of ours in a process of its own, its input given."""
    environ = {name: value for name, value in os.environ.items() if name in ("PATH", "COVERAGE_PROCESS_START")}
    process = subprocess.Popen(
        [sys.executable, "-m", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environ, **PASSWORD, **more, "MAILCTL_HOME": str(home), "HOME": str(home.parent)},
    )
    assert process.stdin is not None
    process.stdin.write(body)
    process.stdin.close()
    process.stdin = None
    return process


def body_for(step):
    """A text, long where the client must still be at it when the server acts: sockets take megabytes at once."""
    return "Hello\n" * (2_000_000 if step == "body" else 1)


def until(found: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait until there is something to find."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.01)
