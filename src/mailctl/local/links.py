"""The index's copy of the links between affairs and messages, so that lists and searches can ask for them."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from mailctl.domain.link import Link
from mailctl.local.index import COLUMNS, Index, Stored, moment, seconds, stored

LINKED = """(messages.id IN (
    SELECT other.id FROM filed JOIN links ON links.affair = filed.id
        JOIN messages AS other ON other.message_id = links.key WHERE ref = ?
    UNION ALL SELECT other.id FROM filed JOIN links ON links.affair = filed.id
        JOIN messages AS other ON other.content_key = links.key WHERE ref = ?))"""


class Copied(Struct, frozen=True):
    """An affair's file as it is copied: its state then, and its links."""

    stem: str
    ref: str
    state: str
    links: tuple[Link, ...]


def refresh(index: Index, states: Mapping[str, str], read: Callable[[Collection[str]], Iterable[Copied]]) -> None:
    """Let the copy be as the files are.

    Args:
        index: which one.
        states: the state of each file, by its name.
        read: gives the files of these names; one that it leaves out is read again the next time.
    """
    known = {row["stem"]: row["state"] for row in index.rows("SELECT stem, state FROM filed")}
    if known == states:
        return
    changed = {stem for stem, state in states.items() if known.get(stem) != state}
    found = tuple(read(changed))
    gone = (known.keys() - states.keys()) | (changed & known.keys())
    with index.change() as database:
        database.executemany("DELETE FROM filed WHERE stem = ?", [(stem,) for stem in gone])
        for one in found:
            database.execute("DELETE FROM filed WHERE stem = ? OR ref = ?", (one.stem, one.ref))
            entered = database.execute(
                "INSERT INTO filed (stem, ref, state) VALUES (?, ?, ?)", (one.stem, one.ref, one.state)
            )
            database.executemany(
                "INSERT INTO links (affair, key, account, who, linked) VALUES (?, ?, ?, ?, ?)",
                [(entered.lastrowid, link.key, link.account, link.who, seconds(link.when)) for link in one.links],
            )


def affairs_of(index: Index, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The affairs of messages, by their keys; a message without one is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for row in index.rows(
        "SELECT key, ref FROM links JOIN filed ON filed.id = links.affair "
        "WHERE key IN (SELECT value FROM json_each(?)) ORDER BY ref",
        (json.dumps(sorted(keys)),),
    ):
        found[row["key"]] = (*found.get(row["key"], ()), row["ref"])
    return found


def affairs_by_id(index: Index, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The affairs of messages, by their numbers; a message without one is left out."""
    found: dict[int, tuple[str, ...]] = {}
    for row in index.rows(
        "SELECT messages.id, ref FROM messages JOIN links ON links.key IN (messages.message_id, messages.content_key) "
        "JOIN filed ON filed.id = links.affair WHERE messages.id IN (SELECT value FROM json_each(?)) ORDER BY ref",
        (json.dumps(list(ids)),),
    ):
        found[row["id"]] = (*found.get(row["id"], ()), row["ref"])
    return found


def count(index: Index) -> dict[str, int]:
    """How many messages are linked to each affair that has one."""
    found = index.rows("SELECT ref, count(*) AS linked FROM filed JOIN links ON links.affair = filed.id GROUP BY ref")
    return {row["ref"]: row["linked"] for row in found}


def of_affair(index: Index, ref: str) -> tuple[Link, ...]:
    """The links of an affair."""
    found = index.rows(
        "SELECT key, account, who, linked FROM links JOIN filed ON filed.id = links.affair WHERE ref = ?", (ref,)
    )
    return tuple(
        Link(key=row["key"], account=row["account"], who=row["who"], when=moment(row["linked"])) for row in found
    )


def messages(index: Index, ref: str, accounts: Sequence[str], *, limit: int = -1) -> tuple[Stored, ...]:
    """The fetched messages of an affair in some accounts, newest first; one stands as often as it was fetched."""
    # CROSS JOIN: SQLite would else go through all of the accounts' mail
    marks = ", ".join("?" * len(accounts))
    found = index.rows(
        f"SELECT {COLUMNS} FROM messages CROSS JOIN folders ON folders.id = messages.folder "  # noqa: S608 - constants and marks
        f"WHERE {LINKED} AND folders.account IN ({marks}) ORDER BY messages.date DESC, messages.id DESC LIMIT ?",
        (ref, ref, *accounts, limit),
    )
    return tuple(stored(row) for row in found)


def note_key(index: Index, id: int, key: str) -> None:
    """Note the key of a message's content, where it was fetched before there were any."""
    with index.change() as database:
        database.execute("UPDATE messages SET content_key = ? WHERE id = ?", (key, id))
