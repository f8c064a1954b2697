"""Fetches from a real Dovecot: incremental, faithful, harmless to the server, and safe wherever it is killed."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import ok

pytestmark = pytest.mark.live


def note(number: int, *, body: str = "Hello") -> bytes:
    """A small message of its own."""
    return (
        f"From: Bob Roux <bob@mail.test>\r\nTo: alice@mail.test\r\nSubject: Plans {number}\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@mail.test>\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """An account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)

    def add(name: str = "contact", *, user: str = "alice", port: int = 0, security: str = "tls") -> str:
        ok(cli("account", "add", name, "--address", mail.address(user), "--imap-host", mail.host,
               "--imap-port", str(port or mail.imaps_port), "--imap-security", security, "--smtp-host", mail.host,
               "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file),
               "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
        return name

    return add


def fetch(cli, *words: str) -> dict:
    """What fetching one account did."""
    [result] = ok(cli("fetch", "--json", *words)).json
    return result


def files(home: Path, folder: str = "INBOX", account: str = "contact") -> list[Path]:
    """The messages in a folder's mirror."""
    box = home / "data/mail" / account / folder
    return sorted([*box.glob("cur/*"), *box.glob("new/*")])


def rows(home: Path, columns: str = "subject", folder: str = "INBOX") -> list[tuple]:
    """What the index says of a folder's messages, by UID."""
    with sqlite3.connect(home / "data/index.sqlite") as database:
        query = f"SELECT {columns} FROM messages JOIN folders ON folders.id = folder WHERE name = ? ORDER BY uid"
        return database.execute(query, (folder,)).fetchall()


def test_new_mail_comes_once(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))
    mail.deliver("alice", note(2), flags=("\\Seen", "Important"))

    first = fetch(cli)
    again = fetch(cli)
    mail.deliver("alice", note(3))
    third = fetch(cli)

    assert [run["new"] for run in (first, again, third)] == [2, 0, 1]
    assert rows(home) == [("Plans 1",), ("Plans 2",), ("Plans 3",)]
    assert sorted(file.read_bytes() for file in files(home)) == [note(n).replace(b"\r\n", b"\n") for n in (1, 2, 3)]
