"""Where the checker's socket lies, and how it is reached whatever the length of its path."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailctl.store.paths import Paths

LONGEST = 100  # bytes; the system takes some 107


def socket_file(paths: Paths) -> Path:
    """The socket of the checker that keeps its state there."""
    return paths.runtime / "checker.sock"


@contextmanager
def reached(path: Path) -> Iterator[str]:
    """A name for a socket that is short enough to be bound or connected to, until the end."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
