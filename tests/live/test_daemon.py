"""The daemon against a real Dovecot: what comes is told once, nothing is marked, and what changes is followed."""

import time

import pytest

from conftest import ok
from mailctl.errors import AlreadyExistsError
from support.watching import checking, note, settings, watch

pytestmark = pytest.mark.live


@pytest.fixture
def add(cli, store, mail, monkeypatch):
    """Add a watched account for a user of the servers; notifications go to the log."""
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    settings(store)

    def added(name: str, *, user: str = "", **more) -> None:
        watch(cli, name, user=user or name, host=mail.host, port=mail.imaps_port,
              more=("--ca-file", str(mail.ca_file)), **more)  # fmt: skip

    return added


def test_mail_that_comes_is_told_once_and_stays_unread_and_recent(add, mail):
    add("alice")
    with checking() as checker:
        checker.until(lambda: checker.states() == {"idling"})

        mail.deliver("alice", note("Plans"))

        checker.until(lambda: checker.told)
        checker.until(lambda: checker.status()["alice"].unread == 1)
    assert checker.told == ["alice: 1 new message"]
    with mail.imap("alice") as box:
        _, answer = box.status("INBOX", "(MESSAGES UNSEEN RECENT)")
    assert answer == [b"INBOX (MESSAGES 1 RECENT 1 UNSEEN 1)"]


def test_many_that_were_there_are_one_notification(add, mail):
    add("alice")
    for number in range(30):
        mail.deliver("alice", note(f"Note {number}"))

    with checking() as checker:
        checker.until(lambda: checker.told)

    assert checker.told == ["alice: 30 new messages"]


def test_after_a_restart_nothing_is_told_again(add, mail):
    add("alice")
    mail.deliver("alice", note("Plans"))
    with checking() as checker:
        checker.until(lambda: checker.told)

    with checking() as again:
        again.until(lambda: again.status()["alice"].unread == 1)
        mail.deliver("alice", note("Devis"))
        again.until(lambda: again.told)

    assert again.told == ["alice: 1 new message, 2 unread"]


def test_what_is_read_elsewhere_is_taken_back(add, mail):
    add("alice")
    mail.deliver("alice", note("Plans"))
    with checking() as checker:
        checker.until(lambda: checker.told)

        with mail.imap("alice") as box:
            box.select("INBOX")
            box.store("1", "+FLAGS", "\\Seen")

        checker.until(lambda: checker.named("withdrawn"))
        assert checker.status()["alice"].unread == 0


def test_a_mailbox_that_is_made_anew_tells_nothing_twice(add, mail):
    add("alice")
    mail.deliver("alice", note("Plans"))
    with checking() as checker:
        checker.until(lambda: checker.told)
        with mail.imap("alice") as box:
            [answer] = box.status("INBOX", "(UIDVALIDITY)")[1]
        number = int(answer.rpartition(b" ")[2].rstrip(b")"))  # the second it was made in, or a few more
        checker.until(lambda: time.time() > number + 1)
        mail.empty()
        mail.deliver("alice", note("Devis"))
        mail.deliver("alice", note("Plans"))

        checker.until(lambda: len(checker.told) > 1)

        checker.until(lambda: len(checker.named("told")) > 1)
    assert [one["fresh"] for one in checker.named("told")] == [1, 1]


def test_the_same_mail_in_two_accounts_is_told_once(add, mail):
    add("alice")
    add("bob")
    with checking() as checker:
        checker.until(lambda: checker.states() == {"idling"})
        mail.deliver("alice", note("Plans"))
        mail.deliver("bob", note("Plans"))

        checker.until(lambda: {one.unread for one in checker.status().values()} == {1})
        checker.until(lambda: checker.told)

    assert len(checker.told) == 1


def test_polling_tells_it_too(cli, add, mail):
    add("alice")
    ok(cli("account", "set", "alice", "checker.mode=poll", "checker.interval=1s"))
    with checking() as checker:
        checker.until(lambda: checker.states() == {"polling"})

        mail.deliver("alice", note("Plans"))

        checker.until(lambda: checker.told)


def test_other_folders_are_watched_as_well(cli, add, mail):
    add("alice")
    mail.deliver("alice", note("Old"), folder="Devis", flags=("\\Seen",))
    ok(cli("account", "set", "alice", "checker.folders=INBOX,Devis"))
    with checking() as checker:
        checker.until(lambda: checker.states() == {"idling"})

        mail.deliver("alice", note("Plans"), folder="Devis")

        checker.until(lambda: checker.told)
    assert checker.told == ["alice: 1 new message"]


def test_a_folder_that_is_not_there_fails_alone(cli, add, mail):
    add("alice")
    ok(cli("account", "set", "alice", "checker.folders=INBOX,Nowhere"))
    mail.deliver("alice", note("Plans"))
    with checking() as checker:
        checker.until(lambda: checker.told)

        assert "Nowhere" in checker.status()["alice"].last_error
        assert checker.states() == {"idling"}


def test_an_account_that_is_added_is_watched_and_the_others_keep_their_connections(add, mail):
    add("alice")
    with checking() as checker:
        checker.until(lambda: checker.states() == {"idling"})
        before = checker.daemon.watches["alice"].looker.session

        add("bob")
        mail.deliver("bob", note("Plans"))

        checker.until(lambda: checker.told)
        assert checker.daemon.watches["alice"].looker.session is before
    assert checker.told == ["bob: 1 new message"]


def test_an_account_that_is_removed_or_switched_off_is_left_alone(cli, add, mail):
    add("alice")
    add("bob")
    with checking() as checker:
        checker.until(lambda: checker.states() == {"idling"})
        ok(cli("account", "remove", "alice", "--yes"))
        ok(cli("account", "set", "bob", "checker.enabled=false"))

        checker.until(lambda: checker.states() == {"disabled"})

        assert list(checker.status()) == ["bob"]


def test_a_store_that_is_broken_meanwhile_changes_nothing_and_is_said(add, mail, store):
    add("alice")
    with checking() as checker:
        checker.until(lambda: checker.states() == {"idling"})
        text = (store / "store.toml").read_text()
        (store / "store.toml").write_text("version = ")
        checker.until(lambda: checker.named("store-broken"))
        broken = (store / "accounts" / "alice.toml").read_text()
        (store / "store.toml").write_text(text)
        (store / "accounts" / "alice.toml").write_text("address = ")
        checker.until(lambda: checker.named("reloaded"))

        mail.deliver("alice", note("Plans"))
        checker.until(lambda: checker.told)

        (store / "accounts" / "alice.toml").write_text(broken)


def test_a_wrong_password_is_tried_once_and_the_right_one_as_soon_as_it_is_there(add, mail, monkeypatch):
    add("alice")
    monkeypatch.setenv("WATCH_PASSWORD", "wrong")
    mail.deliver("alice", note("Plans"))
    with checking() as checker:
        checker.until(lambda: checker.states() == {"refused"})
        checker.until(lambda: "cannot look at alice" in checker.told)

        monkeypatch.setenv("WATCH_PASSWORD", mail.password)

        checker.until(lambda: "alice: 1 new message" in checker.told)
        checker.until(lambda: "reached again: alice" in checker.told)
    assert len(checker.told) == 3
    assert len(checker.named("failed")) == 1


def test_a_second_one_of_the_same_user_does_not_run(add):
    with checking(), pytest.raises(AlreadyExistsError, match="runs already"), checking():
        pass


def test_the_outbox_is_flushed_when_the_store_asks_for_it(cli, add, mail, store, monkeypatch):
    add("bob")
    settings(store, outbox=True)
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    ok(cli("account", "add", "alice", "--address", mail.address("alice"), "--imap-host", mail.host, "--imap-port",
           str(mail.imaps_port), "--smtp-host", mail.host, "--smtp-port", str(mail.smtps_port), "--smtp-security",
           "tls", "--ca-file", str(mail.ca_file), "--password-env", "WATCH_PASSWORD", "--no-discover"))  # fmt: skip
    ok(cli("send", mail.address("bob"), "-a", "alice", "-s", "Plans", "--queue", input="Hello"))

    with checking() as checker:
        checker.until(lambda: checker.told)

    assert checker.told == ["bob: 1 new message"]
    assert checker.named("outbox")[0]["sent"] is True
