"""The send log: a line an attempt, in a file that is begun anew when it has grown."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

LARGEST = 1 << 20  # bytes
KEPT = 3  # former files: send.log.1 is the youngest


class SendLog:
    """A file of its owner's only, to which several processes add at once.

    What cannot be written is not: no mail waits for its line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, line: str) -> None:
        """Add a line, whole or not at all."""
        with suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = self.opened()
            try:
                append(descriptor, line.encode("utf-8", "backslashreplace"))
            finally:
                os.close(descriptor)

    def opened(self) -> int:
        """The file, locked, and not too large; a descriptor."""
        while True:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_current(descriptor, self.path) and os.fstat(descriptor).st_size < LARGEST:
                return descriptor
            try:
                if is_current(descriptor, self.path):
                    self.rotate()
            finally:
                os.close(descriptor)

    def rotate(self) -> None:
        """Begin anew; the oldest of the former files goes."""
        for number in range(KEPT - 1, 0, -1):
            with suppress(FileNotFoundError):
                self.former(number).replace(self.former(number + 1))
        self.path.replace(self.former(1))

    def former(self, number: int) -> Path:
        """A former file."""
        return self.path.with_name(f"{self.path.name}.{number}")


def is_current(descriptor: int, path: Path) -> bool:
    """Whether a file is still the one of that name; somebody may have begun a new one while one waited."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def append(descriptor: int, data: bytes) -> None:
    """Write at the end of a locked file; where the disk is full, half a line goes again."""
    before = os.fstat(descriptor).st_size
    try:
        written = os.write(descriptor, data)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
    if written < len(data):
        os.ftruncate(descriptor, before)
