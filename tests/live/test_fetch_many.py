"""So many messages that a process beside enters them: all of them, whichever of the two is killed on the way."""

import os
import signal
import time
from pathlib import Path

import pytest

from mailctl.services.enterer import MANY
from support.mirror import accounts, fetch, files, note, rows, start

pytestmark = pytest.mark.live
COUNT = MANY + 200


@pytest.fixture
def inbox(cli, store, mail, monkeypatch):
    """Alice's inbox, full, and an account of it."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    accounts(cli, mail)()
    with mail.imap("alice") as box:
        for number in range(COUNT):
            box.append("INBOX", "", None, note(number, body="bridge " * 800))


def beside(pid: int) -> list[int]:
    """The processes that a process has begun."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def await_rows(home, run, more):
    """Wait until something was entered, then a little longer each time."""
    deadline = time.monotonic() + 20
    while run.poll() is None and not is_begun(home) and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(more * 0.01)


def is_begun(home):
    """Whether a process beside has come up, and messages are coming."""
    return (home / "data/index.sqlite-wal").exists() and bool(files(home))


def is_whole(home):
    """Whether each message has one file, one row and its words."""
    subjects = sorted(rows(home))
    return (
        subjects == sorted((f"Plans {number}",) for number in range(COUNT))
        and len(files(home)) == COUNT
        and all(ancestors == "" for (ancestors,) in rows(home, "ancestors"))
    )


def test_many_messages_come_with_their_words(cli, home, inbox):
    result = fetch(cli)

    assert (result["new"], result["odd"]) == (COUNT, 0)
    assert is_whole(home)


def test_killed_at_any_point_nothing_is_missing_and_nothing_is_there_twice(cli, home, inbox):
    for moment in range(10):
        run = start("fetch")
        await_rows(home, run, moment)
        run.kill()
        run.wait()
    fetch(cli)

    assert is_whole(home)
    assert fetch(cli)["new"] == 0


@pytest.mark.parametrize("moment", [0, 3, 8])
def test_the_run_goes_on_alone_when_the_process_beside_is_killed(home, inbox, moment):
    run = start("fetch")
    await_rows(home, run, moment)
    killed = beside(run.pid)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    assert run.wait(timeout=60) == 0
    assert is_whole(home)
    assert killed or moment


def test_ctrl_c_leaves_no_process_behind(cli, home, inbox):
    run = start("fetch")
    await_rows(home, run, 0)
    begun = beside(run.pid)
    run.send_signal(signal.SIGINT)

    assert run.wait(timeout=30) in (0, 130)
    assert begun
    assert not any(Path(f"/proc/{pid}").exists() for pid in begun)
    fetch(cli)
    assert is_whole(home)
