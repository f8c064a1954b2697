"""What the checker has already told, on disk: one small file an account, whole or not there."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from mailctl.domain.announce import Mark
from mailctl.errors import StorageError

SUFFIX = ".json"
TROUBLE_FILE = "troubles"  # no account's file ends so


class Marks:
    """A folder of marks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.damaged: list[Path] = []

    def load(self, account: str) -> Mark:
        """What is remembered of an account; nothing for a new one.

        A damaged file is set aside as `.bad` and named in `damaged`.
        """
        path = self.root / f"{account}{SUFFIX}"
        found = self.read(path)
        try:
            return Mark() if found is None else msgspec.json.decode(found, type=Mark)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.put_aside(path)
            return Mark()

    def save(self, account: str, mark: Mark) -> None:
        """Remember it, durably.

        Raises:
            StorageError: what was remembered before still is.
        """
        self.write(self.root / f"{account}{SUFFIX}", msgspec.json.encode(mark))

    def rename_account(self, old: str, new: str) -> None:
        """Let what is remembered of an account follow it to its new name.

        Raises:
            StorageError: it cannot.
        """
        source = self.root / f"{old}{SUFFIX}"
        try:
            source.replace(self.root / f"{new}{SUFFIX}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"{source}: cannot be renamed: {error.strerror}", hint=f"ls -ld {self.root}") from error

    def load_troubles(self) -> tuple[str, ...]:
        """The accounts whose failure was told."""
        path = self.root / TROUBLE_FILE
        found = self.read(path)
        try:
            return () if found is None else msgspec.json.decode(found, type=tuple[str, ...])
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.put_aside(path)
            return ()

    def save_troubles(self, accounts: tuple[str, ...]) -> None:
        """Remember the accounts whose failure was told.

        Raises:
            StorageError: what was remembered before still is.
        """
        self.write(self.root / TROUBLE_FILE, msgspec.json.encode(accounts))

    def read(self, path: Path) -> bytes | None:
        """A file's bytes; None when there is none or it cannot be read."""
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            self.damaged.append(path)
            return None

    def put_aside(self, path: Path) -> None:
        """Keep a damaged file under another name."""
        self.damaged.append(path)
        with suppress(OSError):
            path.replace(path.with_name(f"{path.name}.bad"))

    def write(self, path: Path, data: bytes) -> None:
        """Write beside, fsync, rename, fsync the folder."""
        beside = path.with_name(f".{path.name}.new")  # the daemon's lock sees to it that nobody else writes
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(path)
            sync(self.root)
        except OSError as error:
            raise StorageError(
                f"{path}: cannot be written: {error.strerror or error}", hint=f"df -h {self.root}; ls -ld {self.root}"
            ) from error


def sync(folder: Path) -> None:
    """Make a rename within a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
