"""Work on several accounts at once, for whose silent servers Ctrl-C does not wait."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

MOST_AT_ONCE = 8

Result = TypeVar("Result")


def side_by_side(
    jobs: Sequence[Callable[[], Result]], *, stop: Callable[[], None] = lambda: None, grace: float = 0.0
) -> tuple[Result, ...]:
    """The results of jobs in order, some of which run at once; what one raises is raised when all are done.

    Args:
        jobs: each must leave things whole wherever it ends.
        stop: tells those under way to end; called when Ctrl-C ended the waiting.
        grace: seconds they then have; who still waits for a server is left, and ends with the program.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Result | BaseException]] = SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)

    def work() -> None:
        with suppress(Empty):
            while True:
                number = waiting.get_nowait()
                try:
                    done.put((number, jobs[number]()))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    done.put((number, error))

    threads = [Thread(target=work, daemon=True) for _ in jobs[:MOST_AT_ONCE]]
    for thread in threads:
        thread.start()
    try:
        found = dict(done.get() for _ in jobs)
    except KeyboardInterrupt:
        stop()
        leave(threads, waiting, grace=grace)
        raise
    return tuple(raised(found[number]) for number in sorted(found))


def leave(threads: Sequence[Thread], waiting: "SimpleQueue[int]", *, grace: float) -> None:
    """Let no other job begin, and those under way end, for so many seconds."""
    with suppress(Empty):
        while True:
            waiting.get_nowait()
    deadline = time.monotonic() + grace
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def raised(result: Result | BaseException) -> Result:
    """The result, or the bug that kept it from coming."""
    if isinstance(result, BaseException):
        raise result
    return result
