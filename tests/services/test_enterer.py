"""Who enters messages: a process beside where many come, this one where few do, or where the other was killed."""

import os
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from threading import Thread

import pytest

from mailctl.errors import StorageError
from mailctl.local.index import Index
from mailctl.local.locks import held
from mailctl.local.maildir import Maildir
from mailctl.services.enterer import MANY, Enterer, processors
from mailctl.services.entering import Coming, Laid
from support.small_disk import fill, mounted

RECEIVED = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)


class LateError(Exception):
    """The lock was not to be had."""


@pytest.fixture
def index(tmp_path):
    with closing(Index(tmp_path / "data/index.sqlite")) as index:
        yield index


@pytest.fixture
def enterer(tmp_path, index):
    """Of one account, its lock held."""
    with (
        held(tmp_path / "lock", patience=0, too_late=LateError) as lock,
        Enterer(index, tmp_path / "mail", lock=lock) as one,
    ):
        yield one


def laid(tmp_path, index, first, count, size=0):
    """Messages in the mirror, to be entered from one UID on."""
    folder = index.enter_folder("contact", "INBOX", "INBOX")
    with Maildir(tmp_path / "mail", "contact", "INBOX").batch() as batch:
        raws = [b"Subject: Plans %d\n\n%b\n" % (first + place, b"bridge " * size) for place in range(count)]
        keys = [batch.add(raw, flags=frozenset(), received=RECEIVED) for raw in raws]
    return Coming(
        folder=folder.id,
        account="contact",
        path="INBOX",
        messages=tuple(
            Laid(uid=first + place, key=key, flags=frozenset(), size=20, received=RECEIVED)
            for place, key in enumerate(keys)
        ),
    )


def uids(index):
    return [row[0] for row in index.rows("SELECT uid FROM messages ORDER BY uid")]


def test_many_are_entered_beside(tmp_path, index, enterer):
    enterer.expect(MANY)
    enterer.enter(laid(tmp_path, index, 1, 3))

    assert enterer.beside is not None
    assert enterer.beside.poll() is None
    assert uids(index) == [1, 2, 3]


def test_for_few_no_process_is_started(tmp_path, index, enterer):
    enterer.expect(MANY - 1)
    enterer.enter(laid(tmp_path, index, 1, 3))

    assert enterer.beside is None
    assert uids(index) == [1, 2, 3]


def test_accounts_do_not_have_more_processes_than_there_are_processors(tmp_path, index):
    with held(tmp_path / "lock", patience=0, too_late=LateError) as lock:
        many = [Enterer(index, tmp_path / "mail", lock=lock) for _ in range(processors() + 1)]
        for one in many:
            one.expect(MANY)
        begun = [one for one in many if one.beside is not None]
        for one in begun:
            one.end()
        many[0].expect(MANY)
        again = many[0].beside
        many[0].end()

    assert len(begun) == max(processors() - 1, 1)
    assert again is not None


def test_ctrl_c_is_not_for_the_process_beside(enterer):
    enterer.expect(MANY)

    assert os.getpgid(enterer.beside.pid) != os.getpgid(0)


@pytest.mark.parametrize("moment", range(10))
def test_what_a_killed_process_did_not_enter_is_entered_here_and_nothing_twice(tmp_path, index, enterer, moment):
    batches = [laid(tmp_path, index, first, 20, size=500) for first in range(1, 201, 20)]
    enterer.expect(MANY)
    enterer.enter(batches[0])
    beside = enterer.beside

    def kill():
        time.sleep(moment * 0.004)
        os.kill(beside.pid, signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    for one in batches[1:]:
        enterer.enter(one)
    killer.join()

    assert uids(index) == list(range(1, 201))
    assert index.rows("SELECT count(*) FROM words_docsize")[0][0] == 200


def test_a_fault_of_the_process_beside_is_one_of_this_one(tmp_path, index, enterer):
    enterer.expect(MANY)
    enterer.enter(laid(tmp_path, index, 1, 3))

    with pytest.raises(RuntimeError, match="UNIQUE"):
        enterer.enter(laid(tmp_path, index, 3, 3))
    assert uids(index) == [1, 2, 3]


def test_the_account_stays_locked_while_the_process_beside_works(tmp_path, index):
    lock = held(tmp_path / "lock", patience=0, too_late=LateError)
    enterer = Enterer(index, tmp_path / "mail", lock=lock.__enter__())
    enterer.expect(MANY)
    lock.__exit__(None, None, None)  # as if this process had been killed

    with pytest.raises(LateError), held(tmp_path / "lock", patience=0, too_late=LateError):
        pass
    enterer.end()
    with held(tmp_path / "lock", patience=0, too_late=LateError):
        pass


def test_a_full_disk_is_told_by_the_process_beside_as_by_this_one(tmp_path):
    with (
        mounted(tmp_path / "data", kilobytes=400) as disk,
        closing(Index(disk / "index.sqlite")) as index,
        held(tmp_path / "lock", patience=0, too_late=LateError) as lock,
        Enterer(index, tmp_path / "mail", lock=lock) as enterer,
    ):
        coming = laid(tmp_path, index, 1, 50, size=200)
        enterer.expect(MANY)
        fill(disk / "rest")
        with pytest.raises(StorageError, match="full") as told:
            enterer.enter(coming)
        assert uids(index) == []
        (disk / "rest").unlink()
        enterer.enter(coming)

        assert told.value.hint
        assert uids(index) == list(range(1, 51))
        assert enterer.beside is not None
