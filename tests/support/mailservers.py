"""Fixtures `mailservers` and `mail`: a private Dovecot and Postfix on loopback, with clean mailboxes for each test."""

import imaplib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support import rig

ARRIVAL_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class MailServers:
    """Where the servers are reached, and a look into their mailboxes that does not go through mailctl.

    Mail to `refused.test` is refused with 550, to `later.test` with 451, to any other domain taken and forgotten.
    Logins are `alice` or `alice@mail.test`; every user has the same password.
    """

    host: str
    imap_port: int  # STARTTLS offered; takes plain logins too
    imaps_port: int
    submission_port: int  # STARTTLS required
    smtps_port: int
    plain_smtp_port: int  # no TLS; login without it
    lmtp_port: int
    ca_file: Path
    domain: str
    password: str
    users: tuple[str, ...]
    home: Path

    def address(self, user: str) -> str:
        """The mail address of a user."""
        return f"{user}@{self.domain}"

    @contextmanager
    def imap(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A plain imaplib connection, logged in, for checks of one's own."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=30) as box:
            box.login(user, self.password)
            yield box

    def deliver(
        self,
        user: str,
        raw: bytes,
        *,
        folder: str = "INBOX",
        flags: tuple[str, ...] = (),
        received: datetime | None = None,
    ) -> None:
        """Lay a message into a folder, byte for byte, as if it had come; the folder is made when missing."""
        with self.imap(user) as box:
            if folder != "INBOX":
                box.create(quoted(folder))
            date = imaplib.Time2Internaldate(received or datetime.now(UTC))
            expect_ok(box.append(quoted(folder), f"({' '.join(flags)})", date, raw))

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The messages of a folder, in its order, left unread."""
        with self.imap(user) as box:
            expect_ok(box.select(quoted(folder), readonly=True))
            parts = expect_ok(box.fetch("1:*", "(BODY.PEEK[])")) if count(box) else []
        return [part[1] for part in parts if isinstance(part, tuple)]

    def flags(self, user: str, folder: str = "INBOX") -> list[frozenset[str]]:
        """The flags of each message of a folder, in its order, without \\Recent."""
        with self.imap(user) as box:
            expect_ok(box.select(quoted(folder), readonly=True))
            lines = expect_ok(box.fetch("1:*", "(FLAGS)")) if count(box) else []
        sets = (re.search(rb"FLAGS \(([^)]*)\)", line) for line in lines if isinstance(line, bytes))
        return [frozenset(found[1].decode().split()) - {"\\Recent"} for found in sets if found]

    def await_messages(self, user: str, number: int = 1, folder: str = "INBOX") -> list[bytes]:
        """The messages of a folder once there are so many; what was sent arrives a moment later."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while len(found := self.messages(user, folder)) < number:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} of {number} messages came\n{rig.logs(self.home)}")
            time.sleep(0.02)
        return found

    def empty(self) -> None:
        """Wait until Postfix has nothing on its way, then remove all mail."""
        self.drain()
        for box in (self.home / "mail").iterdir():
            gone = self.home / "gone" / f"{time.monotonic_ns()}"
            box.rename(gone)  # whole and at once, whatever a connection left open still writes
            shutil.rmtree(gone, ignore_errors=True)

    def drain(self) -> None:
        """Come back once Postfix's queue is empty."""
        command = rig.as_root("/usr/sbin/postqueue", "-c", str(self.home / "postfix"), "-j")
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while queue := subprocess.run(command, capture_output=True, check=True, text=True).stdout:
            if time.monotonic() > deadline:
                raise AssertionError(f"still in Postfix's queue: {queue}\n{rig.logs(self.home)}")
            time.sleep(0.02)


def quoted(folder: str) -> str:
    """An ASCII folder name as IMAP writes it."""
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def expect_ok(answer: tuple[str, Any]) -> Any:
    """The data of an imaplib answer that must be OK."""
    assert answer[0] == "OK", answer
    return answer[1]


def count(box: imaplib.IMAP4) -> int:
    """How many messages the selected folder holds."""
    [number] = box.response("EXISTS")[1] or [b"0"]
    return int(number or b"0")


@pytest.fixture(scope="session")
def mailservers() -> Iterator[MailServers]:
    """A Dovecot and a Postfix of this run's own; stopped at its end, whatever end that is."""
    home = rig.make_home()
    keeper = rig.keeper(home)
    try:
        ports = rig.start(home)
        yield MailServers(
            host="localhost",
            imap_port=ports["IMAP"],
            imaps_port=ports["IMAPS"],
            submission_port=ports["SUBMISSION"],
            smtps_port=ports["SMTPS"],
            plain_smtp_port=ports["PLAIN_SMTP"],
            lmtp_port=ports["LMTP"],
            ca_file=home / "tls/ca.pem",
            domain=rig.DOMAIN,
            password=rig.PASSWORD,
            users=rig.USERS,
            home=home,
        )
    finally:
        keeper.communicate(timeout=60)


@pytest.fixture
def mail(mailservers: MailServers) -> MailServers:
    """The servers, all mailboxes empty."""
    mailservers.empty()
    return mailservers
