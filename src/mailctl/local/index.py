"""The index of fetched mail: SQLite, one file, rebuilt from the Maildirs when it is lost."""

import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from mailctl.domain.message import Head, Summary
from mailctl.errors import MessageNotFoundError, StorageError
from mailctl.local import full_disk
from mailctl.local.migrations import MIGRATIONS, migrate, version

PATIENCE_SECONDS = 30.0
SEEN, FLAGGED, ANSWERED = "\\Seen", "\\Flagged", "\\Answered"
COLUMNS = """messages.id, folders.account, folders.name, folders.path, messages.folder, uid, key, flags, size, received,
    date, sender, recipients, subject, message_id, content_key, has_attachment, odd"""
ENTERED = """folder, uid, key, flags, seen, size, received, date, sender, recipients, subject, message_id, content_key,
    has_attachment, odd"""
ENTERED_MARKS = ", ".join("?" * len(ENTERED.split()))


class KnownFolder(Struct, frozen=True, kw_only=True):
    """A folder as it was when last fetched.

    `clean` is False from before messages come until they are entered: after a crash in between, files may lie in the
    Maildir that no row names. `since` is the day up to which it is complete, None for wholly.
    """

    id: int
    account: str
    name: str
    path: str
    uidvalidity: int
    uidnext: int
    messages: int
    unseen: int | None
    highestmodseq: int | None
    since: datetime | None
    clean: bool


class Entry(Struct, frozen=True, kw_only=True):
    """A message to enter; without UID it waits to be recognised on the server."""

    uid: int | None
    key: str
    flags: frozenset[str]
    size: int
    received: datetime
    head: Head
    odd: bool = False


class Known(Struct, frozen=True, kw_only=True):
    """What fetching needs of an entered message."""

    id: int
    uid: int | None
    key: str
    flags: frozenset[str]
    size: int
    received: datetime
    message_id: str | None


class Stored(Struct, frozen=True, kw_only=True):
    """A message of the index, and where it lies."""

    id: int
    account: str
    folder: str
    path: str
    folder_id: int
    uid: int | None
    key: str
    flags: frozenset[str]
    size: int
    received: datetime
    head: Head
    odd: bool

    @property
    def summary(self) -> Summary:
        """The message as a list shows it."""
        return Summary(
            id=self.id,
            account=self.account,
            folder=self.folder,
            sender=self.head.sender,
            to=self.head.to,
            subject=self.head.subject,
            date=self.head.date or self.received,
            size=self.size,
            unread=SEEN not in self.flags,
            flagged=FLAGGED in self.flags,
            answered=ANSWERED in self.flags,
            has_attachment=self.head.has_attachment,
            message_id=self.head.message_id,
        )


class Index:
    """One connection, which threads take turns at; what is entered is on the disk when `change` ends."""

    def __init__(self, path: Path) -> None:
        """Open it, make it when missing, bring it to the last version.

        A damaged file is set aside as `.bad` and a new one begun; `set_aside` then says where.

        Raises:
            StorageError: it cannot be opened, or is of a newer mailctl.
        """
        self.path = path
        self.turn = threading.RLock()
        self.set_aside: Path | None = None
        with self.mapped():
            try:
                self.database = opened(path)
            except sqlite3.OperationalError as error:
                self.database = full_disk.for_reading(path, error)
            except sqlite3.DatabaseError:
                self.set_aside = put_aside(path)
                self.database = opened(path)
        self.close = weakref.finalize(self, self.database.close)

    @contextmanager
    def mapped(self) -> Iterator[None]:
        """Turn SQLite's and the file system's failures into ours; damage found only now is set aside for the next run.

        Raises:
            StorageError: always ours.
        """
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise full_disk.failure(self.path, error) from error
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            put_aside(self.path)
            raise StorageError(
                f"{self.path}: the index is damaged ({error}); it is set aside, the mail is safe", hint="mailctl fetch"
            ) from error

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is done within; one within another is a part of it."""
        with self.turn, self.mapped():
            if self.database.in_transaction:
                return (yield self.database)
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield self.database
                self.database.execute("COMMIT")
            except BaseException:
                if self.database.in_transaction:
                    self.database.execute("ROLLBACK")
                raise

    def rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self.turn, self.mapped():
            return self.database.execute(query, values).fetchall()

    # -- folders

    def folders(self, account: str) -> tuple[KnownFolder, ...]:
        """The folders of an account, by name."""
        found = self.rows("SELECT * FROM folders WHERE account = ? ORDER BY name", (account,))
        return tuple(known_folder(row) for row in found)

    def folder(self, account: str, name: str) -> KnownFolder | None:
        """A folder by its name on the server; None when it was never fetched."""
        found = self.rows("SELECT * FROM folders WHERE account = ? AND name = ?", (account, name))
        return known_folder(found[0]) if found else None

    def enter_folder(self, account: str, name: str, path: str) -> KnownFolder:
        """A folder, entered when it is new; where its Maildir lies is what it was at first."""
        with self.change() as database:
            database.execute(
                "INSERT INTO folders (account, name, path) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (account, name, path),
            )
        folder = self.folder(account, name)
        assert folder is not None
        return folder

    def rename_account(self, old: str, new: str) -> None:
        """Let the folders of an account be those of its new name."""
        with self.change() as database:
            database.execute("UPDATE folders SET account = ? WHERE account = ?", (new, old))

    def forget_folder(self, folder: int) -> None:
        """Take a folder and its messages out."""
        with self.change() as database:
            database.execute("DELETE FROM folders WHERE id = ?", (folder,))

    def touch(self, folder: int) -> None:
        """Note that messages are about to come into the folder's Maildir."""
        with self.change() as database:
            database.execute("UPDATE folders SET clean = 0, uidnext = 0 WHERE id = ?", (folder,))

    def reset(self, folder: int, uidvalidity: int) -> None:
        """The server has numbered the folder anew (RFC 9051, 2.3.1.1): every message waits to be recognised."""
        with self.change() as database:
            database.execute("UPDATE messages SET uid = NULL WHERE folder = ?", (folder,))
            database.execute("UPDATE folders SET uidvalidity = ?, uidnext = 0 WHERE id = ?", (uidvalidity, folder))

    def settle(
        self,
        folder: int,
        *,
        uidvalidity: int,
        uidnext: int,
        messages: int,
        unseen: int | None,
        highestmodseq: int | None,
        since: datetime | None,
    ) -> None:
        """Note that the mirror now is as the server said the folder is."""
        with self.change() as database:
            database.execute(
                "UPDATE folders SET uidvalidity = ?, uidnext = ?, messages = ?, unseen = ?, highestmodseq = ?, "
                "since = ?, clean = 1 WHERE id = ?",
                (uidvalidity, uidnext, messages, unseen, highestmodseq, seconds(since), folder),
            )

    # -- messages

    def known(self, folder: int, *, uids: Iterable[int] | None = None) -> tuple[Known, ...]:
        """Every message entered for a folder, or those of these UIDs."""
        only = "" if uids is None else " AND uid IN (SELECT value FROM json_each(?))"
        found = self.rows(
            f"SELECT id, uid, key, flags, size, received, message_id FROM messages WHERE folder = ?{only}",  # noqa: S608 - constants
            (folder,) if uids is None else (folder, json.dumps(list(uids))),
        )
        return tuple(
            Known(**{**dict(row), "flags": split(row["flags"]), "received": moment(row["received"])}) for row in found
        )

    def enter(self, folder: int, entries: Iterable[Entry]) -> list[int]:
        """Enter messages, all or none, and give their numbers."""
        with self.change() as database:
            query = f"INSERT INTO messages ({ENTERED}) VALUES ({ENTERED_MARKS}) RETURNING id"  # noqa: S608 - constants
            return [database.execute(query, values_of(folder, entry)).fetchone()[0] for entry in entries]

    def place(self, pairs: Iterable[tuple[int, int | None]]) -> None:
        """Say which UID each message has: pairs of number and UID, None for what is not on the server."""
        with self.change() as database:
            database.executemany("UPDATE messages SET uid = ? WHERE id = ?", [(uid, id) for id, uid in pairs])

    def set_flags(self, changes: Iterable[tuple[int, frozenset[str]]]) -> None:
        """Give messages exactly these flags."""
        with self.change() as database:
            database.executemany(
                "UPDATE messages SET flags = ?, seen = ? WHERE id = ?",
                [(join(flags), SEEN in flags, id) for id, flags in changes],
            )

    def remove(self, ids: Iterable[int]) -> None:
        """Take messages out; their numbers are not given again."""
        with self.change() as database:
            database.executemany("DELETE FROM messages WHERE id = ?", [(id,) for id in ids])

    def message(self, id: int) -> Stored:
        """A message by its number.

        Raises:
            MessageNotFoundError: there is none of that number.
        """
        found = []
        if abs(id) < 1 << 63:
            found = self.rows(
                f"SELECT {COLUMNS} FROM messages JOIN folders ON folders.id = messages.folder WHERE messages.id = ?",  # noqa: S608 - a constant
                (id,),
            )
        if not found:
            raise MessageNotFoundError(f"no message {id}", hint="mailctl list")
        return stored(found[0])

    def newest(self, accounts: Sequence[str], *, folder: str, unread: bool, limit: int) -> tuple[Stored, ...]:
        """The newest messages of one folder of these accounts, newest first."""
        marks = ", ".join("?" * len(accounts))
        found = self.rows(
            f"SELECT {COLUMNS} FROM messages JOIN folders ON folders.id = messages.folder "  # noqa: S608 - marks only
            f"WHERE folders.account IN ({marks}) AND folders.name = ? {'AND NOT seen' if unread else ''} "
            "ORDER BY date DESC, messages.id DESC LIMIT ?",
            (*accounts, folder, limit),
        )
        return tuple(stored(row) for row in found)


def opened(path: Path) -> sqlite3.Connection:
    """A connection to the database at a path, 0600, at the last version."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        database.row_factory = sqlite3.Row
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            database.execute(f"PRAGMA {setting}")
        if version(database) > len(MIGRATIONS):
            raise StorageError(f"{path}: made by a newer mailctl", hint="install the newer mailctl")
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def put_aside(path: Path) -> Path:
    """Rename a damaged database, and what belongs to it, to names ending in `.bad`."""
    target = path.with_name(f"{path.name}.bad")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(target.with_name(target.name + suffix))
    return target


def values_of(folder: int, entry: Entry) -> tuple[object, ...]:
    """A message's columns, in the order of `enter`."""
    head = entry.head
    return (
        folder,
        entry.uid,
        entry.key,
        join(entry.flags),
        SEEN in entry.flags,
        entry.size,
        seconds(entry.received),
        seconds(head.date or entry.received),
        head.sender,
        head.to,
        head.subject,
        head.message_id,
        head.content_key,
        head.has_attachment,
        entry.odd,
    )


def known_folder(row: sqlite3.Row) -> KnownFolder:
    """A row as a folder."""
    values = dict(row)
    since = None if values["since"] is None else moment(values["since"])
    return KnownFolder(**{**values, "since": since, "clean": bool(values["clean"])})


def stored(row: sqlite3.Row) -> Stored:
    """A row as a message."""
    return Stored(
        id=row["id"],
        account=row["account"],
        folder=row["name"],
        path=row["path"],
        folder_id=row["folder"],
        uid=row["uid"],
        key=row["key"],
        flags=split(row["flags"]),
        size=row["size"],
        received=moment(row["received"]),
        odd=bool(row["odd"]),
        head=Head(
            sender=row["sender"],
            to=row["recipients"],
            subject=row["subject"],
            date=moment(row["date"]),
            message_id=row["message_id"],
            has_attachment=bool(row["has_attachment"]),
            content_key=row["content_key"],
        ),
    )


def split(flags: str) -> frozenset[str]:
    """Flags as the index keeps them: words."""
    return frozenset(flags.split())


def join(flags: frozenset[str]) -> str:
    """Flags as words in one order."""
    return " ".join(sorted(flags))


def seconds(value: datetime | None) -> int | None:
    """A moment as seconds since 1970."""
    return None if value is None else int(value.timestamp())


def moment(value: int) -> datetime:
    """Seconds since 1970 as a moment."""
    return datetime.fromtimestamp(value, UTC)
