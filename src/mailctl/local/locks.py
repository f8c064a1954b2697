"""Locks between processes on this machine; the system frees them when their holder ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mailctl.errors import StorageError

LOOK_AGAIN = 0.1  # seconds


@contextmanager
def held(path: Path, *, patience: float, too_late: Callable[[], Exception]) -> Iterator[int]:
    """Hold a lock, waiting for whoever has it; the descriptor that holds it can be handed on to a process beside.

    Args:
        path: a file, made where it is missing.
        patience: seconds to wait.
        too_late: the error when they have passed.

    Raises:
        StorageError: the file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint=f"ls -ld {path.parent}") from error
    try:
        deadline = time.monotonic() + patience
        while not had(descriptor):
            if time.monotonic() > deadline:
                raise too_late()
            time.sleep(LOOK_AGAIN)
        yield descriptor
    finally:
        os.close(descriptor)


def had(descriptor: int) -> bool:
    """Whether the lock could be had without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
