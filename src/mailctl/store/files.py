"""The folder of TOML files: read one at a time, lock, write whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mailctl.domain.account import Account
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import VERSION, Settings
from mailctl.errors import (
    AccountNotFoundError,
    AffairNotFoundError,
    AlreadyExistsError,
    CollaboratorNotFoundError,
    MailctlError,
    Problem,
    StorageError,
    StoreError,
    nearest,
)
from mailctl.store.decode import decode_account, decode_collaborator, decode_settings
from mailctl.store.editors import first_line, install
from mailctl.store.writing import Writing, finish, locked

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair
    from mailctl.store.change import Change

Kept = TypeVar("Kept")
LONGEST_NAME = 250  # bytes; more is no file's name anywhere
LARGEST = 1_000_000  # bytes of one file; a store is written by hand
FOLDERS = ("accounts", "collaborators", "affairs", "signatures", "templates")
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Contents(NamedTuple):
    """All values of a store that can be read, and what is wrong with it."""

    accounts: tuple[Account, ...]
    collaborators: tuple[Collaborator, ...]
    affairs: "tuple[Affair, ...]"
    problems: tuple[Problem, ...]


class Store:
    """A firm's accounts, collaborators, affairs and settings; every value is read from disk when it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trusted: set[str] = set()

    def create(self, settings: Settings) -> None:
        """Make the folders and store.toml.

        Raises:
            AlreadyExistsError: there is a store already.
            StoreError: others may write the folder.
            StorageError: it cannot be made.
        """
        from mailctl.store.encode import encode

        if (self.root / "store.toml").exists():
            raise AlreadyExistsError(f"there is a store in {self.root} already", hint="mailctl store check")
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_shared(self.root, str(self.root))
            for folder in FOLDERS:
                (self.root / folder).mkdir(exist_ok=True, mode=0o700)
        except FileExistsError as error:
            raise AlreadyExistsError(
                f"{error.filename} is there and no folder", hint="mailctl --store DIR init"
            ) from error
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise StorageError(f"{self.root}: cannot be made: {why}", hint="mailctl --store DIR init") from error
        install(self.root)
        with locked(self.root):
            Writing(self.root, {"store.toml": first_line("store.toml") + encode(settings)}, ()).commit()

    def settings(self) -> Settings:
        """What holds for the whole store; a change that a crash cut short is finished first.

        Raises:
            StoreError: there is none, it is invalid, unsafe, or of a newer version.
        """
        refuse_shared(self.root, str(self.root))
        finish(self.root)
        text = self.read("store.toml")
        if text is None:
            raise StoreError(f"no store in {self.root}", hint="mailctl init")
        return decode_settings(text)

    def account(self, name: str) -> Account:
        """One account; no other file is read.

        Raises:
            AccountNotFoundError: with the nearest name as a hint.
            StoreError: the file is invalid or unsafe.
        """
        text = self.read(f"accounts/{name}.toml") if is_plain(name) else None
        if text is None:
            raise AccountNotFoundError(f"no account '{name}'", hint=advice(name, self.account_names(), "account list"))
        return decode_account(name, text)

    def collaborator(self, name: str) -> Collaborator:
        """One collaborator; no other file is read.

        Raises:
            CollaboratorNotFoundError: with the nearest name as a hint.
            StoreError: the file is invalid or unsafe.
        """
        text = self.read(f"collaborators/{name}.toml") if is_plain(name) else None
        if text is None:
            hint = advice(name, self.collaborator_names(), "collaborator list")
            raise CollaboratorNotFoundError(f"no collaborator '{name}'", hint=hint)
        return decode_collaborator(name, text)

    def affair(self, ref: str) -> "Affair":
        """One affair; no other file is read.

        Raises:
            AffairNotFoundError: with the nearest reference as a hint.
            StoreError: the file is invalid or unsafe.
        """
        from mailctl.store.affairs import decode_affair, file_of

        file = file_of(ref)
        text = self.read(file) if ref and len(file.encode()) < LONGEST_NAME else None
        if text is None:
            close = nearest(ref, self.affair_names())
            hint = f"did you mean '{close}'? mailctl affair list" if close else "mailctl affair list"
            raise AffairNotFoundError(f"no affair '{ref}'", hint=hint)
        return decode_affair(ref, text)

    def account_names(self) -> tuple[str, ...]:
        """The names of all accounts, sorted; no file is opened."""
        return self.names("accounts")

    def collaborator_names(self) -> tuple[str, ...]:
        """The names of all collaborators, sorted; no file is opened."""
        return self.names("collaborators")

    def affair_names(self) -> tuple[str, ...]:
        """The references of all affairs, sorted; no file is opened."""
        stems = self.names("affairs")
        if not stems:
            return ()
        from mailctl.domain.affair import ref_of

        return tuple(sorted(ref for stem in stems if (ref := ref_of(stem)) is not None))

    def accounts(self) -> tuple[tuple[Account, ...], tuple[StoreError, ...]]:
        """All accounts, and the errors of those that cannot be read: a broken one breaks no other."""
        return readable(self.account, self.account_names())

    def collaborators(self) -> tuple[tuple[Collaborator, ...], tuple[StoreError, ...]]:
        """All collaborators, and the errors of those that cannot be read."""
        return readable(self.collaborator, self.collaborator_names())

    def affairs(self) -> "tuple[tuple[Affair, ...], tuple[StoreError, ...]]":
        """All affairs, and the errors of those that cannot be read; a file of another name than its own is one."""
        found, errors = readable(self.affair, self.affair_names())
        return found, (*errors, *self.misnamed())

    def misnamed(self) -> tuple[StoreError, ...]:
        """The files in affairs/ whose name stands for no reference."""
        stems = self.names("affairs")
        if not stems:
            return ()
        from mailctl.domain.affair import ref_of, stem_of

        return tuple(
            unsafe(
                f"affairs/{stem}.toml", "no affair's name", hint=f"mv affairs/{stem}.toml affairs/{stem_of(stem)}.toml"
            )
            for stem in stems
            if ref_of(stem) is None
        )

    def contents(self) -> "Contents":
        """All that can be read, and every fault of every file and every reference.

        Raises:
            StoreError: store.toml cannot be read.
        """
        from mailctl.store.references import reference_faults

        self.settings()
        accounts, broken_accounts = self.accounts()
        collaborators, broken_people = self.collaborators()
        affairs, broken_affairs = self.affairs()
        names = frozenset(self.collaborator_names())
        errors = (*broken_accounts, *broken_people, *broken_affairs)
        own = tuple(problem for error in errors for problem in error.problems)
        problems = own + reference_faults(accounts, affairs, names, self.read)
        return Contents(accounts, collaborators, affairs, problems)

    def problems(self) -> tuple[Problem, ...]:
        """Every fault of every file and every reference; what keeps store.toml from being read is raised."""
        return self.contents().problems

    @contextmanager
    def change(self) -> Iterator["Change"]:
        """Gather changes under the store's lock; at the end they are checked and written, all or none.

        Raises:
            StoreError: the store as it would become is invalid; nothing is written then.
            StorageError: the disk is full or a file cannot be written; the old state stands.
        """
        from mailctl.store.change import Change

        self.settings()
        with locked(self.root):
            change = Change(self)
            yield change
            change.commit()

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in one folder of the store."""
        try:
            found = os.listdir(self.root / folder)  # noqa: PTH208 - a thousand Path objects cost more than the answer
        except (FileNotFoundError, NotADirectoryError):
            refuse_shared(self.root, str(self.root))
            return ()
        except OSError as error:
            raise unreadable(folder, error) from error
        return tuple(sorted(name[:-5] for name in found if name.endswith(".toml") and not name.startswith(".")))

    def refuse_shared_folder(self, file: str) -> None:
        """Refuse a file in a folder of the store that others may write; each folder is looked at once.

        Raises:
            StoreError: they may.
        """
        folder = file.rpartition("/")[0]
        if folder in self.trusted:
            return
        if folder and (self.root / folder).stat().st_mode & WRITABLE_BY_OTHERS:
            raise unsafe(folder, "others may write it", hint=f"chmod go-w {self.root / folder}")
        self.trusted.add(folder)

    def read(self, file: str, *, most: int = LARGEST) -> str | None:
        """The text of one file of the store, of `most` bytes; None when there is none.

        Raises:
            StoreError: others may write it, or it cannot be read.
        """
        path = f"{self.root}/{file}"
        try:
            self.refuse_shared_folder(file)
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would wait for a writer
            try:
                state = os.fstat(descriptor)
                is_file = stat.S_ISREG(state.st_mode)
                data = os.read(descriptor, min(state.st_size, most) + 1) if is_file else b""
            finally:
                os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable(file, error) from error
        if not is_file:
            raise unsafe(file, "is no file", hint=f"ls -ld {path}")
        if state.st_mode & WRITABLE_BY_OTHERS:
            raise unsafe(file, "others may write it", hint=f"chmod go-w {path}")
        if len(data) > most:
            raise unsafe(file, f"larger than {most} bytes", hint="mailctl store path")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = 1 + data[: error.start].count(b"\n")
            raise unsafe(file, "not UTF-8", line=line, hint=f"iconv -t utf-8 {path}") from error


def readable(read: Callable[[str], Kept], names: tuple[str, ...]) -> tuple[tuple[Kept, ...], tuple[StoreError, ...]]:
    """The values that can be read, and the errors of the others."""
    values, errors = [], []
    for name in names:
        try:
            values.append(read(name))
        except StoreError as error:
            errors.append(error)
        except StorageError as error:
            errors.append(StoreError(str(error), hint=error.hint, problems=error.problems))
        except MailctlError:  # taken away while we looked
            continue
    return tuple(values), tuple(errors)


def advice(name: str, names: tuple[str, ...], listing: str) -> str:
    """A hint that names the nearest of some names."""
    close = nearest(name, names)
    return f"did you mean '{close}'? mailctl {listing}" if close else f"mailctl {listing}"


def is_plain(name: str) -> bool:
    """Whether a name can be a file's: no folder, no hidden file, no control character."""
    return bool(name) and not name.startswith(".") and "/" not in name and name.isprintable() and len(name) < 200


def refuse_shared(path: Path, shown: str) -> None:
    """Refuse a folder that others may write.

    Raises:
        StoreError: it is, or it cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise StoreError(f"no store in {shown}", hint="mailctl init") from error
    except OSError as error:
        raise unreadable(shown, error) from error
    if not stat.S_ISDIR(mode):
        raise StoreError(f"{shown} is no folder", hint="mailctl --store DIR init")
    if mode & WRITABLE_BY_OTHERS:
        raise StoreError(f"{shown}: others may write it", hint=f"chmod go-w {shown}")


def unsafe(file: str, text: str, *, hint: str, line: int = 0) -> StoreError:
    """A file that is not to be trusted, or cannot be understood at all."""
    problem = Problem(file, line, "", text)
    return StoreError(str(problem), hint=hint, problems=(problem,))


def unreadable(file: str, error: OSError) -> MailctlError:
    """The failure to read a file of the store, in our words."""
    told = unsafe(file, f"cannot be read: {(error.strerror or str(error)).lower()}", hint="mailctl store path")
    if isinstance(error, PermissionError) or error.errno == errno.ELOOP:
        return told
    failure = StorageError(str(told), hint=told.hint)
    failure.problems = told.problems
    return failure


def fresh_settings(*, firm: str, administrator: str) -> Settings:
    """The settings of a new store."""
    return Settings(version=VERSION, firm=firm, administrators=(administrator,))
