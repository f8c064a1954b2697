"""A small pool of threads for what blocks; a job that never ends costs a thread, and nobody waits for it."""

import threading
import time
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import NamedTuple


class Done(NamedTuple):
    """A job that ended: its number, whose it was, and what came of it."""

    number: int
    owner: Hashable
    result: object
    error: BaseException | None


class Pool:
    """Jobs in threads that die with the process; what comes of them is gathered by one thread, which is woken."""

    def __init__(self, size: int, wake: Callable[[], None]) -> None:
        self.size = size
        self.wake = wake
        self.waiting: SimpleQueue[tuple[int, Hashable, Callable[[], object]] | None] = SimpleQueue()
        self.results: SimpleQueue[Done] = SimpleQueue()
        self.begun: dict[int, tuple[float, Hashable]] = {}
        self.given_up: set[int] = set()
        self.next = 0
        self.threads = 0

    def submit(self, owner: Hashable, job: Callable[[], object]) -> int:
        """Have a job done; gives its number."""
        self.next += 1
        self.begun[self.next] = (time.monotonic(), owner)
        if self.threads < min(self.size, len(self.begun)):
            self.more()
        self.waiting.put((self.next, owner, job))
        return self.next

    @property
    def is_full(self) -> bool:
        """Whether every thread has something to do."""
        return len(self.begun) >= self.size

    def more(self) -> None:
        """Start another thread."""
        self.threads += 1
        threading.Thread(target=self.work, name="checker", daemon=True).start()

    def work(self) -> None:
        """Do jobs one after the other; one that was given up meanwhile was this thread's last."""
        while (job := self.waiting.get()) is not None:
            number, owner, call = job
            try:
                done = Done(number, owner, call(), None)
            except BaseException as error:  # noqa: BLE001 - judged by who gathers the results
                done = Done(number, owner, None, error)
            self.results.put(done)
            self.wake()
            if number in self.given_up:
                self.given_up.discard(number)
                return

    def gather(self) -> list[Done]:
        """The jobs that ended since the last time, without those that were given up."""
        found = []
        while not self.results.empty():
            done = self.results.get()
            if self.begun.pop(done.number, None) is not None:
                found.append(done)
        return found

    def overdue(self, seconds: float) -> list[tuple[int, Hashable]]:
        """Give up the jobs that last longer, so that others get their threads; gives their numbers and owners."""
        limit = time.monotonic() - seconds
        late = [(number, owner) for number, (begun, owner) in self.begun.items() if begun < limit]
        for number, _ in late:
            del self.begun[number]
            self.given_up.add(number)
            self.threads -= 1
        return late

    def close(self) -> None:
        """Let the threads end after what they do now."""
        for _ in range(self.threads):
            self.waiting.put(None)
