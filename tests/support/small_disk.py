"""A file system so small that a test can fill it; mounting one takes root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


@contextmanager
def mounted(place: Path, *, kilobytes: int = 256) -> Iterator[Path]:
    """A file system of that size on a new folder."""
    place.mkdir(parents=True)
    options = f"size={kilobytes}k,mode=0777"
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run([*AS_ROOT, "umount", place], check=True)


def fill(path: Path) -> None:
    """Write a file until nothing more goes in."""
    with path.open("wb", buffering=0) as stream:
        for size in (4096, 1):
            try:
                while stream.write(b"x" * size):
                    pass
            except OSError:
                continue
