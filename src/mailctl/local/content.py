"""The content of a file, read block by block; what changes meanwhile is no content."""

import os
import stat
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from mailctl.domain.content import BLOCK, LARGE, Raw
from mailctl.errors import MailctlError


class File:
    """A file that was opened once, so that another may come into its place; it is closed with this.

    Its size is the one it has when that is first asked for; from then on until its last byte is read it has to stay so.
    """

    def __init__(self, descriptor: int, fault: Callable[[str], MailctlError]) -> None:
        """Take an open file.

        Args:
            descriptor: it.
            fault: the error for what is wrong with it, in words.
        """
        self.descriptor = descriptor
        self.fault = fault

    def __del__(self) -> None:
        os.close(self.descriptor)

    @cached_property
    def stand(self) -> tuple[int, int]:
        """Its size, and when it was written last."""
        return self.stand_now()

    def stand_now(self) -> tuple[int, int]:
        """The same, as it is now."""
        found = os.fstat(self.descriptor)
        return found.st_size, found.st_mtime_ns

    def __len__(self) -> int:
        return self.stand[0]

    def blocks(self) -> Iterator[bytes]:
        """Its bytes.

        Raises:
            MailctlError: they cannot be read, or the file was written to.
        """
        size = len(self)
        try:
            for place in range(0, size, BLOCK):
                block = os.pread(self.descriptor, min(BLOCK, size - place), place)
                if len(block) < min(BLOCK, size - place):
                    raise self.fault("it became shorter while it was read")
                yield block
            if self.stand_now() != self.stand:
                raise self.fault("it was written to while it was read")
        except OSError as error:
            raise self.fault(error.strerror or str(error)) from error


def file_at(path: Path, fault: Callable[[str], MailctlError]) -> Raw:
    """What is in a file; of a pipe or what is small, all of it is read at once.

    Args:
        path: where it is.
        fault: the error for what goes wrong once it is open, in words.

    Raises:
        OSError: it cannot be opened, or not be read at once.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size > LARGE:
        return File(descriptor, fault)
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read()
    finally:
        os.close(descriptor)
