"""A folder that is handed over: files are added and never overwritten, so that an export can be run again."""

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from mailctl.domain.filename import split
from mailctl.errors import AlreadyExistsError, InputMissingError, UsageError
from mailctl.local.saving import storage

BESIDE = ".mailctl-part"  # what is not whole yet; the next run writes over it


class Target:
    """The folder of an export, made when it is missing."""

    def __init__(self, root: Path) -> None:
        """Open it.

        Raises:
            AlreadyExistsError: it is no folder.
            InputMissingError: its name is none.
            StorageError: it cannot be made.
        """
        self.root = root
        try:
            with storage(root):
                if root.exists() and not root.is_dir():
                    raise AlreadyExistsError(f"{root} is no folder", hint="export into another one")
                root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except ValueError as error:  # NUL
            raise InputMissingError(
                f"cannot export into {str(root)!r}: {error}", hint="mailctl affair export REF DIR"
            ) from error

    def read(self, name: str) -> str | None:
        """The text of a file; None where there is none."""
        with storage(self.root / name):
            try:
                return (self.root / name).read_bytes().decode("utf-8", "replace")
            except FileNotFoundError:
                return None

    def place(self, folder: str, name: str, content: bytes) -> str:
        """Have a file with this content, under the first name that is free or holds just that; its path within."""
        home = self.root / folder
        stem, suffix = split(name)
        with storage(home / name):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in count():
                chosen = f"{stem}-{number}{suffix}" if number else name
                if not os.path.lexists(home / chosen):
                    write(home, chosen, content)
                    break
                if holds(home / chosen, content):
                    break
        return f"{folder}/{chosen}" if folder else chosen

    def renew(self, name: str, text: str) -> None:
        """Let a file of ours hold this text; one that does already is left alone."""
        data = text.encode("utf-8", "replace")
        with storage(self.root / name):
            if not holds(self.root / name, data):
                write(self.root, name, data)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self.root / name).is_file()

    @property
    def archive(self) -> Path:
        """The zip file beside the folder.

        Raises:
            UsageError: the root of all folders has nothing beside it.
        """
        whole = self.root.resolve()
        if not whole.name:
            raise UsageError(f"{whole} cannot be packed: nothing lies beside it", hint="export into another folder")
        return whole.with_name(f"{whole.name}.zip")

    def pack(self, files: Iterable[str], mark: str) -> Path:
        """The export's files in a zip file beside the folder, made anew.

        Args:
            files: which ones.
            mark: a file that only a zip file of an export holds.

        Raises:
            AlreadyExistsError: there is a file of that name, and it is none of ours.
        """
        from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

        whole, target = self.root.resolve(), self.archive
        beside = target.with_name(f".{target.name}{BESIDE}")
        with storage(target):
            if os.path.lexists(target):
                try:
                    with ZipFile(target) as before:
                        is_ours = f"{whole.name}/{mark}" in before.namelist()
                except (BadZipFile, ValueError):
                    is_ours = False
                if not is_ours:
                    raise AlreadyExistsError(
                        f"there is a file {target} of something else", hint="export into another folder"
                    )
            beside.touch(mode=0o600)
            with ZipFile(beside, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
                for file in sorted(files):
                    if (whole / file).exists():  # what somebody took away is missing in the sums' eyes too
                        archive.write(whole / file, f"{whole.name}/{file}")
            beside.replace(target)
        return target


def write(folder: Path, name: str, content: bytes) -> None:
    """Write a file, 0600, beside, then rename it, so that a run that is killed leaves no half of it."""
    beside = folder / BESIDE
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        beside.replace(folder / name)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def holds(path: Path, content: bytes) -> bool:
    """Whether a file holds just this."""
    try:
        return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False
