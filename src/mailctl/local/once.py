"""Keys of mail that must not go twice, remembered when the mail is gone from the outbox."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from mailctl.domain.outgoing import Entry
from mailctl.errors import StorageError
from mailctl.local.jobs import MARK, Jobs
from mailctl.local.locks import held
from mailctl.local.maildir import storage, sync
from mailctl.local.outbox import write

LOCK = "lock"
REMEMBERED_SECONDS = 90 * 86400.0


class Record(Struct, frozen=True, kw_only=True):
    """What is remembered of a message that was sent: not what it said."""

    account: str
    message_id: str
    recipients: tuple[str, ...]
    size: int
    created: datetime
    copied: bool | None


class Once:
    """The folder of records, each named by its key's digest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.jobs = Jobs(root.with_name("merges"))

    @contextmanager
    def turn(self, *, patience: float, too_late: Callable[[], Exception]) -> Iterator[None]:
        """Be the only one who looks at keys and enters messages with them."""
        with held(self.root / LOCK, patience=patience, too_late=too_late):
            yield

    def record(self, digest: str) -> Record | None:
        """What was sent with a key; None when nothing was, or it is forgotten by now.

        Raises:
            StorageError: it cannot be read, so that nobody knows.
        """
        path = self.root / digest
        try:
            if time.time() - path.stat().st_mtime > REMEMBERED_SECONDS:
                return None
            return msgspec.json.decode(path.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            raise StorageError(f"{path}: {error}", hint=f"rm {path} forgets that this key was used") from error

    def remember(self, entry: Entry) -> None:
        """Keep an entry's key; it is on the disk when this returns.

        Raises:
            StorageError: it could not be kept.
        """
        if entry.key.startswith(MARK):
            return self.jobs.remember(entry.key)
        record = Record(
            account=entry.account,
            message_id=entry.message_id,
            recipients=entry.everybody,
            size=entry.size,
            created=entry.created,
            copied=entry.copied,
        )
        beside = self.root / f".{entry.key}-{os.urandom(4).hex()}"
        with storage(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.forget_old()
            try:
                write(beside, msgspec.json.encode(record))
                beside.replace(self.root / entry.key)
            except OSError:
                beside.unlink(missing_ok=True)
                raise
            sync(self.root)
        return None

    def forget_old(self) -> None:
        """Take away the records that are too old to matter, and what a killed run left half-written."""
        oldest = time.time() - REMEMBERED_SECONDS
        with os.scandir(self.root) as found:
            for one in found:
                with suppress(FileNotFoundError):
                    if one.name != LOCK and one.stat().st_mtime < oldest:
                        Path(one.path).unlink()


def digest(account: str, key: str) -> str:
    """The name that an account's key has on the disk, whatever the key holds."""
    import hashlib

    return hashlib.sha256(f"{account}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()
