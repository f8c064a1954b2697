"""Many messages into the outbox at once: made durable together, held until somebody has dealt with each."""

import fcntl
import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from msgspec.structs import replace

from mailctl.domain.content import Raw, blocks
from mailctl.domain.outgoing import Entry
from mailctl.local.maildir import storage, sync, sync_file_system
from mailctl.local.outbox import ENTRY, MESSAGE, Outbox, clear_away, written

Coming = tuple[Entry, Raw]


class Held:
    """Entries that nobody else works on, each until it is released."""

    def __init__(self, entries: tuple[Entry, ...], locks: Sequence[int]) -> None:
        self.entries = entries
        self.locks = {entry.id: lock for entry, lock in zip(entries, locks, strict=True)}

    def release(self, number: int) -> None:
        """Let others work on an entry; once is enough."""
        lock = self.locks.pop(number, None)
        if lock is not None:
            os.close(lock)

    def release_all(self) -> None:
        """Let others work on whatever is still held."""
        for number in tuple(self.locks):
            self.release(number)


def enter(outbox: Outbox, coming: Sequence[Coming]) -> Held:
    """Take messages in, all of them or none; they are on the disk and held when this returns.

    One call makes a batch durable where fsync takes two for each message, and numbers are given once.

    Raises:
        StorageError: they could not be kept, and nothing of them is there.
    """
    with ExitStack() as undoing, storage(outbox.root):
        outbox.make()
        with outbox.turn():
            outbox.sweep()
            first = outbox.next_number(len(coming))
            entries = tuple(replace(entry, id=first + place) for place, (entry, _) in enumerate(coming))
            folders = [outbox.root / f".new-{os.urandom(8).hex()}" for _ in coming]
            locks = []
            for folder, entry, (_, raw) in zip(folders, entries, coming, strict=True):
                undoing.callback(clear_away, folder)
                locks.append(lay(folder, entry, raw))
                undoing.callback(os.close, locks[-1])
            make_durable(outbox.root, folders)
            for folder, entry in zip(folders, entries, strict=True):
                folder.rename(outbox.folder(entry.id))
                undoing.callback(clear_away, outbox.folder(entry.id))
            sync(outbox.root)
        undoing.pop_all()
    return Held(entries, locks)


def lay(folder: Path, entry: Entry, raw: Raw) -> int:
    """Write a folder with one entry, not yet durable; the descriptor whose lock is the entry's."""
    folder.mkdir(mode=0o700)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name, data in ((MESSAGE, raw), (ENTRY, written(entry))):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.writelines(blocks(data))
    except BaseException:
        os.close(lock)
        raise
    return lock


def make_durable(root: Path, folders: list[Path]) -> None:
    """Have all that was written on the disk."""
    if sync_file_system(root):
        return
    for folder in folders:
        with suppress(FileNotFoundError):
            for name in (MESSAGE, ENTRY):
                sync(folder / name)
            sync(folder)
