"""Looks at real mailboxes: the count is right, nothing in them changes, and one dead server delays nobody."""

import pytest

from conftest import ok
from mailctl.checker.main import main

pytestmark = pytest.mark.live

NOTE = b"From: bob@mail.test\r\nTo: alice@mail.test\r\nSubject: Plans\r\n\r\nHello\r\n"


@pytest.fixture
def watch(cli, store, mail, monkeypatch):
    """Add a watched account for a user of the servers."""
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)

    def add(name: str, *, user: str = "alice", port: int = 0) -> None:
        ok(cli("account", "add", name, "--address", mail.address(user), "--checker-only", "--imap-host", mail.host,
               "--imap-port", str(port or mail.imaps_port), "--imap-security", "tls", "--ca-file", str(mail.ca_file),
               "--password-env", "WATCH_PASSWORD", "--no-discover"))  # fmt: skip

    return add


def test_the_count_is_that_of_unread_mail(cli, mail, watch):
    watch("alice")
    watch("bob", user="bob")
    mail.deliver("alice", NOTE)
    mail.deliver("alice", NOTE, flags=("\\Seen",))
    mail.deliver("alice", NOTE)

    looks = ok(cli("checker", "once", "--json")).json

    assert {look["account"]: look["unread"] for look in looks} == {"alice": 2, "bob": 0}
    assert {look["state"] for look in looks} == {"ok"}


def test_looking_marks_nothing_as_read_and_keeps_recent_mail_recent(cli, mail, watch):
    watch("alice")
    mail.deliver("alice", NOTE)

    ok(cli("checker", "once"))
    ok(cli("checker", "once"))

    with mail.imap("alice") as box:
        _, answer = box.status("INBOX", "(MESSAGES UNSEEN RECENT)")
    assert answer == [b"INBOX (MESSAGES 1 RECENT 1 UNSEEN 1)"]


def test_one_dead_server_does_not_stop_the_others(cli, mail, watch):
    watch("dead", port=1)
    watch("alice")
    mail.deliver("alice", NOTE)

    ran = cli("checker", "once", "--json")

    assert ran.status == 1
    states = {look["account"]: (look["state"], look["unread"]) for look in ran.json}
    assert states == {"dead": ("failed", None), "alice": ("ok", 1)}


def test_the_program_prints_a_line_an_account(mail, watch, capfd):
    watch("alice")
    watch("bob", user="bob")
    mail.deliver("bob", NOTE)
    capfd.readouterr()

    status = main(["--once"])

    assert (status, capfd.readouterr().out) == (0, "account=alice unread=0\naccount=bob unread=1\n")
