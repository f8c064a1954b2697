"""An index on a full disk: said plainly, and read all the same."""

import shutil
import sqlite3
from pathlib import Path

from mailctl.errors import StorageError

ROOM = 256 * 1024  # bytes that SQLite may want beside an index, to open it


def is_full(folder: Path) -> bool:
    """Whether a folder's disk has no room for what opening an index takes."""
    try:
        return shutil.disk_usage(folder).free < ROOM
    except OSError:
        return False


def failure(path: Path, error: Exception) -> StorageError:
    """What to say of an index that failed; SQLite itself calls a full disk an I/O error as often as not."""
    if is_full(path.parent):
        return StorageError(f"{path}: no space left on the disk", hint="free some space and try again")
    return StorageError(f"{path}: {error}", hint=f"ls -l {path.parent}")


def for_reading(path: Path, error: sqlite3.OperationalError) -> sqlite3.Connection:
    """A connection that only reads, where nothing but a full disk is in the way and the last program closed the index.

    Raises:
        sqlite3.OperationalError: the one given, where that is not so.
    """
    log = path.with_name(f"{path.name}-wal")
    if not is_full(path.parent) or (log.exists() and log.stat().st_size):
        raise error
    database = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)
    database.row_factory = sqlite3.Row
    return database
