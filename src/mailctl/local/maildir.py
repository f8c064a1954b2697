"""The mirror's files: one Maildir a folder, readable by mutt and its like at any moment."""

import errno
import itertools
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from msgspec import Struct

from mailctl.errors import StorageError

RESERVED = frozenset({"cur", "new", "tmp"})
LETTERS = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}
INFO = ":2,"
LONGEST = 200  # bytes of a folder's part; a file system takes 255
GULP = 4 << 20  # bytes written at once
SYNC_EACH = 8  # up to so many files, fsync is cheaper than syncfs
BESIDE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
ALONE = re.compile(rb"\r(?!\n)")
OWN = re.compile(r"[0-9]+\.M[0-9]+P[0-9]+Q[0-9]+R[0-9a-f]{8}\.")
counter = itertools.count()


class Maildir:
    """One folder of one account on this machine.

    Messages have LF line endings, as Maildir readers expect and mbsync writes them. Names hold no UID.
    """

    def __init__(self, root: Path, account: str, folder: str) -> None:
        """Name it; nothing is made before something is written.

        Args:
            root: the folder of all mirrors.
            account: the account's name.
            folder: as `folder_path` gives it.
        """
        self.root = root
        self.parts = (safe(account), *(part if is_safe(part) else safe(part) for part in folder.split("/")))
        self.path = root.joinpath(*self.parts)

    def make(self) -> None:
        """Make the folder and its three inner ones, 0700."""
        with storage(self.path):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = self.root
            for part in self.parts:
                place /= part
                place.mkdir(mode=0o700, exist_ok=True)
            for name in RESERVED:
                (place / name).mkdir(mode=0o700, exist_ok=True)

    def add(self, raw: bytes, *, flags: frozenset[str], received: datetime) -> str:
        """Keep one message and give its key; it is on the disk when this returns."""
        with self.batch() as batch:
            return batch.add(raw, flags=flags, received=received)

    @contextmanager
    def batch(self) -> "Iterator[Batch]":
        """Keep several messages: when this ends they are all on the disk, when it fails none has come in."""
        self.make()
        batch = Batch(self)
        try:
            yield batch
            with storage(self.path):
                batch.commit()
        finally:
            batch.drop()

    def keys(self) -> dict[str, Path]:
        """Every message and its file."""
        found: dict[str, Path] = {}
        for name in ("new", "cur"):
            with storage(self.path), suppress(FileNotFoundError), os.scandir(self.path / name) as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        found[key_of(entry.name)] = Path(entry.path)
        return found

    def find(self, key: str, flags: frozenset[str] = frozenset()) -> Path | None:
        """The file of a message, whatever flags another program has given it meanwhile; None when it is gone.

        Args:
            key: what `add` gave.
            flags: those it probably has, which are tried first.
        """
        for likely in self.likely(key, flags):
            if os.path.isfile(likely):  # noqa: PTH113
                return Path(likely)
        return self.keys().get(key)

    def set_flags(self, key: str, flags: frozenset[str], *, before: frozenset[str] = frozenset()) -> bool:
        """Give a message exactly these flags; False when it is gone."""
        target = f"{self.path}/cur/{named(key, flags)}"
        with storage(self.path):
            if any(moved(likely, target) for likely in self.likely(key, before, may_be_new=bool(letters(flags)))):
                return True
        source = self.find(key, before)
        if source is None:
            return False
        if source.parent.name == "new" and not letters(flags):
            return True
        with storage(self.path):
            source.replace(target)
        return True

    def remove(self, key: str, flags: frozenset[str] = frozenset()) -> None:
        """Take a message away; one that is gone is no error."""
        with storage(self.path):
            if any(unlinked(likely) for likely in self.likely(key, flags)):
                return
        source = self.find(key, flags)
        if source is not None:
            with storage(self.path):
                source.unlink(missing_ok=True)

    def likely(self, key: str, flags: frozenset[str], *, may_be_new: bool = True) -> list[str]:
        """Where a message lies unless another program gave it flags: as text, for a thousand paths cost 0.3 s."""
        return [f"{self.path}/cur/{named(key, flags)}", *([f"{self.path}/new/{key}"] if may_be_new else [])]

    def sweep(self) -> None:
        """Take away what a killed run left half-written; nobody else may be adding."""
        with storage(self.path), suppress(FileNotFoundError):
            for rest in (self.path / "tmp").iterdir():
                rest.unlink(missing_ok=True)

    def drop(self) -> None:
        """Take away the folder's messages, and the folder where it holds no other."""
        with storage(self.path):
            for name in RESERVED:
                inner = self.path / name
                for file in inner.iterdir() if inner.is_dir() else ():
                    file.unlink(missing_ok=True)
                with suppress(FileNotFoundError):
                    inner.rmdir()
            with suppress(OSError):  # other folders lie in it
                self.path.rmdir()


class Waiting(Struct, frozen=True):
    """A file written and not yet in place."""

    source: str
    target: str


class Batch:
    """Messages that come into a Maildir together."""

    def __init__(self, maildir: Maildir) -> None:
        self.maildir = maildir
        self.folder = str(maildir.path)
        self.mark = os.urandom(4).hex()
        self.waiting: list[Waiting] = []

    def add(self, raw: bytes, *, flags: frozenset[str], received: datetime) -> str:
        """Write one message beside, and give its key; the file's time is that of its arrival."""
        key = new_key(self.mark)
        name = f"cur/{named(key, flags)}" if letters(flags) else f"new/{key}"
        source = f"{self.folder}/tmp/{key}"  # noqa: S108 - the Maildir's own
        self.waiting.append(Waiting(source, f"{self.folder}/{name}"))
        try:
            descriptor = os.open(source, BESIDE, 0o600)
            try:
                write_all(descriptor, raw)
                moment = max(received.timestamp(), 0.0)
                os.utime(descriptor, (moment, moment))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise failure(self.maildir.path, error) from error
        return key

    def commit(self) -> None:
        """Make the files durable, then move them into place."""
        if not self.waiting:
            return
        sync_files([one.source for one in self.waiting])
        for one in self.waiting:
            os.replace(one.source, one.target)  # noqa: PTH105 - ten thousand paths cost half a second
        for folder in {one.target.rpartition("/")[0] for one in self.waiting}:
            sync(folder)
        self.waiting.clear()

    def drop(self) -> None:
        """Forget what is not in place."""
        for one in self.waiting:
            with suppress(OSError):
                os.unlink(one.source)  # noqa: PTH108
        self.waiting.clear()


def folder_path(name: str, delimiter: str | None) -> str:
    """The path of a server's folder under its account's: nested as the server nests it, letters as they are.

    What a file system or a Maildir cannot have in a name is written as %XX, so that no two folders share one path.
    """
    if name.upper() == "INBOX":
        return "INBOX"
    parts = name.split(delimiter) if delimiter else [name]
    if parts[0].upper() == "INBOX":
        parts[0] = "INBOX"
    return "/".join(safe(part) for part in parts)


def safe(part: str) -> str:
    """One part of a folder's name as a directory's name."""
    if part == "":
        return "%"
    text = "".join(char if is_plain(char) else escaped(char) for char in part)
    if part in RESERVED or part.startswith("."):
        text = escaped(part[0]) + text[1:]
    data = text.encode()
    if len(data) <= LONGEST:
        return text
    import hashlib  # few folders need it

    digest = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{data[: LONGEST - 20].decode('utf-8', 'ignore')}%~{digest}"


def is_plain(char: str) -> bool:
    """Whether a letter may stand in a directory's name as it is."""
    code = ord(char)
    return char not in "%/\\" and code >= 0x20 and not 0x7F <= code <= 0x9F and not 0xD800 <= code <= 0xDFFF


def is_safe(part: str) -> bool:
    """Whether a part of a path can be used as it is, as those of `folder_path` can."""
    return part == "%" or (safe(part.replace("%", "")) == part.replace("%", "") and len(part.encode()) <= LONGEST)


def escaped(char: str) -> str:
    """A letter as %XX, byte by byte."""
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


@cache
def host_name() -> str:
    """This machine's name, as a Maildir's file may bear it."""
    return socket.gethostname().replace("/", "_").replace(":", "_")[:64]


def new_key(mark: str) -> str:
    """A name no other message has: time, process, number, eight random digits that may serve for many, machine."""
    now = time.time_ns()
    return f"{now // 10**9}.M{now // 1000 % 10**6}P{os.getpid()}Q{next(counter)}R{mark}.{host_name()}"


def is_own(key: str) -> bool:
    """Whether a message has a name that `new_key` gave; other programs give other ones."""
    return OWN.match(key) is not None


def key_of(name: str) -> str:
    """The key in a file's name."""
    return name.partition(INFO)[0]


def named(key: str, flags: frozenset[str]) -> str:
    """The file's name of a message with flags."""
    return f"{key}{INFO}{letters(flags)}"


@lru_cache(maxsize=1000)
def letters(flags: frozenset[str]) -> str:
    """IMAP's flags as Maildir's letters, in the order it asks for; keywords have none."""
    return "".join(sorted(LETTERS[flag] for flag in flags if flag in LETTERS))


def moved(source: str, target: str) -> bool:
    """Whether a file was there to be given another name, and has it now."""
    try:
        os.replace(source, target)  # noqa: PTH105
    except FileNotFoundError:
        return False
    return True


def unlinked(path: str) -> bool:
    """Whether a file was there to be taken away."""
    try:
        os.unlink(path)  # noqa: PTH108
    except FileNotFoundError:
        return False
    return True


def flags_of(name: str) -> frozenset[str]:
    """The flags that a file's name tells."""
    info = name.partition(INFO)[2]
    return frozenset(flag for flag, letter in LETTERS.items() if letter in info)


def write_all(descriptor: int, raw: bytes) -> None:
    """Write a message with LF line endings, however much the system takes at once; a large one is not copied whole."""
    start = 0
    while start < len(raw):
        end = min(start + GULP, len(raw))
        end += raw[end - 1 : end + 1] == b"\r\n"
        view = memoryview(bare(raw[start:end]))
        while view:
            view = view[os.write(descriptor, view) :]
        start = end


def bare(raw: bytes) -> bytes:
    """Text with LF in the place of CRLF; to drop every CR, where none stands alone, takes a third of the time."""
    return raw.replace(b"\r\n", b"\n") if ALONE.search(raw) else raw.replace(b"\r", b"")


def sync_files(files: list[str]) -> None:
    """Make the contents of files in one folder durable, with one call for many."""
    if len(files) > SYNC_EACH and sync_file_system(Path(files[0]).parent):
        return
    for file in files:
        sync(file)


def sync_file_system(folder: Path) -> bool:
    """Make all of a file system durable; False where the C library cannot."""
    import ctypes

    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if call is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return bool(call(descriptor) == 0)
    finally:
        os.close(descriptor)


def sync(path: str | Path) -> None:
    """Make one file or folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn the file system's failures into ours."""
    try:
        yield
    except OSError as error:
        raise failure(path, error) from error


def failure(path: Path, error: OSError) -> StorageError:
    """Ours for a failure of the file system."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "free some space and try again" if full else f"ls -ld {path}"
    return StorageError(f"{path}: {error.strerror}", hint=hint)
