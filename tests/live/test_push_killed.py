"""Kills `fetch --push` at every answer of a real Dovecot: run again, both sides have what was done on either."""

import itertools

import pytest

from conftest import ok
from support.killing_proxy import killing_proxy
from support.mailservers import MailServers
from support.mirror import accounts, fetch, files, note, rows, start

pytestmark = pytest.mark.live
MANY = 60


@pytest.fixture
def proxy(cli, store, mail, monkeypatch):
    """What stands between the account and its server, and can kill."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    with killing_proxy(mail.imap_port) as proxy:
        accounts(cli, mail)(port=proxy.port, security="none")
        yield proxy


def toggle(file, letter):
    """Let a reader give a message a flag, or take it away."""
    key, _, letters = file.name.partition(":2,")
    now = set(letters) ^ {letter}
    file.rename(file.parent.parent / "cur" / f"{key}:2,{''.join(sorted(now))}")


def subjects_and_flags(mail: MailServers):
    """What the server holds."""
    told = [next(line for line in raw.splitlines() if line.startswith(b"Subject: ")) for raw in mail.messages("alice")]
    return sorted(zip((one[9:].decode() for one in told), map(sorted, mail.flags("alice")), strict=True))


def in_files(home):
    """What the mirror holds."""
    names = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered"}
    found = []
    for file in files(home):
        subject = next(line for line in file.read_text().splitlines() if line.startswith("Subject: "))
        found.append((subject[9:], sorted(names[letter] for letter in file.name.partition(":2,")[2])))
    return sorted(found)


@pytest.mark.parametrize("passes_on", [False, True], ids=["before the answer is heard", "once it is heard"])
def test_killed_at_any_answer_and_run_again_nothing_that_was_done_is_lost(cli, home, mail, proxy, passes_on):
    for number in range(MANY):
        mail.deliver("alice", note(number))
    ok(cli("fetch"))
    deleted = 0

    for moment in itertools.count(1):
        assert moment < MANY - 10, "it never came to its end"
        expected = dict(in_files(home))
        for place, letter in ((0, "S"), (1, "F"), (2, "S")):
            toggle(files(home)[place], letter)
        subjects = [one for one, _ in in_files(home)]
        mail_there(mail, moment)
        files(home)[4].unlink()
        deleted += 1
        gone = set(subjects) - {one for one, _ in in_files(home)}
        here = dict(in_files(home))

        run = start("fetch", "--push-deletes")
        proxy.arm(run, moment, passes_on=passes_on)
        status = run.wait(timeout=60)
        proxy.disarm()
        fetch(cli, "--push-deletes")

        there = subjects_and_flags(mail)
        assert there == in_files(home)
        assert {one for one, _ in there} == set(expected) - gone
        assert len(mail.messages("alice", "Trash")) == deleted
        assert all(set(dict(there)[one]) - {"\\Answered"} == set(flags) - {"\\Answered"} for one, flags in here.items())
        if status == 0:
            break
    assert moment > 10
    assert len(rows(home)) == MANY - deleted
    last = fetch(cli, "--push-deletes")
    assert (last["pushed"], last["changed"], last["new"], last["removed"]) == (0, 0, 0, 0)


def mail_there(mail: MailServers, moment: int) -> None:
    """Let somebody else answer a message meanwhile."""
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("4", "-FLAGS" if moment % 2 else "+FLAGS", "(\\Answered)")
