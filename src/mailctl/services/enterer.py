"""Who enters an account's messages while they come: this process or, where they are many, one beside it."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from mailctl.errors import StorageError
from mailctl.services.entering import Answer, Coming, enter

if TYPE_CHECKING:
    import subprocess

    from mailctl.local.index import Index

MANY = 500  # messages; a process that takes fewer apart costs more time than it saves
PROGRAM = (sys.executable, "-P", "-m", "mailctl.services.entering")


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


spare = BoundedSemaphore(max(processors() - 1, 1))  # processes beside, those of all accounts together


class Enterer:
    """Enters messages of one account; several threads may ask it.

    Python runs one thread at a time: a process beside takes messages apart while this one reads the next. It
    holds the account's lock too, so that no other run begins while it finishes what a killed one asked for.
    """

    def __init__(self, index: "Index", root: Path, *, lock: int) -> None:
        """Name what it needs; nothing is started.

        Args:
            index: where messages are entered.
            root: the folder of all mirrors.
            lock: the descriptor that holds the account's lock.
        """
        self.index = index
        self.root = root
        self.lock = lock
        self.turn = Lock()
        self.beside: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Enterer":
        return self

    def __exit__(self, *error: object) -> None:
        with self.turn:
            self.end()

    def expect(self, messages: int) -> None:
        """Let a process beside begin, if so many messages are worth it and a processor is free for it."""
        with self.turn:
            if messages >= MANY and self.beside is None and spare.acquire(blocking=False):
                self.beside = self.started()
                if self.beside is None:
                    spare.release()

    def started(self) -> "subprocess.Popen[bytes] | None":
        """The process, in a group of its own: Ctrl-C is for this one only. None where the system gives no more."""
        import subprocess

        with suppress(OSError):
            return subprocess.Popen(
                [*PROGRAM, self.index.path, self.root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(self.lock,),
                process_group=0,
            )
        return None

    def enter(self, coming: Coming) -> None:
        """Enter messages whose files are in their mirror, all or none.

        Raises:
            StorageError: the disk does not take them.
        """
        with self.turn:
            if self.beside is None:
                pass
            elif self.was_entered_beside(self.beside, coming):
                return
            else:
                self.end()
                coming = self.rest(coming)
        enter(self.index, self.root, coming)

    def was_entered_beside(self, process: "subprocess.Popen[bytes]", coming: Coming) -> bool:
        """Let the process beside enter messages; False where it was killed, whatever it did before."""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(coming) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            return False
        if not line.endswith(b"\n"):
            return False
        answer = msgspec.json.decode(line, type=Answer)
        if answer.error:
            raise StorageError(answer.error, hint=answer.hint)
        if answer.fault:
            raise RuntimeError(answer.fault)
        return True

    def rest(self, coming: Coming) -> Coming:
        """What was not entered yet."""
        there = {one.uid for one in self.index.known(coming.folder, uids=[one.uid for one in coming.messages])}
        return replace(coming, messages=tuple(one for one in coming.messages if one.uid not in there))

    def end(self) -> None:
        """Let the process beside finish, and wait for it."""
        if self.beside is None:
            return
        process, self.beside = self.beside, None
        try:
            process.communicate()
        finally:
            spare.release()
