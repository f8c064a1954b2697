"""Files written where the user wants them: never over another, never through a link, never outside the folder."""

import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailctl.domain.filename import distinct, shortened
from mailctl.errors import InputMissingError, StorageError

ROOM = 140  # bytes a name may have on the file systems that take fewer than 255


class Folder:
    """An open folder, whatever becomes of its name meanwhile."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.taken: set[str] = set()

    def write(self, name: str, content: bytes) -> Path:
        """Write a new file, 0600, and give its path; a name that is taken gets a number.

        Args:
            name: as `file_name` cleans it.
            content: all of it; a file that cannot be written whole is taken away again.
        """
        with storage(self.path / name):
            chosen, target = self.create(name)
            try:
                with os.fdopen(target, "wb") as stream:
                    stream.write(content)
            except OSError:
                with suppress(OSError):
                    os.unlink(chosen, dir_fd=self.descriptor)
                raise
        return self.path / chosen

    def create(self, name: str) -> tuple[str, int]:
        """A new file under the first free name, opened."""
        wanted = name
        while True:
            chosen = distinct(wanted, self.taken)
            self.taken.add(chosen)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                return chosen, os.open(chosen, flags, 0o600, dir_fd=self.descriptor)
            except FileExistsError:
                continue
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG or wanted != name:
                    raise
                wanted = shortened(name, ROOM)


@contextmanager
def opened_folder(path: Path) -> Iterator[Folder]:
    """A folder to write files into.

    Raises:
        InputMissingError: there is no such folder.
        StorageError: a file could not be written.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except NotADirectoryError as error:
        raise InputMissingError(f"'{path}' is no folder", hint="mailctl save ID DIR") from error
    except OSError as error:
        raise InputMissingError(
            f"cannot save into '{path}': {error.strerror}", hint=f"mkdir -p {shlex.quote(str(path))}"
        ) from error
    except ValueError as error:  # NUL
        raise InputMissingError(f"cannot save into {str(path)!r}: {error}", hint="mailctl save ID DIR") from error
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn the file system's failures into ours."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space and try again" if full else f"ls -ld {shlex.quote(str(path.parent))}"
        raise StorageError(f"{path}: {error.strerror}", hint=hint) from error
