"""A job remembers its rows whatever ends the process that writes them down."""

import os
import stat

import pytest

from mailctl.errors import StorageError, TemporaryError
from mailctl.local.jobs import Jobs


@pytest.fixture
def job(tmp_path):
    return Jobs(tmp_path / "merges").job("invoice rows.csv")


def again(job):
    return Jobs(job.path.parent).job("invoice rows.csv")


def test_rows_are_there_for_the_next_run_and_for_nobody_else(job):
    job.add(["a", "b"])
    assert again(job).rows == {"a", "b"}
    assert Jobs(job.path.parent).job("another").rows == set()
    assert stat.S_IMODE(job.path.stat().st_mode) == 0o600


def test_what_is_taken_back_is_gone_and_can_come_again(job):
    job.add(["a", "b"])
    job.take_back(["b", "never there"])
    assert again(job).rows == job.rows == {"a"}
    job.add(["b"])
    assert again(job).rows == {"a", "b"}


def test_a_line_that_a_crash_cut_short_harms_no_other(job):
    job.add(["aaaa", "bbbb"])
    job.path.write_bytes(job.path.read_bytes()[:-3])
    after = again(job)
    assert after.rows == {"aaaa", "bb"}
    after.add(["cccc"])
    assert again(job).rows == {"aaaa", "bb", "cccc"}


def test_an_empty_file_is_a_job_without_rows(job):
    job.path.parent.mkdir()
    job.path.touch()
    assert job.rows == set()
    job.add(["a"])
    assert again(job).rows == {"a"}


def test_a_key_of_the_outbox_names_job_and_row(job):
    key = job.key("a")
    assert job.row(key) == "a"
    assert job.row("merge:other:a") is None
    assert job.row("0123") is None
    Jobs(job.path.parent).remember(key)
    assert again(job).rows == {"a"}
    size = job.path.stat().st_size
    Jobs(job.path.parent).remember(key)
    assert job.path.stat().st_size == size


def test_one_works_on_it_at_a_time(job):
    with job.turn(), pytest.raises(TemporaryError, match="is being sent at this moment"), again(job).turn():
        pass
    with again(job).turn():
        pass


def test_what_cannot_be_read_is_told_for_nobody_knows_who_got_it(job):
    job.path.mkdir(parents=True)
    with pytest.raises(StorageError, match=str(job.path)):
        _ = job.rows


def test_what_is_no_text_is_told(job):
    job.add(["a"])
    job.path.write_bytes(os.urandom(64) + b"\xff")
    with pytest.raises(StorageError, match=str(job.path)):
        _ = again(job).rows


def test_a_name_of_any_letters_is_one_line(job):
    odd = Jobs(job.path.parent).job("é\n-a\nb")
    odd.add(["0"])
    assert Jobs(job.path.parent).job("é\n-a\nb").rows == {"0"}


@pytest.mark.parametrize(
    "damage", [lambda data: bytes(len(data)), lambda data: data + b"\0\0\0\n", lambda data: data[:20] + b"\xff\n"]
)
def test_a_damaged_file_is_no_file_without_rows(job, damage):
    job.add(["aaaa", "bbbb"])
    job.path.write_bytes(damage(job.path.read_bytes()))
    with pytest.raises(StorageError, match="merges"):
        len(again(job).rows)
