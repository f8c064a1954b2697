"""What of the links is shown on the servers, as this machine knows it."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from mailctl.local.index import COLUMNS, Index, Stored, stored


class Shown(NamedTuple):
    """A link that is shown in an account, one way or the other."""

    account: str
    way: str
    ref: str
    key: str


def linked_messages(index: Index, folders: Collection[int]) -> list[tuple[str, str, Stored]]:
    """Affair, key and message of every link of which there is mail in some folders."""
    found = []
    for column in ("message_id", "content_key"):
        rows = index.rows(
            f"SELECT {COLUMNS}, ref, link FROM (SELECT filed.ref AS ref, links.key AS link FROM links "  # noqa: S608 - constants
            f"JOIN filed ON filed.id = links.affair) JOIN messages ON messages.{column} = link "
            "JOIN folders ON folders.id = messages.folder "
            "WHERE messages.folder IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(folders)),),
        )
        for row in rows:
            found.append((row["ref"], row["link"], stored(row)))
    return found


def copies(index: Index, account: str, keys: Collection[str]) -> tuple[Stored, ...]:
    """The messages of an account that have one of these keys."""
    wanted = json.dumps(sorted(keys))
    rows = index.rows(
        f"SELECT {COLUMNS} FROM messages JOIN folders ON folders.id = messages.folder WHERE folders.account = ? "  # noqa: S608 - a constant
        "AND (message_id IN (SELECT value FROM json_each(?)) OR content_key IN (SELECT value FROM json_each(?)))",
        (account, wanted, wanted),
    )
    return tuple(map(stored, rows))


def all_shown(index: Index) -> frozenset[Shown]:
    """All that is shown."""
    return frozenset(Shown(*row) for row in index.rows("SELECT account, way, ref, key FROM shown"))


def note(index: Index, *, shown: Iterable[Shown] = (), hidden: Sequence[Shown] = ()) -> None:
    """Note what is shown now, and what no more."""
    with index.change() as database:
        database.executemany("INSERT OR IGNORE INTO shown (account, way, ref, key) VALUES (?, ?, ?, ?)", list(shown))
        database.executemany("DELETE FROM shown WHERE account = ? AND way = ? AND ref = ? AND key = ?", list(hidden))
