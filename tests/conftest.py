"""Fixtures of all tests: a home of its own, a scrubbed environment, and nothing beyond loopback."""

import json
import os
import pwd
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from mailctl.cli.main import main

pytest_plugins = ("support.mailservers", "support.kept", "support.desktop")

KEPT = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_START", "COVERAGE_FILE", "PYTHONPATH"}
LOGIN = pwd.getpwuid(os.getuid()).pw_name
real_connect = socket.socket.connect

# how long an example takes, or how many a strategy throws away, says nothing about us on a busy machine
LUCK = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
settings.register_profile("mailctl", deadline=None, suppress_health_check=LUCK)
settings.load_profile("mailctl")

# a shell's `make test &` and nohup have us ignore them, and the programs under test would too
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Ran(NamedTuple):
    """What a command gave back."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on stdout, or the error's on stderr."""
        return json.loads(self.out or self.err)

    @property
    def rows(self) -> list[list[str]]:
        """The tab-separated lines on stdout."""
        return [line.split("\t") for line in self.out.splitlines()]


Cli = Callable[..., Ran]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A MAILCTL_HOME of the test's own, in an environment that holds nothing else of the caller's."""
    for name in set(os.environ) - KEPT:
        if not name.startswith("PYTEST"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAILCTL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse any connection that leaves this machine."""

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            raise AssertionError(f"a test reached for {address}")
        real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    return host.startswith("127.") or host in {"::1", "localhost"}


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command in this process: `cli("account", "list", input="…")` gives status, out, err, json."""

    def run(*words: str, input: str | bytes | None = None, **environ: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            read, write = os.pipe()
            data = input.encode() if isinstance(input, str) else (input or b"")
            feed(write, data)
            with os.fdopen(read, "r", encoding="utf-8", newline="") as stdin:
                patch.setattr(sys, "stdin", stdin)
                capfd.readouterr()
                status = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return run


def feed(descriptor: int, data: bytes) -> None:
    """Write into a pipe from a thread, so that more than a pipe holds can be given."""
    import threading

    def write() -> None:
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                stream.write(data)
        except BrokenPipeError:
            return

    threading.Thread(target=write, daemon=True).start()


@pytest.fixture
def store(cli: Cli, home: Path) -> Path:
    """A store, its administrator the one who runs the tests."""
    assert cli("init").status == 0
    return home / "store"


@pytest.fixture
def firm(cli: Cli, store: Path) -> Path:
    """A small firm: three collaborators with different rights, two group accounts, a personal one, a watched one.

    Who runs the tests is `alice`, and an administrator. Passwords are in the environment variable FIRM_PASSWORD.
    """
    local = ("--imap-host", "localhost", "--imap-port", "1", "--smtp-host", "localhost", "--smtp-port", "1")
    secret = ("--password-env", "FIRM_PASSWORD", "--no-discover")
    people = [("alice", "Alice Martin", ("--login", LOGIN)), ("bob", "Bob Roux", ()), ("carol", "Carol Blanc", ())]
    for name, shown, more in people:
        ok(cli("collaborator", "add", name, "--name", shown, "--email", f"{name}@firm.example", *more))
    ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--display-name", "Firm", *local, *secret,
           "--alias", "quotes@firm.example", "--grant", "alice:organize,send", "--grant", "bob:read"))  # fmt: skip
    ok(cli("account", "add", "billing", "--address", "billing@firm.example", *local, *secret, "--grant", "bob:manage"))
    ok(cli("account", "add", "carol", "--address", "carol@firm.example", "--kind", "personal", "--owner", "carol",
           *local, *secret))  # fmt: skip
    ok(cli("account", "add", "watch", "--address", "watch@firm.example", "--checker-only", *local[:4], *secret,
           "--grant", "alice:read"))  # fmt: skip
    return store


def ok(ran: Ran) -> Ran:
    """The same result, once it is known to be a success."""
    assert ran.status == 0, ran.err
    return ran
