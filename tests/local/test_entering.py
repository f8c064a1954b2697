"""Many messages enter the outbox together: all of them, durable and held, or none."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from local.test_outbox import NEW, RAW
from mailctl.errors import StorageError
from mailctl.local.entering import enter
from mailctl.local.outbox import Outbox
from support.small_disk import mounted

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path / "outbox")


def coming(number, raw=RAW):
    return [(replace(NEW, subject=str(one), size=len(raw)), raw) for one in range(number)]


def test_they_are_there_in_order_with_numbers_of_their_own(outbox):
    outbox.add(NEW, RAW)
    held = enter(outbox, coming(20))
    assert [entry.id for entry in held.entries] == list(range(2, 22))
    assert [entry.subject for entry in outbox.entries()][1:] == [str(one) for one in range(20)]
    assert {bytes(outbox.raw(entry)) for entry in outbox.entries()} == {RAW}
    held.release_all()
    assert outbox.add(NEW, RAW).id == 22


def test_each_is_held_until_it_is_released(outbox):
    held = enter(outbox, coming(3))
    with outbox.held(1) as entry:
        assert entry is None
    held.release(1)
    held.release(1)
    with outbox.held(1) as entry:
        assert entry is not None
    with outbox.held(2) as entry:
        assert entry is None
    held.release_all()
    with outbox.held(2) as entry:
        assert entry is not None


def test_none_is_there_when_one_cannot_be_kept(tmp_path):
    with mounted(tmp_path / "small", kilobytes=512) as disk:
        outbox = Outbox(disk / "outbox")
        enter(outbox, coming(1)).release_all()
        descriptors = len(list(DESCRIPTORS.iterdir()))
        with pytest.raises(StorageError):
            enter(outbox, coming(20, b"x" * 50_000))
        assert [entry.id for entry in outbox.entries()] == [1]
        assert not list(outbox.root.glob(".new-*"))
        assert len(list(DESCRIPTORS.iterdir())) == descriptors


def test_nothing_comes_and_nothing_is_there(outbox):
    assert enter(outbox, []).entries == ()
    assert outbox.entries() == ()
