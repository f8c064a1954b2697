"""Nothing accepted is lost or sent twice, however a process ends, whoever else sends, and when the disk is full."""

import signal
import subprocess
import sys
from email import message_from_bytes

import pytest

from conftest import ok
from mailctl.domain.message import State
from support.scripted_smtp import STALL
from support.sending import BEFORE_THE_DOT, PASSWORD, body_for, started, until
from support.small_disk import fill, mounted

SEND = ("send", "anna@client.example", "-s", "Plans")


def killed_at(step, server, home, outbox):
    """Send in a process that is killed when the server has come to a step, and the message is on the disk.

    The server is reached while the message gets there.
    """
    server.at[step] = STALL
    process = started("mailctl", *SEND, body=body_for(step).encode(), home=home)
    assert server.reached.wait(20), process.communicate(timeout=20)
    until(outbox.entries)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    server.at.clear()


@pytest.mark.parametrize("step", BEFORE_THE_DOT)
def test_killed_before_the_dot_it_waits_and_a_flush_sends_it_once(cli, server, home, outbox, step):
    killed_at(step, server, home, outbox)

    [entry] = outbox.entries()
    assert entry.state is State.QUEUED
    ok(cli("outbox", "flush"))
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1
    assert outbox.entries() == ()


def test_killed_after_the_dot_its_fate_is_unknown_and_it_is_not_sent_unlooked(cli, server, home, outbox):
    killed_at("dot", server, home, outbox)

    [entry] = outbox.entries()
    assert entry.state is State.UNKNOWN
    assert cli("outbox", "flush").status == 1  # there is no IMAP server to look into
    assert len(server.taken) == 1


def test_interrupted_it_says_where_the_message_is(server, home, outbox):
    server.at["mail"] = STALL
    process = started("mailctl", *SEND, body=b"Hello", home=home)
    assert server.reached.wait(20)
    process.send_signal(signal.SIGINT)

    _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert b"the message is in the outbox as 1" in err
    assert b"Traceback" not in err
    assert outbox.entries()[0].state is State.QUEUED


def test_two_flushes_at_once_send_each_message_once(cli, server, home, outbox):
    for _ in range(6):
        ok(cli(*SEND, "--queue", input="Hello"))

    flushes = [started("mailctl", "outbox", "flush", body=b"", home=home) for _ in range(2)]
    for flush in flushes:
        _, err = flush.communicate(timeout=60)
        assert flush.returncode == 0, err

    identities = [message_from_bytes(one.data)["Message-ID"] for one in server.taken]
    assert len(identities) == len(set(identities)) == 6
    assert outbox.entries() == ()


def test_what_is_being_sent_is_neither_flushed_nor_retried_nor_dropped(cli, server, home, outbox):
    server.at["dot"] = STALL
    process = started("mailctl", *SEND, body=b"Hello", home=home)
    assert server.reached.wait(20)

    assert ok(cli("outbox", "list")).rows[0][2] == "sending"
    ok(cli("outbox", "flush"))
    assert cli("outbox", "retry", "1").status == 75
    assert cli("outbox", "drop", "1", "--yes").status == 75
    assert server.connections == 1
    process.kill()
    process.communicate(timeout=20)


def test_ten_sends_at_once_all_go_and_none_twice(server, home, outbox):
    processes = []
    for _ in range(10):
        processes.append(started("mailctl", *SEND, body=b"Hello", home=home))
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err

    assert len({message_from_bytes(one.data)["Message-ID"] for one in server.taken}) == len(server.taken) == 10
    assert outbox.entries() == ()


def test_on_a_full_disk_it_is_74_and_neither_kept_nor_sent(server, home, outbox):
    process = subprocess.run(
        ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", sys.executable, "-m", "mailctl", *SEND],
        input=b"x\n" * 200_000,
        capture_output=True,
        env={**PASSWORD, "MAILCTL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)},
        check=False,
    )

    assert process.returncode == 74, process.stderr
    assert b"File too large" in process.stderr
    assert outbox.entries() == ()
    assert server.taken == []


@pytest.fixture
def full_at(cli, server, home):
    """Let the outbox's disk fill up while the server is at a step."""
    with mounted(home / "state") as disk:
        yield lambda step: server.when.update({step: lambda: fill(disk / "rest")})


@pytest.mark.parametrize("step", ["greeting", "data"])
def test_a_disk_that_fills_once_the_message_is_kept_does_not_stop_it(cli, server, full_at, outbox, step):
    full_at(step)

    ok(cli(*SEND, input="Hello"))

    assert len(server.taken) == 1
    assert outbox.entries() == ()


def test_a_disk_that_fills_after_the_dot_makes_no_failure_of_what_was_sent(cli, server, full_at, outbox):
    full_at("dot")

    ok(cli(*SEND, input="Hello"))

    assert len(server.taken) == 1
    assert outbox.entries() == ()
