"""What was told, on disk: it survives whatever happens to the process, the file and the disk."""

import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from mailctl.domain.announce import Mark
from mailctl.errors import StorageError
from mailctl.local.marks import Marks
from support.small_disk import fill, mounted

MARK = Mark(told=("a", "b"), passed=("c",), shown=("b",), last=datetime(2026, 3, 1, 9, tzinfo=UTC))
SAVER = """
import os, sys
from pathlib import Path
from mailctl.domain.announce import Mark
from mailctl.local.marks import Marks
deadly = getattr(os, sys.argv[2])
def die(*arguments, **named):
    os.kill(os.getpid(), 9)
if sys.argv[2] == "replace":
    Path.replace = die
else:
    setattr(os, sys.argv[2], die)
Marks(Path(sys.argv[1])).save("contact", Mark(told=("new",)))
"""


def test_what_is_saved_is_there_the_next_time(tmp_path):
    Marks(tmp_path / "marks").save("contact", MARK)

    assert Marks(tmp_path / "marks").load("contact") == MARK
    assert Marks(tmp_path / "marks").load("billing") == Mark()
    assert stat.S_IMODE((tmp_path / "marks" / "contact.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "marks").stat().st_mode) == 0o700


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[]", b'{"told": 3}', b"null", b'{"last": "yesterday"}'])
def test_a_damaged_file_is_set_aside_and_named(tmp_path, data):
    (tmp_path / "contact.json").write_bytes(data)
    marks = Marks(tmp_path)

    assert marks.load("contact") == Mark()
    assert marks.damaged == [tmp_path / "contact.json"]
    assert (tmp_path / "contact.json.bad").read_bytes() == data
    assert not (tmp_path / "contact.json").exists()


def test_the_accounts_whose_failure_was_told_are_remembered_too(tmp_path):
    Marks(tmp_path).save_troubles(("a", "b"))

    assert Marks(tmp_path).load_troubles() == ("a", "b")
    (tmp_path / "troubles").write_text("?")
    assert Marks(tmp_path).load_troubles() == ()
    assert (tmp_path / "troubles.bad").exists()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_killed_while_it_is_written_the_former_mark_stands(tmp_path, call):
    Marks(tmp_path).save("contact", MARK)

    ran = subprocess.run([sys.executable, "-c", SAVER, str(tmp_path), call], check=False)

    assert ran.returncode == -signal.SIGKILL
    marks = Marks(tmp_path)
    assert (marks.load("contact"), marks.damaged) == (MARK, [])


def test_on_a_full_disk_the_former_mark_stands(tmp_path):
    with mounted(tmp_path / "small") as disk:
        marks = Marks(disk / "marks")
        marks.save("contact", MARK)
        fill(disk / "full")

        with pytest.raises(StorageError, match="No space left"):
            marks.save("contact", Mark(told=tuple(str(number) for number in range(100_000))))

        assert Marks(disk / "marks").load("contact") == MARK
