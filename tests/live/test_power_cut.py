"""The power fails at any moment: the outbox opens, its messages are whole, and what may have gone is not unsent.

The programs run for real; what a disk may have kept of what they did comes from their calls of the system.
"""

import os
import sys

import pytest

from mailctl.domain.message import State
from mailctl.local.outbox import Outbox
from support.power_cut import lay_out, recorded
from support.scripted_smtp import submission
from support.sending import PASSWORD, add_account

pytestmark = pytest.mark.live

BODY = "One line\n" * 500
SEND = ("send", "anna@client.example", "-s", "Plans", "-a", "contact")
MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from mailctl.domain.outgoing import Entry
from mailctl.local.entering import enter
from mailctl.local.outbox import Outbox
now = datetime.now(UTC)
coming = [(Entry(account="contact", message_id=f"<{n}@x>", subject="s", sender="a@x", recipients=("b@x",), size=9,
                 created=now), b"Subject: %d\\r\\n" % n) for n in range(3)]
enter(Outbox(Path(sys.argv[1])), coming).release_all()
"""


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server that pipelines, and the account `contact` on it."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        script.features = ("PIPELINING", "8BITMIME")
        add_account(cli, script)
        yield script


@pytest.fixture
def run(home, tmp_path):
    """Runs mailctl, or Python, and gives the record of what it did to the outbox."""
    (home / "state/outbox").mkdir(mode=0o700, parents=True, exist_ok=True)
    environ = {**PASSWORD, "PATH": os.environ["PATH"], "MAILCTL_HOME": str(home), "HOME": str(home.parent)}

    def running(*words, python=("-m", "mailctl"), status=0):
        ran, record = recorded(
            [sys.executable, *python, *words],
            home / "state/outbox",
            tmp_path / "calls",
            env=environ,
            input=BODY.encode(),
        )
        assert ran.returncode == status, ran.stderr
        return record

    return running


@pytest.fixture
def opened(tmp_path):
    """Opens the outbox in each state in which a power cut may have left it: all its entries, none of them broken."""
    number = 0

    def opening(record, done):
        nonlocal number
        found = []
        for tree in record.left(done):
            number += 1
            root = tmp_path / f"left-{number}"
            lay_out(tree, root)
            outbox = Outbox(root)
            entries, errors = outbox.scan()
            assert errors == (), tree
            assert all(len(outbox.raw(entry)) == entry.size for entry in entries if entry.size > 9)
            outbox.add(entries[0], b"next") if entries else None
            found.append({entry.id: entry for entry in entries})
        return found

    return opening


@pytest.mark.parametrize("before", [0, 1])
def test_a_message_is_there_whole_or_was_never_accepted(cli, server, run, opened, before):
    for _ in range(before):
        assert cli(*SEND, "--queue", input=BODY).status == 0

    record = run(*SEND, "--queue")

    counts = [{len(left) for left in opened(record, done)} for done in range(len(record.steps) + 1)]
    assert counts[0] == {before}
    assert set().union(*counts) == {before, before + 1}
    assert counts[-1] == {before + 1}


@pytest.mark.parametrize("features", [("8BITMIME",), ("PIPELINING", "8BITMIME"), ("PIPELINING", "CHUNKING")])
def test_what_the_server_may_have_is_never_taken_for_unsent(server, run, opened, features):
    server.features = features
    record = run(*SEND)

    [last] = record.said(b"BDAT " if "CHUNKING" in features else b".\r\n")
    assert {left[1].state for left in opened(record, last)} == {State.UNKNOWN}
    for done in range(last, len(record.steps) + 1):
        assert all(left == {} or left[1].state is State.UNKNOWN for left in opened(record, done))
    assert not any(opened(record, len(record.steps)))


def test_of_many_none_that_the_server_may_have_is_taken_for_unsent(cli, server, run, opened):
    for _ in range(3):
        assert cli(*SEND, "--queue", input=BODY).status == 0

    record = run("outbox", "flush")

    dots = record.said(b".\r\n")
    assert len(dots) == 3
    for number, dot in enumerate(dots, 1):
        for done in range(dot, len(record.steps) + 1):
            assert all(number not in left or left[number].state is State.UNKNOWN for left in opened(record, done))
    assert not any(opened(record, len(record.steps)))


def test_who_has_it_and_who_was_refused_is_known_at_the_end(server, run, opened):
    server.refused["ben@client.example"] = "550 nobody"
    record = run(*SEND, "-c", "ben@client.example", status=76)

    [dot] = record.said(b".\r\n")
    for done in range(dot, len(record.steps)):
        assert {left[1].state for left in opened(record, done)} <= {State.UNKNOWN, State.REFUSED}
    for left in opened(record, len(record.steps)):
        assert left[1].state is State.REFUSED
        assert left[1].accepted == ("anna@client.example",)


def test_of_many_taken_in_at_once_all_are_whole(run, home, opened):
    record = run(str(home / "state/outbox"), python=("-c", MANY))

    for done in range(len(record.steps) + 1):
        opened(record, done)
    assert {len(left) for left in opened(record, len(record.steps))} == {3}
