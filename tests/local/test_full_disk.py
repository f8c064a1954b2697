"""An index whose disk is full, on a file system that is: read all the same, and said plainly."""

import gc

import pytest

from mailctl.errors import StorageError
from mailctl.local.index import Index
from support.small_disk import fill, mounted


@pytest.fixture
def path(tmp_path):
    """An index on a disk without room, closed."""
    with mounted(tmp_path / "disk", kilobytes=1024) as disk:
        index = Index(disk / "index.sqlite")
        index.enter_folder("contact", "INBOX", "INBOX")
        index.close()
        fill(disk / "filler")
        yield disk / "index.sqlite"
        gc.collect()  # closes the index, or the disk stays busy


def test_it_is_read(path):
    assert [one.name for one in Index(path).folders("contact")] == ["INBOX"]


def test_what_would_change_it_says_why_it_cannot(path):
    with pytest.raises(StorageError, match="no space left on the disk") as caught:
        Index(path).enter_folder("contact", "Sent", "Sent")

    assert caught.value.hint == "free some space and try again"


def test_where_the_last_changes_would_be_overlooked_it_is_not_read(path):
    (path.parent / "filler").unlink()
    path.with_name("index.sqlite-wal").write_bytes(b"changes of a program that was killed")
    fill(path.parent / "filler")

    with pytest.raises(StorageError, match="no space left on the disk"):
        Index(path).folders("contact")


def test_with_room_a_failure_is_told_as_it_is(tmp_path):
    (tmp_path / "index.sqlite").mkdir()

    with pytest.raises(StorageError, match="Is a directory") as caught:
        Index(tmp_path / "index.sqlite")

    assert caught.value.hint.startswith("ls -l ")
