"""Messages that lie in a mirror, entered into the index; a program too, so that another process can have it done."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mailctl.errors import StorageError

if TYPE_CHECKING:
    from mailctl.domain.searchable import Searchable
    from mailctl.local.index import Entry, Index
    from mailctl.local.maildir import Maildir


class Laid(Struct, frozen=True, kw_only=True):
    """A message whose file is in its mirror, and which the index does not know yet."""

    uid: int
    key: str
    flags: frozenset[str]
    size: int
    received: datetime
    odd: bool = False


class Coming(Struct, frozen=True, kw_only=True):
    """Messages of one folder, to be entered all or none."""

    folder: int
    account: str
    path: str
    messages: tuple[Laid, ...]


class Answer(Struct, frozen=True, kw_only=True):
    """What became of them: `error` and `hint` where the disk did not take them, `fault` where mailctl failed."""

    error: str = ""
    hint: str = ""
    fault: str = ""


def enter(index: "Index", root: Path, coming: Coming) -> None:
    """Take messages apart, each once, and enter rows and words in one change.

    A reply whose parent alone is named, and is not here yet, waits for its words until all has come, else its
    conversation would be torn.

    Args:
        index: where they are entered.
        root: the folder of all mirrors.
        coming: what is entered.

    Raises:
        StorageError: none of them was entered.
    """
    from mailctl.local.maildir import Maildir
    from mailctl.local.words import enter_messages

    maildir = Maildir(root, coming.account, coming.path)
    enter_messages(index, coming.folder, [taken_apart(maildir, one) for one in coming.messages])


def taken_apart(maildir: "Maildir", one: Laid) -> "tuple[Entry, Searchable]":
    """What the index keeps of a message; of one that another program took away at once, that it came."""
    from mailctl.domain.decoding import believable
    from mailctl.domain.searchable import look_at
    from mailctl.local.index import Entry

    looked = look_at(content(maildir, one))
    head = replace(looked.head, date=believable(looked.head.date, received=one.received))
    entry = Entry(
        uid=one.uid, key=one.key, flags=one.flags, size=one.size, received=one.received, head=head, odd=one.odd
    )
    return entry, looked.words


def content(maildir: "Maildir", one: Laid) -> bytes:
    """A message as its file has it; nothing where it is gone."""
    for likely in maildir.likely(one.key, one.flags):
        with suppress(FileNotFoundError), open(likely, "rb", buffering=0) as file:  # noqa: PTH123 - half of what a Path takes
            return file.read()
    path = maildir.find(one.key, one.flags)
    with suppress(FileNotFoundError):
        return path.read_bytes() if path else b""
    return b""


# -- as a program


def serve(index: "Index", root: Path, requests: IO[bytes]) -> Iterator[Answer]:
    """What became of each request, one a line; when there are no more, whoever asked is gone or done."""
    for line in requests:
        if not line.endswith(b"\n"):  # who asked was killed amid a line
            return
        try:
            enter(index, root, msgspec.json.decode(line, type=Coming))
            yield Answer()
        except StorageError as error:
            yield Answer(error=str(error), hint=error.hint)
        except Exception:  # noqa: BLE001 - told where it is raised again
            from traceback import format_exc

            yield Answer(fault=format_exc())


def main(path: str, root: str) -> None:
    """Enter what stdin says into the index at a path, from the mirrors in a folder, and tell stdout."""
    from mailctl.garbage import collect_less
    from mailctl.local.index import Index

    collect_less()
    for answer in serve(Index(Path(path)), Path(root), sys.stdin.buffer):
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
