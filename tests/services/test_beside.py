"""Two steps in two threads: in order, no more under way than fit, and no failure lost."""

import threading

import pytest

from mailctl.services.beside import MOST_HELD, MOST_UNDER_WAY, Beside


def test_what_is_begun_first_ends_first():
    done = []
    with Beside() as beside:
        for number in range(20):
            written = beside.first(lambda number=number: number)
            beside.last(lambda written=written: done.append(written()))
        beside.wait()

    assert done == list(range(20))


def test_a_first_step_goes_on_while_a_last_one_is_under_way():
    both, done = threading.Barrier(2, timeout=20), []
    with Beside() as beside:
        beside.last(lambda: done.append(both.wait()))
        beside.first(both.wait)()
        beside.wait()

    assert len(done) == 1


@pytest.mark.parametrize(("kind", "room"), [("first", MOST_HELD), ("last", MOST_UNDER_WAY)])
def test_no_more_is_begun_than_there_is_room_for(kind, room):
    held, begun = threading.Event(), threading.Semaphore(0)
    with Beside() as beside:
        begin = getattr(beside, kind)
        for _ in range(room):
            begin(lambda: held.wait(20) and None)
        one_more = threading.Thread(target=lambda: (begin(lambda: None), begun.release()))
        one_more.start()

        assert not begun.acquire(timeout=0.5)
        held.set()
        assert begun.acquire(timeout=20)
        one_more.join()


def test_what_a_step_raised_is_raised_where_one_waits():
    def fail():
        raise OSError("no room")

    with Beside() as beside:
        written = beside.first(fail)
        beside.last(written)
        with pytest.raises(OSError, match="no room"):
            beside.wait()
        beside.wait()
