"""A checker that runs in a thread of the test, impatient, and remembers what it said."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from conftest import LOGIN, ok
from mailctl.checker.daemon import Daemon
from mailctl.checker.watch import Timing
from mailctl.services import checker
from mailctl.services.opening import opened

PATIENCE = 30.0
IMPATIENT = Timing(
    idle_period=2.0, job=8.0, first_wait=0.2, longest_wait=0.5, patience=0.2, store=0.1, secret=0.2, locked_first=0.2,
    locked_longest=0.5, outage_first=0.1, outage_longest=0.3, retell=0.3, outbox=0.2, telling=3.0, settled=1.0,
    polling=1.0,
)  # fmt: skip
NOTE = (
    b"From: Bob Roux <bob@mail.test>\r\nTo: alice@mail.test\r\nSubject: %s\r\nMessage-ID: <%s@mail.test>\r\n\r\nHi\r\n"
)


def note(subject: str) -> bytes:
    """A mail; its subject is its Message-ID too."""
    return NOTE % (subject.encode(), subject.replace(" ", ".").encode())


class Checker:
    """A running daemon: what it told, what it logged, and how it says it is."""

    def __init__(self, timing: Timing) -> None:
        self.told: list[str] = []
        self.events: list[tuple[str, dict]] = []
        self.daemon = Daemon(self.context, log=self.log, timing=timing)

    def context(self):
        """The context that it reads the store in."""
        return opened(os.environ, login=LOGIN, tell=self.tell)

    def tell(self, kind: str, text: str) -> None:
        """Take what the log notifier shows, and warnings."""
        (self.told if not kind else self.events).append(text if not kind else (kind, {"text": text}))

    def log(self, event: str, **fields: object) -> None:
        """Take an event."""
        self.events.append((event, fields))

    def named(self, event: str) -> list[dict]:
        """The events of one kind."""
        return [fields for name, fields in list(self.events) if name == event]

    def status(self) -> dict:
        """Every account by name, as the socket says."""
        return {one.account: one for one in checker.standing(self.context()).accounts}

    def states(self) -> set[str]:
        """The states that accounts are in."""
        return {str(one.state) for one in self.status().values()}

    def until(self, is_true: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Come back once something is true."""
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, (self.told, self.events, self.daemon.watches)
            time.sleep(0.01)


@contextmanager
def checking(timing: Timing = IMPATIENT, **changed: float) -> Iterator[Checker]:
    """A checker that runs until the end; it must leave within two seconds."""
    found = Checker(replace(timing, **changed))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            found.daemon.run()
        except BaseException as error:  # noqa: BLE001 - raised in the test's thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        found.until(lambda: found.named("watching") or failures)
        yield found
    finally:
        begun = time.monotonic()
        found.daemon.stop()
        thread.join(20)
        assert time.monotonic() - begun < 2.0, "it left late"
    if failures:
        raise failures[0]


def settings(store: Path, **keys: object) -> None:
    """Set keys of store.toml's [checker] table; notify is the log."""
    path = store / "store.toml"
    text = path.read_text().partition("\n[checker]")[0]
    pairs = {"notify": "log", **keys}
    lines = [f"{key} = {value!r}".replace("'", '"').replace("True", "true") for key, value in pairs.items()]
    path.write_text(text + "\n[checker]\n" + "\n".join(lines) + "\n")


def watch(cli, name: str, *, host: str, port: int, user: str = "", security: str = "tls", more: tuple = ()) -> None:
    """Add a watched account, its password in WATCH_PASSWORD."""
    ok(cli("account", "add", name, "--address", f"{user or name}@mail.test", "--login", user or name, "--checker-only",
           "--imap-host", host, "--imap-port", str(port), "--imap-security", security, "--password-env",
           "WATCH_PASSWORD", "--no-discover", *more))  # fmt: skip
