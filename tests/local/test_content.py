"""A file is read as it is wanted, and whatever happens to it meanwhile, never half of it passes for the whole."""

import os
import threading
from pathlib import Path

import pytest

from mailctl.domain.content import BLOCK, LARGE, whole
from mailctl.errors import InputMissingError
from mailctl.local.content import file_at

SIZE = LARGE + 12345
OPEN = Path("/proc/self/fd")


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "plan.pdf"
    found.write_bytes(os.urandom(SIZE))
    return found


def opened(path):
    return file_at(path, InputMissingError)


def test_it_can_be_read_again_and_again(path):
    file = opened(path)

    assert len(file) == SIZE
    assert whole(file) == whole(file) == path.read_bytes()
    assert {len(block) for block in file.blocks()} == {BLOCK, SIZE % BLOCK}


def test_one_that_takes_its_place_changes_nothing(path):
    file, before = opened(path), path.read_bytes()

    other = path.with_name("other")
    other.write_bytes(b"other")
    other.replace(path)

    assert whole(file) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda file: file.truncate(SIZE // 2), "shorter", id="it shrinks"),
        pytest.param(lambda file: (file.seek(0, 2), file.write(b"more")), "written to", id="it grows"),
        pytest.param(lambda file: (file.seek(0), file.write(b"other")), "written to", id="it is written over"),
    ],
)
def test_one_that_changes_while_it_is_read_is_an_error(path, change, told):
    os.utime(path, ns=(0, 0))  # so that a change within a tick of the clock shows, too
    coming = opened(path).blocks()
    next(coming)

    with path.open("r+b") as file:
        change(file)

    with pytest.raises(InputMissingError, match=told):
        b"".join(coming)


def test_it_may_grow_until_its_size_is_asked_for(path):
    file = opened(path)

    with path.open("ab") as more:
        more.write(b"more")

    assert len(file) == SIZE + 4
    assert whole(file) == path.read_bytes()


def test_small_files_and_pipes_are_read_at_once(tmp_path):
    small, pipe = tmp_path / "small", tmp_path / "pipe"
    small.write_bytes(b"Hello")
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"x" * (LARGE + 1),))
    writer.start()

    assert opened(small) == b"Hello"
    assert opened(pipe) == b"x" * (LARGE + 1)
    writer.join()


def test_its_descriptor_goes_with_it(path):
    before = len(list(OPEN.iterdir()))

    for _ in range(20):
        len(opened(path))

    assert len(list(OPEN.iterdir())) <= before
