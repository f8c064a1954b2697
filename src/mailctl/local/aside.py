"""What comes bit by bit and is not yet accepted: whole while it is small, else in a file without a name."""

import os
from collections.abc import Callable
from pathlib import Path

from mailctl.domain.content import LARGE, Raw
from mailctl.errors import StorageError
from mailctl.local.content import File
from mailctl.local.maildir import storage


class Aside:
    """A message on its way in; nothing of it is left anywhere once nobody has it any more, however a process ends."""

    def __init__(self, folder: Path, make: Callable[[], None]) -> None:
        """Begin; nothing is made before it is needed.

        Args:
            folder: where large ones lie.
            make: makes that folder.
        """
        self.folder = folder
        self.make = make
        self.held: list[bytes] = []
        self.size = 0
        self.file: File | None = None

    def write(self, data: bytes) -> None:
        """Take more of it.

        Raises:
            StorageError: there is no room for it.
        """
        self.held.append(data)
        self.size += len(data)
        if self.size > LARGE:
            with storage(self.folder):
                self.put_down()

    def put_down(self) -> None:
        """Write what is held into the file."""
        if self.file is None:
            self.file = self.nameless()
        for data in self.held:
            view = memoryview(data)
            while view:
                view = view[os.write(self.file.descriptor, view) :]
        self.held.clear()

    def nameless(self) -> File:
        """A file that no other process sees."""
        from tempfile import TemporaryFile

        self.make()
        with TemporaryFile(dir=self.folder) as file:
            return File(os.dup(file.fileno()), lambda why: StorageError(f"{self.folder}: {why}"))

    def content(self) -> Raw:
        """All of it."""
        return b"".join(self.held) if self.file is None else self.file
