"""What comes bit by bit is whole in the end, has no name meanwhile, and leaves nothing."""

import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.content import LARGE, whole
from mailctl.errors import StorageError
from mailctl.local.outbox import Outbox

MANY = LARGE // 1000 + 2


@pytest.fixture(scope="module")
def outbox(tmp_path_factory):
    return Outbox(tmp_path_factory.mktemp("state") / "outbox")


def test_what_is_small_makes_no_file(tmp_path):
    outbox = Outbox(tmp_path / "outbox")

    assert outbox.aside([b"one ", b"two"]) == b"one two"
    assert outbox.aside([]) == b""
    assert not outbox.root.exists()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, LARGE), min_size=3, max_size=6), st.binary(min_size=1, max_size=20))
def test_it_comes_out_as_it_came_in(outbox, sizes, filling):
    blocks = [(filling * (size // len(filling) + 1))[:size] for size in sizes]

    found = outbox.aside(blocks)

    assert whole(found) == whole(found) == b"".join(blocks)
    assert len(found) == sum(sizes)


def test_a_large_one_has_no_name_and_leaves_nothing(outbox):
    kept = outbox.aside(b"x" * 1000 for _ in range(MANY))

    assert not isinstance(kept, bytes)
    assert whole(kept) == b"x" * 1000 * MANY
    assert list(outbox.root.iterdir()) == []


def test_one_that_breaks_off_leaves_nothing(outbox):
    def coming():
        yield b"x" * (2 * LARGE)
        raise StorageError("standard input: Input/output error")

    with pytest.raises(StorageError, match="standard input"):
        outbox.aside(coming())

    assert list(outbox.root.iterdir()) == []


def test_where_there_is_no_room_it_says_so(outbox):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGE, before[1]))
    try:
        with pytest.raises(StorageError, match="File too large"):
            outbox.aside([b"x" * (LARGE + 1)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
