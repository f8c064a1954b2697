"""Mail on its way out: a queue that survives a crash, a folder an entry."""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mailctl.domain.content import LARGE, Raw, blocks
from mailctl.domain.message import State
from mailctl.domain.outgoing import Entry
from mailctl.errors import MessageNotFoundError, StorageError, TemporaryError
from mailctl.local.aside import Aside
from mailctl.local.content import File
from mailctl.local.maildir import storage, sync

ENTRY, MESSAGE, LAST = "entry.json", "message.eml", ".last"
STATE = b'"state":'  # nothing like it stands before: an account's name holds no quotes
QUEUED, SENDING, UNKNOWN = b'"queued" ', b'"sending"', b'"unknown"'  # of one length, to be written over each other
PATIENCE_SECONDS = 30.0
MOMENT_SECONDS = 0.05
SMALL, GULP = 1 << 14, 1 << 22


class Outbox:
    """The folder of entries; each is a folder too, named by its number and locked by who works on it.

    What `entering` and `update` write is on the disk when they return, whole, or is not there at all. Numbers are
    never given twice.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    # -- looking

    def entries(self) -> tuple[Entry, ...]:
        """All entries that can be read, the oldest first."""
        return self.scan()[0]

    def scan(self) -> tuple[tuple[Entry, ...], tuple[StorageError, ...]]:
        """All entries, and the errors of those that cannot be read: a broken one breaks no other."""
        found, errors = [], []
        for number in self.numbers():
            try:
                found.append(self.entry(number))
            except MessageNotFoundError:
                continue  # sent meanwhile
            except StorageError as error:
                errors.append(error)
        return tuple(found), tuple(errors)

    def numbers(self) -> list[int]:
        """The numbers of all entries, sorted."""
        with storage(self.root), suppress(FileNotFoundError):
            return sorted(int(name) for name in os.listdir(self.root) if name.isdecimal())  # noqa: PTH208 - faster
        return []

    def entry(self, number: int) -> Entry:
        """One entry as it stands; one that a crash cut short in sending has an unknown fate.

        Raises:
            MessageNotFoundError: there is none of that number.
            StorageError: its file is broken.
        """
        found = self.read(number)
        if found.state is State.SENDING and not self.is_held(number):
            again = self.read(number)  # it may have been sent between reading and looking
            return replace(again, state=State.UNKNOWN) if again.state is State.SENDING else again
        return found

    def read(self, number: int) -> Entry:
        """One entry as its file says it."""
        path = self.folder(number) / ENTRY
        try:
            return replace(msgspec.json.decode(content(path), type=Entry), id=number)
        except FileNotFoundError as error:
            if self.folder(number).exists():
                raise broken(path, "it is missing") from error
            raise MessageNotFoundError(f"no {number} in the outbox", hint="mailctl outbox list") from error
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise broken(path, str(error)) from error

    def raw(self, entry: Entry) -> Raw:
        """The message itself; a large one is read when it is wanted."""
        path = self.folder(entry.id) / MESSAGE
        with storage(path):
            if entry.size <= LARGE:
                return content(path)
            return File(os.open(path, os.O_RDONLY | os.O_CLOEXEC), lambda why: broken(path, why))

    def folder(self, number: int) -> Path:
        """Where an entry lies."""
        return self.root / str(number)

    # -- holding

    @contextmanager
    def held(self, number: int, *, patience: float = MOMENT_SECONDS) -> Iterator[Entry | None]:
        """An entry nobody else works on meanwhile; None when somebody does, or when it is gone.

        Args:
            number: which one.
            patience: seconds to wait for who holds it.
        """
        lock = self.locked(number, patience)
        try:
            yield self.fresh(number) if lock is not None else None
        finally:
            if lock is not None:
                os.close(lock)

    def fresh(self, number: int) -> Entry | None:
        """A held entry; what stands in state `sending` was cut short, for nobody else is at it."""
        try:
            entry = self.read(number)
        except MessageNotFoundError:
            return None
        return replace(entry, state=State.UNKNOWN) if entry.state is State.SENDING else entry

    def locked(self, number: int, patience: float) -> int | None:
        """A descriptor whose lock is the entry's; None when it cannot be had."""
        deadline = time.monotonic() + patience
        with storage(self.folder(number)):
            try:
                descriptor = os.open(self.folder(number), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            while not try_lock(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return None
                time.sleep(0.005)
        return descriptor

    def is_held(self, number: int) -> bool:
        """Whether somebody works on an entry."""
        with storage(self.folder(number)):
            try:
                descriptor = os.open(self.folder(number), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
            try:
                return not try_lock(descriptor, fcntl.LOCK_SH)
            finally:
                os.close(descriptor)

    # -- changing

    def add(self, entry: Entry, raw: Raw) -> Entry:
        """Take a message in; the entry with its number.

        Raises:
            StorageError: it could not be kept, and nothing of it is there.
        """
        with self.entering(entry, raw) as kept:
            return kept

    @contextmanager
    def entering(self, entry: Entry, raw: Raw) -> Iterator[Entry]:
        """Take a message in and hold it, so that no flush sends it too.

        Raises:
            StorageError: it could not be kept, and nothing of it is there.
            InputMissingError: a file in it changed meanwhile; nothing of it is there either.
        """
        with storage(self.root):
            beside, lock = self.begin()
        try:
            with storage(self.root):
                kept = self.place(beside, entry, raw)
            yield kept
        finally:
            os.close(lock)

    def begun(self) -> Aside:
        """A message that is to come bit by bit."""
        return Aside(self.root, self.make)

    def aside(self, coming: Iterable[bytes]) -> Raw:
        """A message that comes in blocks.

        Raises:
            StorageError: there is no room for it.
        """
        begun = self.begun()
        for block in coming:
            begun.write(block)
        return begun.content()

    def make(self) -> None:
        """Make the folder of entries where there is none."""
        if not self.root.exists():
            self.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root.mkdir(mode=0o700, exist_ok=True)
            sync(self.root.parent)

    def begin(self) -> tuple[Path, int]:
        """A folder beside the entries, and the descriptor that holds it."""
        self.make()
        with self.turn():
            self.sweep()
            beside = self.root / f".new-{os.urandom(8).hex()}"
            beside.mkdir(mode=0o700)
            lock = os.open(beside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX)
        return beside, lock

    def place(self, beside: Path, entry: Entry, raw: Raw) -> Entry:
        """Write a message, make it durable, and give it its number; nothing is left of one that fails."""
        target = beside
        try:
            write(beside / MESSAGE, raw)
            with self.turn():
                kept = replace(entry, id=self.next_number())
                write(beside / ENTRY, written(kept))
                sync(beside)
                beside.rename(self.folder(kept.id))
                target = self.folder(kept.id)
                sync(self.root)
        except BaseException:
            clear_away(target)
            raise
        return kept

    def update(self, entry: Entry) -> None:
        """Write how far an entry has come; one that is gone stays gone."""
        folder = self.folder(entry.id)
        beside = folder / f".{ENTRY}-{os.urandom(4).hex()}"
        with storage(folder), suppress(FileNotFoundError):
            try:
                write(beside, written(entry))
                beside.replace(folder / ENTRY)
            except OSError:
                beside.unlink(missing_ok=True)
                raise
            sync(folder)

    def mark_sending(self, entry: Entry) -> None:
        """Note that an entry may be with the server from now on, in place: a quarter of what writing it anew costs."""
        path = self.folder(entry.id) / ENTRY
        with storage(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                place = os.read(descriptor, SMALL).find(STATE) + len(STATE)
                if os.pread(descriptor, len(QUEUED), place) in (QUEUED, UNKNOWN):
                    os.pwrite(descriptor, SENDING, place)
                    return os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        return self.update(replace(entry, state=State.SENDING))

    def remove(self, entry: Entry) -> None:
        """Forget an entry, at once and as a whole."""
        self.clear([self.put_away(entry)])

    def put_away(self, entry: Entry) -> Path:
        """Take an entry out of the outbox at once, and give what is to be cleared; a power cut may bring it back."""
        gone = self.root / f".gone-{entry.id}-{os.urandom(4).hex()}"
        with storage(self.root), suppress(FileNotFoundError):
            self.folder(entry.id).rename(gone)
        return gone

    def make_lasting(self) -> None:
        """Let no power cut bring back what was put away before."""
        with storage(self.root):
            sync(self.root)

    def clear(self, gone: list[Path]) -> None:
        """Make it last that entries are gone, and take away their files; the next who comes sweeps up what is left."""
        if gone:
            self.make_lasting()
        for folder in gone:
            clear_away(folder)

    def rename_account(self, name: str, new: str) -> None:
        """Let the entries of an account follow it to its new name.

        Raises:
            TemporaryError: one is being sent for longer than one can wait.
        """

        def renamed(entry: Entry) -> Entry:
            account, fallback = (new if known == name else known for known in (entry.account, entry.fallback))
            return replace(entry, account=account or new, fallback=fallback)

        self.revise(renamed)

    def rename_affair(self, ref: str, new: str) -> None:
        """Let the entries that are to be filed under an affair follow it; it raises what `rename_account` does."""
        self.revise(lambda entry: replace(entry, affairs=tuple(new if one == ref else one for one in entry.affairs)))

    def revise(self, edited: Callable[[Entry], Entry]) -> None:
        """Let each entry be as another gives it back."""
        for one in self.entries():
            if edited(one) == one:
                continue
            with self.held(one.id, patience=PATIENCE_SECONDS) as entry:
                if entry is not None:
                    self.update(edited(entry))
                elif self.folder(one.id).exists():
                    raise TemporaryError(f"{one.id} in the outbox is being sent", hint="mailctl outbox list")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One at a time gives numbers and sweeps."""
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def next_number(self, many: int = 1) -> int:
        """The first of so many free numbers, higher than any before; the caller has the turn."""
        path = self.root / LAST
        kept = path.read_text() if path.exists() else ""
        number = max([int(kept) if kept.isdecimal() else 0, *self.numbers()]) + 1
        beside = self.root / f"{LAST}-new"
        try:
            beside.write_text(str(number + many - 1))
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        return number

    def sweep(self) -> None:
        """Take away what killed runs left half-written or half-removed; the caller has the turn."""
        for name in os.listdir(self.root):  # noqa: PTH208 - ten times as fast as paths
            if not name.startswith((".new-", ".gone-")):
                continue
            rest = self.root / name
            with suppress(FileNotFoundError):
                descriptor = os.open(rest, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    if try_lock(descriptor, fcntl.LOCK_EX):
                        clear_away(rest)
                finally:
                    os.close(descriptor)


def clear_away(folder: Path) -> None:
    """Take away an entry's folder and its files, as far as that goes; shutil costs more to load than this to run."""
    with suppress(OSError):
        with os.scandir(folder) as found:
            for one in found:
                os.unlink(one.path)  # noqa: PTH108 - a thousand paths cost more than what is done with them
        folder.rmdir()


def try_lock(descriptor: int, kind: int) -> bool:
    """Whether a lock could be had without waiting."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def written(entry: Entry) -> bytes:
    """An entry as its file holds it, with room for another state in place."""
    return msgspec.json.encode(entry).replace(STATE + QUEUED.rstrip(), STATE + QUEUED, 1)


def content(path: Path) -> bytes:
    """All that stands in a file; a small one takes two calls of the system, where Python's files take six."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.read(descriptor, SMALL)
        if len(found) < SMALL:
            return found
        parts = [found]
        while part := os.read(descriptor, GULP):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def write(path: Path, data: Raw) -> None:
    """Write a new file, 0600, whose content is on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        for block in blocks(data):
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())


def broken(path: Path, why: str) -> StorageError:
    """The error of an entry that cannot be read."""
    return StorageError(f"{path}: {why}", hint=f"look at {path.parent / MESSAGE}; rm -r {path.parent} forgets it")
