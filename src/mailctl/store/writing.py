"""Several files written as one change: beside, fsync, a journal, rename, fsync; the next command finishes a crash's."""

import errno
import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import json

from mailctl.errors import StorageError, StoreError

JOURNAL = ".journal"
BESIDE = re.compile(r"\..+\.[0-9a-f]{8}")  # what is not under its own name yet


class Writing:
    """The new texts of some files, and the files to take away, under one folder."""

    def __init__(self, root: Path, texts: Mapping[str, str | bytes], removed: tuple[str, ...]) -> None:
        self.root = root
        self.texts = texts
        self.removed = removed

    def commit(self) -> None:
        """Write all or none; the caller holds the lock.

        Raises:
            StorageError: the old state stands.
        """
        beside: dict[str, str] = {}
        try:
            for folder in {self.root, *((self.root / file).parent for file in self.texts)}:
                sweep(folder)
            for file, text in self.texts.items():
                beside[file] = self.write_beside(file, text)
            self.write_journal(beside)
        except OSError as error:
            for temporary in (*beside.values(), JOURNAL):
                (self.root / temporary).unlink(missing_ok=True)
            raise not_written(self.root, error) from error
        replay(self.root)

    def write_beside(self, file: str, text: str | bytes) -> str:
        """Write a text durably under a name of its own in the same folder; give back that name."""
        folder, _, name = file.rpartition("/")
        temporary = f"{folder}/.{name}.{os.urandom(4).hex()}".lstrip("/")
        write_durably(self.root / temporary, text)
        return temporary

    def write_journal(self, beside: dict[str, str]) -> None:
        """Say durably what is to be renamed and removed: from here on the change is made."""
        journal = {"rename": [[source, target] for target, source in beside.items()], "remove": list(self.removed)}
        temporary = self.root / f"{JOURNAL}.{os.urandom(4).hex()}"
        try:
            write_durably(temporary, json.encode(journal))
            temporary.replace(self.root / JOURNAL)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(self.root)


def replay(root: Path) -> None:
    """Do what the journal says and forget it; done twice it changes nothing more."""
    journal = json.decode((root / JOURNAL).read_bytes())
    folders = {root}
    for source, target in journal["rename"]:
        if (root / source).exists():
            (root / source).replace(root / target)
        folders.add((root / target).parent)
    for file in journal["remove"]:
        (root / file).unlink(missing_ok=True)
        folders.add((root / file).parent)
    for folder in folders:
        sync_folder(folder)
    (root / JOURNAL).unlink()


def sweep(folder: Path) -> None:
    """Take away what crashes left half-written in a folder; who holds the lock knows that it is nobody's."""
    for name in os.listdir(folder):  # noqa: PTH208 - a thousand Path objects cost more than the answer
        if BESIDE.fullmatch(name):
            (folder / name).unlink()


def finish(root: Path) -> None:
    """Finish a change that a crash cut short, if there is one and nobody else is at it."""
    if not (root / JOURNAL).exists():
        return
    with locked(root):  # which replays it
        pass


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the store's lock: on the folder itself, so that no lock file gets into a repository.

    Raises:
        StoreError: the folder is missing or may not be opened.
    """
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{root}: cannot be opened: {error.strerror}", hint="mailctl store path") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if (root / JOURNAL).exists():
            replay(root)
        yield
    finally:
        os.close(folder)


def write_durably(path: Path, text: str | bytes) -> None:
    """Write a new file, 0600, that is on the disk when this returns; nothing is left behind when it is not."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make renames within a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def not_written(root: Path, error: OSError) -> StorageError | StoreError:
    """The failure to write the store, in our words."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(f"{root}: cannot be written: {error.strerror}", hint="mailctl store path")
    return StorageError(f"{root}: cannot be written: {error.strerror}", hint="free some space and try again")
