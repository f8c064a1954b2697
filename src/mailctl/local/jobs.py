"""Merges that were begun, and which rows of each are in good hands: one file a job, a line a row."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mailctl.errors import StorageError, TemporaryError
from mailctl.local.locks import held
from mailctl.local.maildir import storage, sync

MARK = "merge:"  # before an outbox key that is a row's
KNOWN = re.compile(r"-?[0-9a-f]{0,32}")  # a row's line, or what a crash left of one
BACK = "-"  # before a row that is in no good hands any more


class Jobs:
    """The folder of jobs. A row's key lies in its outbox entry from the first moment, and here soon after.

    So at any moment, also after a crash, it is in one of both or the row was never accepted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known: dict[str, Job] = {}

    def job(self, name: str) -> "Job":
        """The job of a name, which is new when nobody began it yet."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self.known.setdefault(digest, Job(self.root / digest, name))

    def remember(self, key: str) -> None:
        """Keep the key of an entry that goes; it is on the disk when this returns.

        Raises:
            StorageError: it could not be kept.
        """
        digest, _, row = key.removeprefix(MARK).partition(":")
        job = self.known.setdefault(digest, Job(self.root / digest))
        if row not in job.rows:
            job.add([row])


class Job:
    """One job: the keys of rows that are sent, or safe in the outbox."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path = path
        self.name = name
        self.read: set[str] | None = None

    @property
    def rows(self) -> set[str]:
        """The rows' keys; read when first asked for."""
        if self.read is None:
            self.read = set()
            for line in self.lines()[1:]:
                if line.startswith(BACK):
                    self.read.discard(line[len(BACK) :])
                elif line:
                    self.read.add(line)
        return self.read

    def key(self, row: str) -> str:
        """The outbox key of a row."""
        return f"{MARK}{self.path.name}:{row}"

    def row(self, key: str) -> str | None:
        """The row that an outbox key stands for; None when it is another job's, or no merge's."""
        before = self.key("")
        return key[len(before) :] if key.startswith(before) else None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the only one who works on the job.

        Raises:
            TemporaryError: somebody else does.
        """
        busy = TemporaryError(f"the job '{self.name}' is being sent at this moment", hint="wait for it, or --job NAME")
        with held(self.path.with_suffix(".lock"), patience=0.0, too_late=lambda: busy):
            self.read = None
            yield

    def add(self, rows: Iterable[str]) -> None:
        """Note rows; they are on the disk when this returns.

        Raises:
            StorageError: they could not be noted.
        """
        new = list(rows)
        self.write(new)
        self.rows.update(new)

    def take_back(self, rows: Iterable[str]) -> None:
        """Note that rows are in no good hands any more; it is on the disk when this returns.

        Raises:
            StorageError: it could not be noted.
        """
        gone = [row for row in rows if row in self.rows]
        if gone:
            self.write([f"{BACK}{row}" for row in gone])
            self.rows.difference_update(gone)

    def write(self, lines: list[str]) -> None:
        """Add lines, durably."""
        with storage(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_new = not self.path.exists()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "ab") as stream:
                # a line that a crash cut short is ended first: it is no row's key, and so says nothing
                head = [self.name.encode("unicode_escape").decode()] if is_new else [""]
                stream.write("".join(f"{line}\n" for line in (*head, *lines)).encode())
                stream.flush()
                os.fsync(stream.fileno())
            if is_new:
                sync(self.path.parent)

    def lines(self) -> list[str]:
        """What the file holds; nothing when there is none.

        Raises:
            StorageError: it cannot be read or is damaged, so that nobody knows who got the mail.
        """
        try:
            lines = self.path.read_text("ascii").split("\n")
            whole = "\0" not in lines[0]  # zeros are what a crash leaves on some file systems
            odd = next((line for line in lines[1:] if not KNOWN.fullmatch(line)), "" if whole else lines[0])
            if odd:
                raise ValueError(f"it is damaged: {odd[:32]!r} is no row of it")
            return lines
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise StorageError(f"{self.path}: {error}", hint=f"rm {self.path} forgets who got it") from error
