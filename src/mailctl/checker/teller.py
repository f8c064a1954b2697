"""The one thread that shows notifications and writes down what was told: both may take long, and one may hang."""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

from mailctl.domain.announce import Decision, TroubleDecision
from mailctl.errors import MailctlError, NotShownError, StorageError
from mailctl.local.marks import Marks
from mailctl.notify import Notifier
from mailctl.services.telling import carry_out


class Task(NamedTuple):
    """Something to tell: of one account, or of those that fail."""

    account: str
    decision: Decision | TroubleDecision
    changed: bool


class Told(NamedTuple):
    """What came of a task: why nobody displayed it, or why it could not be written down."""

    task: Task
    error: NotShownError | None = None
    unsaved: StorageError | None = None


class Teller:
    """Tasks, done one after the other."""

    def __init__(self, way: Notifier, files: Marks, wake: Callable[[], None]) -> None:
        self.way = way
        self.files = files
        self.wake = wake
        self.tasks: SimpleQueue[Task | None] = SimpleQueue()
        self.results: SimpleQueue[Told] = SimpleQueue()
        self.begun: float | None = None
        self.nudge, self.nudged = socket.socketpair()
        self.nudged.setblocking(False)
        self.thread = threading.Thread(target=self.run, name="teller", daemon=True)
        self.thread.start()

    def tell(self, task: Task) -> None:
        """Have something told."""
        self.put(task)

    def put(self, task: Task | None) -> None:
        """Put a task into the queue and wake the thread; None ends it."""
        self.tasks.put(task)
        self.nudge.send(b"x")

    def gather(self) -> list[Told]:
        """The tasks that are done."""
        found = []
        while not self.results.empty():
            found.append(self.results.get())
        return found

    def hangs(self, seconds: float) -> bool:
        """Whether it has been at one task for longer."""
        begun = self.begun
        return begun is not None and time.monotonic() - begun > seconds

    def close(self, seconds: float = 1.0) -> None:
        """Do what is waiting, for so long at most, and let go of the desktop."""
        self.put(None)
        self.thread.join(seconds)
        if not self.thread.is_alive():
            self.nudge.close()
            self.nudged.close()

    def run(self) -> None:
        """Do tasks and heed the user's answers until told to end."""
        while True:
            self.await_something()
            while not self.tasks.empty():
                task = self.tasks.get()
                if task is None:
                    self.way.close()
                    return
                self.begun = time.monotonic()
                self.results.put(self.done(task))
                self.begun = None
                self.wake()
            self.way.heed()

    def await_something(self) -> None:
        """Come back when there is a task, or the user answered."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.nudged, selectors.EVENT_READ)
            answers = self.way.fileno()
            if answers is not None:
                selector.register(answers, selectors.EVENT_READ)
            selector.select()
        try:
            self.nudged.recv(4096)
        except BlockingIOError:
            return

    def done(self, task: Task) -> Told:
        """Do one task."""
        try:
            return Told(task, unsaved=self.carry_out(task))
        except NotShownError as error:
            return Told(task, error=error)
        except Exception as error:  # noqa: BLE001 - a notifier's bug must not silence the others
            return Told(task, error=NotShownError(f"{self.way.name} failed: {type(error).__name__}"))

    def carry_out(self, task: Task) -> StorageError | None:
        """Show what there is to show, and write down that it was told."""
        if isinstance(task.decision, Decision):
            return carry_out(self.way, self.files, task.account, task.decision, changed=task.changed)
        if task.decision.notice is not None:
            self.way.show(task.decision.notice)
        try:
            self.files.save_troubles(task.decision.told)
        except StorageError as error:
            return error
        return None


def explained(error: BaseException) -> str:
    """A failure in one line."""
    return str(error) if isinstance(error, MailctlError) else f"a fault in mailctl itself ({type(error).__name__})"
