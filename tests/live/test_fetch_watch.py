"""Stays with accounts at a real Dovecot: what arrives is here a second later, and both ways of ending are clean."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.mirror import accounts, files, note, rows

pytestmark = pytest.mark.live
SOON = 30.0  # seconds, the machine may be busy; without IDLE it would be five minutes


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


@contextmanager
def watching(*words, told=subprocess.PIPE):
    """The installed program, staying."""
    program = Path(sys.executable).with_name("mailctl")
    run = subprocess.Popen([program, "fetch", "--watch", *words], stdout=told, stderr=subprocess.PIPE, text=True)
    try:
        yield run
    finally:
        run.kill()
        run.communicate()


def await_files(home, number, **where):
    """Wait until there are so many."""
    begin = time.monotonic()
    while len(files(home, **where)) != number:
        assert time.monotonic() < begin + SOON, files(home, **where)
        time.sleep(0.02)


def await_idle(run):
    """Wait for the first line, and a moment more, until the program listens."""
    line = run.stdout.readline()
    time.sleep(0.5)
    return line.rstrip("\n").split("\t")


def test_what_arrives_is_fetched_at_once(home, mail, account):
    account()
    mail.deliver("alice", note(1))

    with watching() as run:
        first = await_idle(run)
        mail.deliver("alice", note(2))
        await_files(home, 2)
        second = run.stdout.readline().split("\t")
        mail.deliver("alice", note(3))
        third = run.stdout.readline().split("\t")  # told once it is in the index, too

    assert (first[2], second[2], third[2]) == ("1", "1", "1")
    assert len(files(home)) == 3
    assert rows(home) == [("Plans 1",), ("Plans 2",), ("Plans 3",)]


def test_what_changes_and_goes_is_followed(home, mail, account):
    account()
    for number in (1, 2):
        mail.deliver("alice", note(number))

    with watching() as run:
        await_idle(run)
        with mail.imap("alice") as box:
            box.select("INBOX")
            box.store("1", "+FLAGS", "(\\Seen)")
            box.store("2", "+FLAGS", "(\\Deleted)")
            box.expunge()
        await_files(home, 1)
        deadline = time.monotonic() + SOON
        while [one.name[-4:] for one in files(home)] != [":2,S"] or rows(home, "flags") != [("\\Seen",)]:
            assert time.monotonic() < deadline, (files(home), rows(home, "uid, flags"))
            time.sleep(0.05)

    assert rows(home, "uid, flags") == [(1, "\\Seen")]
    assert files(home)[0].name.endswith(":2,S")


def test_several_accounts_are_stayed_with(home, mail, account):
    account("one")
    account("two", user="bob")

    with watching() as run:
        run.stdout.readline()
        await_idle(run)
        mail.deliver("alice", note(1))
        mail.deliver("bob", note(2))
        await_files(home, 1, account="one")
        await_files(home, 1, account="two")


def test_what_a_reader_does_here_goes_to_the_server_within_seconds(home, mail, account):
    account()
    for number in (1, 2):
        mail.deliver("alice", note(number), folder="Projets")

    with watching("--push") as run:
        await_idle(run)
        for number, letters in enumerate(("S", "FS")):
            one = files(home, "Projets")[number]
            one.rename(one.parent.parent / "cur" / f"{one.name.partition(':')[0]}:2,{letters}")
            deadline = time.monotonic() + SOON
            while mail.flags("alice", "Projets").count(frozenset()) != 1 - number:
                assert time.monotonic() < deadline, mail.flags("alice", "Projets")
                time.sleep(0.1)

    assert sorted(map(sorted, mail.flags("alice", "Projets"))) == [["\\Flagged", "\\Seen"], ["\\Seen"]]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["Ctrl-C", "SIGTERM"])
def test_it_ends_when_told(home, mail, account, number, status):
    account()

    with watching() as run:
        await_idle(run)
        begin = time.monotonic()
        run.send_signal(number)
        _, said = run.communicate(timeout=SOON)

    assert run.returncode == status
    assert time.monotonic() - begin < 10  # a server is waited for six times as long
    assert "Traceback" not in said


def test_a_wrong_password_is_not_tried_again(mail, account, monkeypatch):
    account()
    monkeypatch.setenv("CONTACT_PASSWORD", "wrong")

    with watching() as run:
        _, said = run.communicate(timeout=SOON)

    assert run.returncode == 77
    assert "refused the login" in said
