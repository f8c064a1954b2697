"""Tasks shared by a few connections: all are done once, whatever becomes of the connections."""

import threading

import pytest

from mailctl.errors import (
    InterruptedByUserError,
    LoginRefusedError,
    ServerUnreachableError,
    StorageError,
    TemporaryError,
)
from mailctl.services.several import MOST_BESIDE, TASKS_EACH, InOrder, Several, Tally, spare

PATIENCE = 20.0


class Line:
    """A connection that is only what was done over it; `refusal` keeps it from being opened."""

    def __init__(self, name="own", refusal=None):
        self.name = name
        self.refusal = refusal
        self.done = []
        self.is_open = self.is_cut = False

    def __enter__(self):
        if self.refusal is not None:
            raise self.refusal
        self.is_open = True
        return self

    def __exit__(self, *error):
        self.is_open = False

    def cut(self):
        self.is_cut = True


class Shop:
    """Tasks by number, and what is done with them; further lines are named 1, 2, …."""

    def __init__(self, count, *, most=4, refusals=()):
        self.own = Line()
        self.lines = [self.own]
        self.refusals = dict(enumerate(refusals, 1))
        self.notes = []
        self.stop, self.noted = threading.Event(), threading.Event()
        self.troubles = {}
        self.several = Several(
            range(count),
            self.do,
            more=self.more,
            most=most,
            over=threading.Event(),
            stop=self.stop,
            note=self.note,
        )

    def note(self, text):
        self.notes.append(text)
        self.noted.set()

    def more(self):
        number = len(self.lines)
        self.lines.append(Line(str(number), self.refusals.get(number)))
        return self.lines[-1]

    def do(self, line, task):
        trouble = self.troubles.get(task)
        if trouble is not None:
            trouble(line, task)
        line.done.append(task)

    def done(self):
        return sorted(task for line in self.lines for task in line.done)

    def meet(self, *tasks):
        """Let tasks be under way all at once, each over a line of its own."""
        barrier = threading.Barrier(len(tasks))
        self.troubles |= {task: lambda *_: barrier.wait(PATIENCE) for task in tasks}

    def lose(self, name, *tasks):
        """The same; then the line so named is lost at its task, and the other is at its own until that is noted."""
        barrier, met = threading.Barrier(len(tasks)), set()

        def trouble(line, task):
            if task not in met:
                met.add(task)
                barrier.wait(PATIENCE)
                if line.name == name:
                    raise ServerUnreachableError("gone")
                self.noted.wait(PATIENCE)

        self.troubles |= dict.fromkeys(tasks, trouble)


@pytest.fixture(autouse=True)
def gives_back_what_it_took():
    yield
    taken = [spare.acquire(timeout=PATIENCE) for _ in range(MOST_BESIDE)]
    for _ in taken:
        spare.release()
    assert all(taken)


# -- how many


def test_few_tasks_are_done_over_the_connection_that_is_there():
    shop = Shop(2 * TASKS_EACH - 1)

    shop.several.done_over(shop.own)

    assert shop.own.done == list(range(2 * TASKS_EACH - 1))
    assert len(shop.lines) == 1


def test_many_tasks_are_under_way_at_once_and_each_is_done_once():
    shop = Shop(40)
    shop.meet(0, 1, 2, 3)

    shop.several.done_over(shop.own)

    assert shop.done() == list(range(40))
    assert len(shop.lines) == 4
    assert not any(line.is_open for line in shop.lines)


def test_no_more_connections_than_there_may_be():
    shop = Shop(40, most=2)
    shop.meet(0, 1)

    shop.several.done_over(shop.own)

    assert (shop.done(), len(shop.lines)) == (list(range(40)), 2)


def test_one_connection_where_no_more_are_wanted():
    shop = Shop(40, most=1)

    shop.several.done_over(shop.own)

    assert shop.own.done == list(range(40))


def test_what_all_accounts_have_together_is_bounded():
    for _ in range(MOST_BESIDE):
        assert spare.acquire(blocking=False)
    shop = Shop(40)

    shop.several.done_over(shop.own)
    for _ in range(MOST_BESIDE):
        spare.release()

    assert (len(shop.lines), shop.own.done) == (1, list(range(40)))


# -- connections that are not there, or are lost


def test_a_connection_that_is_refused_is_no_failure_and_no_other_is_asked_for():
    shop = Shop(40, refusals=[LoginRefusedError("no more than one")])

    shop.several.done_over(shop.own)

    assert shop.own.done == list(range(40))
    assert shop.notes == ["going on without a further connection: no more than one"]


def test_the_third_may_be_refused_while_the_second_works():
    shop = Shop(40, refusals=[None, TemporaryError("two at most")])
    shop.meet(0, 1)

    shop.several.done_over(shop.own)

    assert shop.done() == list(range(40))
    assert shop.lines[1].done
    assert shop.notes == ["going on without a further connection: two at most"]


def test_what_a_further_connection_was_lost_at_is_done_over_another():
    shop = Shop(40, most=2)
    shop.lose("1", 0, 1)

    shop.several.done_over(shop.own)

    assert sorted(shop.own.done) == list(range(40))
    assert shop.notes == ["going on without a further connection: gone"]


def test_what_the_first_connection_was_lost_at_is_done_by_those_beside():
    shop = Shop(40, most=2)
    shop.lose("own", 0, 1)

    shop.several.done_over(shop.own)

    assert shop.own.done == []
    assert sorted(shop.lines[1].done) == list(range(40))
    assert shop.notes == ["going on without the first connection: gone"]


def test_with_no_connection_left_the_first_ones_failure_is_told():
    shop = Shop(40)

    def gone(line, task):
        raise ServerUnreachableError(f"gone from {line.name}")

    shop.troubles = dict.fromkeys(range(20, 40), gone)

    with pytest.raises(ServerUnreachableError, match="gone from own"):
        shop.several.done_over(shop.own)

    assert shop.done() == list(range(20))


def test_a_full_disk_ends_all():
    shop = Shop(400, most=2)
    shop.meet(0, 1)
    full = threading.Event()

    def is_full(line, task):
        if line.name == "1" and not full.is_set():
            full.set()
            raise StorageError("the disk is full")
        full.wait(PATIENCE)

    shop.troubles |= dict.fromkeys(range(2, 400), is_full)

    with pytest.raises(StorageError, match="the disk is full"):
        shop.several.done_over(shop.own)

    assert len(shop.done()) < 400


def test_a_bug_beside_is_raised_as_one():
    shop = Shop(40, refusals=[ZeroDivisionError("a bug")])
    shop.troubles[39] = lambda *_: shop.several.over.wait(PATIENCE)

    with pytest.raises(ZeroDivisionError):
        shop.several.done_over(shop.own)


# -- to stop


def test_all_end_when_they_are_to_stop():
    shop = Shop(400, most=2)
    shop.meet(0, 1)
    shop.troubles[10] = lambda *_: shop.stop.set()

    with pytest.raises(InterruptedByUserError):
        shop.several.done_over(shop.own)

    assert 2 < len(shop.done()) < 400
    assert not shop.lines[1].is_open


def test_who_waits_for_a_silent_server_is_cut_off():
    shop = Shop(40, most=2)
    shop.meet(0, 1)
    silent, go = threading.Event(), threading.Event()

    def trouble(line, task):
        if line.name == "1":
            silent.set()
            go.wait(PATIENCE)
        else:
            silent.wait(PATIENCE)
            raise KeyboardInterrupt

    shop.troubles |= dict.fromkeys(range(2, 40), trouble)

    with pytest.raises(KeyboardInterrupt):
        shop.several.done_over(shop.own)
    go.set()

    assert shop.lines[1].is_cut


def test_who_is_not_connected_yet_is_not_waited_for():
    go = threading.Event()

    class Slow(Line):
        def __enter__(self):
            go.wait(PATIENCE)
            return super().__enter__()

    shop = Shop(40)
    shop.several.more = Slow

    shop.several.done_over(shop.own)
    came_back = not go.is_set()
    go.set()

    assert came_back
    assert shop.own.done == list(range(40))


# -- in order


def test_what_is_ready_early_waits_for_what_comes_before_it():
    said, order = [], InOrder()

    for number in (2, 0, 1, 5):
        order.put(number, lambda number=number: said.append(number))
    before = list(said)
    order.rest()

    assert (before, said) == ([0, 1, 2], [0, 1, 2, 5])


def test_how_far_all_are_is_one_number_and_the_end_is_said_once():
    shown = []
    tally = Tally([10, 5], lambda done, total: shown.append((done, total)))

    tally.reach(1, 5, 5)
    tally.reach(0, 4, 8)
    tally.reach(0, 8, 8)
    tally.end()

    assert shown == [(5, 15), (9, 13), (12, 13), (13, 13)]


def test_where_nothing_was_to_be_told_no_end_is():
    shown = []

    Tally([0, 0], lambda *numbers: shown.append(numbers)).end()

    assert shown == []
