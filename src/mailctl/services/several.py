"""Tasks of one account shared by a few connections, each in a thread of its own; what one is lost at, others do."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from threading import BoundedSemaphore, Condition, Event, Lock, Thread
from typing import Generic, Protocol, Self, TypeVar

from mailctl.errors import InterruptedByUserError, MailctlError, StorageError

# To open a connection takes four or five round trips, a folder in which something changed two or three, and the next
# connection is opened while folders are fetched over those that there are: for fewer, it would come when all is done.
TASKS_EACH = 4  # that must wait for each connection there would be
MOST_BESIDE = 8  # of all accounts together: they share one interpreter, and its memory
LOOK_SECONDS = 0.2  # between two looks whether Ctrl-C was typed
GRACE_SECONDS = 3.0  # for what each connection is at when Ctrl-C is typed
CUT_SECONDS = 1.0  # for a thread to notice that its connection was cut
FATAL = (StorageError, InterruptedByUserError)  # for all connections, not for one

spare = BoundedSemaphore(MOST_BESIDE)


class Connection(Protocol):
    """What tasks are done over; opened when it is entered."""

    def __enter__(self) -> Self:
        """Open it."""

    def __exit__(self, *error: object) -> None:
        """Close it."""

    def cut(self) -> None:
        """Let whoever waits for the server wait no longer."""


Over = TypeVar("Over", bound=Connection)
Task = TypeVar("Task")


class Several(Generic[Over, Task]):
    """Tasks on their way, and who is at them."""

    def __init__(
        self,
        tasks: Iterable[Task],
        do: Callable[[Over, Task], None],
        *,
        more: Callable[[], Over],
        most: int,
        over: Event,
        stop: Event,
        note: Callable[[str], None],
    ) -> None:
        """Name them; nothing is begun.

        Args:
            tasks: begun in that order.
            do: does one; where it fails it is done again from the start, over another connection.
            more: makes a further connection.
            most: connections at once, the one that is there among them.
            over: is set when all are to end.
            stop: says so from outside.
            note: is told why a further connection is not there.
        """
        self.waiting = deque(tasks)
        self.do = do
        self.more = more
        self.most = most
        self.over = over
        self.stop = stop
        self.note = note
        self.turn = Condition()
        self.connections = 1  # those that are being opened, too
        self.under_way = 0
        self.helpers: list[tuple[Thread, Over]] = []
        self.fault: BaseException | None = None

    def done_over(self, own: Over) -> None:
        """Do all tasks, over the connection that is there and further ones where that pays.

        Raises:
            MailctlError: what the last connection was lost at; or the disk failed, or all were to stop.
        """
        try:
            lost = self.shared(own)
        except InterruptedByUserError:
            self.leave()
            if self.fault is not None:
                raise self.fault from None
            raise
        except BaseException:
            self.leave()
            raise
        self.over.set()
        self.await_ends(LOOK_SECONDS)  # who is still opening a connection ends without being waited for
        if self.waiting and lost is not None:
            raise lost

    def shared(self, own: Over) -> MailctlError | None:
        """Work until nobody is at work any more; what the connection that was there was lost at."""
        self.ask_for_help()
        lost = self.worked(own)
        while self.await_news(can_work=lost is None):
            lost = self.worked(own)
        return lost

    def worked(self, own: Over) -> MailctlError | None:
        """Do what waits; the failure that ended that before nothing did."""
        try:
            self.work(own)
        except FATAL:
            raise
        except MailctlError as error:
            if self.connections > 1:
                self.note(f"going on without the first connection: {error}")
            return error
        return None

    def work(self, connection: Over) -> None:
        """Do one task after the other until none waits; one that fails waits again."""
        while (task := self.next()) is not None:
            try:
                self.do(connection, task)
            except BaseException:
                self.done(task)
                raise
            self.done()

    def next(self) -> Task | None:
        """The next task; None when none waits."""
        if self.is_over():
            raise InterruptedByUserError("interrupted")
        with self.turn:
            if not self.waiting:
                return None
            self.under_way += 1
            return self.waiting.popleft()

    def done(self, *again: Task) -> None:
        """Note that a task is not under way any more, and must be done again if it is named."""
        with self.turn:
            self.under_way -= 1
            self.waiting.extendleft(again)
            self.turn.notify_all()

    def is_over(self) -> bool:
        """Whether all are to end."""
        return self.over.is_set() or self.stop.is_set()

    def await_news(self, *, can_work: bool) -> bool:
        """Wait for tasks that others are at; False when all is done, or nobody is left to do it.

        Args:
            can_work: whether to come back for a task that waits again, too.
        """
        with self.turn:
            while self.under_way or (self.waiting and not can_work and self.connections > 1):
                if self.is_over():
                    raise InterruptedByUserError("interrupted")
                if can_work and self.waiting:
                    return True
                self.turn.wait(LOOK_SECONDS)
            if self.fault is not None:
                raise self.fault
            return can_work and bool(self.waiting)

    # -- those who help

    def ask_for_help(self) -> None:
        """Begin a further connection, where that pays and one may be had."""
        with self.turn:
            pays = len(self.waiting) >= TASKS_EACH * (self.connections + 1)
            if not pays or self.connections >= self.most or self.is_over() or not spare.acquire(blocking=False):
                return
            connection = self.more()
            thread = Thread(target=self.help, args=(connection,), daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the system gives no more threads
                spare.release()
                self.note(f"going on without a further connection: {error}")
                return
            self.connections += 1
            self.helpers.append((thread, connection))

    def help(self, connection: Over) -> None:
        """Open a connection, ask for another one only then, so that a server that gives no more refuses once; work."""
        try:
            with connection:
                self.ask_for_help()
                self.work(connection)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.lose(error)
        finally:
            spare.release()
            with self.turn:
                self.connections -= 1
                self.turn.notify_all()

    def lose(self, error: BaseException) -> None:
        """Go on without a further connection, unless what failed is no fault of its own."""
        if isinstance(error, MailctlError) and not isinstance(error, FATAL):
            self.note(f"going on without a further connection: {error}")
        elif not isinstance(error, InterruptedByUserError):
            self.fault = self.fault or error
            self.over.set()

    def leave(self) -> None:
        """Let those who help end where they are; who waits for the server still is cut off, and waited for no more."""
        self.over.set()
        for thread, connection in self.await_ends(GRACE_SECONDS - CUT_SECONDS):
            connection.cut()
            thread.join(CUT_SECONDS / MOST_BESIDE)

    def await_ends(self, seconds: float) -> list[tuple[Thread, Over]]:
        """Those who help still, so many seconds later."""
        deadline = time.monotonic() + seconds
        for thread, _ in self.helpers:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [(thread, connection) for thread, connection in self.helpers if thread.is_alive()]


class InOrder:
    """What is done in the order of its numbers, whichever is ready first."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.ready: dict[int, Callable[[], None]] = {}
        self.following = 0

    def put(self, number: int, what: Callable[[], None]) -> None:
        """Do it, and what waits for it; or let it wait for those before it."""
        with self.turn:
            self.ready[number] = what
            while self.following in self.ready:
                self.ready.pop(self.following)()
                self.following += 1

    def rest(self) -> None:
        """Do what waits still, though not all before it came."""
        with self.turn:
            for number in sorted(self.ready):
                self.ready.pop(number)()


class Tally:
    """How far several tasks are together."""

    def __init__(self, expected: Iterable[int], show: Callable[[int, int], None]) -> None:
        """Begin.

        Args:
            expected: how much each task is, as far as is known.
            show: is told how much is done, and of how much.
        """
        self.turn = Lock()
        self.parts = [(0, total) for total in expected]
        self.show = show
        self.is_shown = False

    def reach(self, number: int, done: int, total: int) -> None:
        """Note how far one task is."""
        with self.turn:
            self.parts[number] = done, total
            reached, whole = (sum(numbers) for numbers in zip(*self.parts, strict=True))
            self.is_shown = True
            self.show(min(reached, whole - 1), whole)  # the end is said once, and ends the line

    def end(self) -> None:
        """Note that all is done."""
        if self.is_shown:
            whole = sum(total for _, total in self.parts)
            self.show(whole, whole)
