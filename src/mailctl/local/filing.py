"""What the index knows of mail that may be filed: read in one go, and whether the rules looked at it."""

import json
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from mailctl.local.index import COLUMNS, Index, Stored, stored

LINKED = """SELECT messages.thread AS thread, filed.ref AS ref FROM links JOIN filed ON filed.id = links.affair
    JOIN messages ON {} = links.key WHERE messages.thread IS NOT NULL AND links.key IS NOT ?"""


class Waiting(Struct, frozen=True):
    """A message as the index has it, for the rules to look at."""

    id: int
    account: str
    key: str
    sender: str
    parties: str
    subject: str
    list_id: str
    ancestors: str
    thread: str | None


def is_any_new(index: Index) -> bool:
    """Whether there is mail that the rules of affairs never looked at."""
    return bool(index.rows("SELECT 1 FROM messages WHERE NOT considered AND ancestors IS NOT NULL LIMIT 1"))


def waiting(index: Index, folders: Sequence[int], *, new: bool = False, id: int | None = None) -> tuple[Waiting, ...]:
    """Messages of some folders, the oldest first: all that can be called by a key, or of these the new ones or one.

    Args:
        index: where they are.
        folders: no others.
        new: whether only those that the rules never looked at.
        id: the number of the only one.
    """
    # a part of its own: SQLite would else go through all mail of the folders
    only = " AND messages.id IN (SELECT id FROM messages WHERE NOT considered)" if new else ""
    one = "" if id is None else " AND messages.id = ?"
    rows = index.rows(
        "SELECT messages.id, account, coalesce(message_id, content_key), sender, parties, subject, list_id, ancestors, "  # noqa: S608 - constants
        "thread FROM messages JOIN folders ON folders.id = messages.folder "
        "WHERE messages.folder IN (SELECT value FROM json_each(?)) AND ancestors IS NOT NULL "
        f"AND coalesce(message_id, content_key) IS NOT NULL{only}{one} ORDER BY messages.date, messages.id",
        (json.dumps(list(folders)), *(() if id is None else (id,))),
    )
    return tuple(Waiting(*row) for row in rows)


def links(index: Index) -> dict[str, tuple[str, ...]]:
    """The affairs of every linked message, by its key."""
    found: dict[str, tuple[str, ...]] = {}
    for row in index.rows("SELECT key, ref FROM links JOIN filed ON filed.id = links.affair"):
        found[row["key"]] = (*found.get(row["key"], ()), row["ref"])
    return found


def threads(index: Index, *, without: str | None = None) -> dict[str, tuple[str, ...]]:
    """The affairs of every conversation in which a message is linked, but for one message's own links."""
    found: dict[str, dict[str, None]] = {}
    for column in ("messages.message_id", "messages.content_key"):
        for row in index.rows(LINKED.format(column), (without,)):
            found.setdefault(row["thread"], {})[row["ref"]] = None
    return {thread: tuple(refs) for thread, refs in found.items()}


def with_phrases(index: Index, phrases: Iterable[str], *, above: int) -> frozenset[int]:
    """The messages, with numbers above one, whose texts may hold one of some phrases: the same words in a row."""
    found: set[int] = set()
    for phrase in phrases:
        bare = phrase.replace('"', '""')
        rows = index.rows("SELECT rowid FROM words WHERE words MATCH ? AND rowid > ?", (f'{{body}} : "{bare}"', above))
        found.update(row["rowid"] for row in rows)
    return frozenset(found)


def of_numbers(index: Index, ids: Sequence[int]) -> tuple[Stored, ...]:
    """Messages by their numbers, those that are there."""
    rows = index.rows(
        f"SELECT {COLUMNS} FROM messages JOIN folders ON folders.id = messages.folder "  # noqa: S608 - a constant
        "WHERE messages.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return tuple(map(stored, rows))


def mark_considered(index: Index, ids: Collection[int]) -> None:
    """Note that the rules looked at messages."""
    with index.change() as database:
        database.execute(
            "UPDATE messages SET considered = 1 WHERE NOT considered AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
