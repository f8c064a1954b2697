"""The words of fetched mail in the index: entered with the messages or behind them, and asked."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import cast

from msgspec import Struct

from mailctl.domain import folders as folder_names
from mailctl.domain.query import (
    After,
    All,
    Before,
    Either,
    HasAttachment,
    InAffair,
    InFolder,
    Is,
    Larger,
    Not,
    OfAccount,
    Place,
    Smaller,
    State,
    Term,
    Words,
)
from mailctl.domain.searchable import Searchable
from mailctl.local.index import (
    COLUMNS,
    ENTERED,
    ENTERED_MARKS,
    Entry,
    Index,
    KnownFolder,
    Stored,
    split,
    stored,
    values_of,
)
from mailctl.local.links import LINKED
from mailctl.local.rebuilding import forget_words

COLUMN = {Place.SENDER: "{sender} : ", Place.RECIPIENTS: "{recipients} : ", Place.SUBJECT: "{subject} : ",
          Place.BODY: "{body} : ", Place.ANYWHERE: ""}  # fmt: skip
STATE = {State.UNREAD: "NOT seen", State.READ: "seen", State.FLAGGED: "instr(flags, '\\Flagged')",
         State.ANSWERED: "instr(flags, '\\Answered')"}  # fmt: skip
LOOKED_AT = "ancestors, thread, parties, list_id"
NOT_LOOKED_AT = (None, None, "", "")
ENTER_MESSAGE = f"INSERT INTO messages ({ENTERED}, {LOOKED_AT}) VALUES ({ENTERED_MARKS}, ?, ?, ?, ?)"  # noqa: S608 - constants
LOOK = f"UPDATE messages SET ({LOOKED_AT}) = (?, ?, ?, ?) WHERE id = ? AND ancestors IS NULL"  # noqa: S608 - constants
ENTER_WORDS = "INSERT INTO words (rowid, sender, recipients, subject, body, files) VALUES (?, ?, ?, ?, ?, ?)"
STALE_AT_LEAST = 1000


class Unread(Struct, frozen=True):
    """A message whose words are not entered yet."""

    id: int
    path: str
    key: str
    flags: frozenset[str]


class Condition(Struct, frozen=True):
    """A part of a WHERE clause; what the user said is only ever among its values."""

    sql: str
    values: tuple[object, ...] = ()


# -- entering


def without_words(index: Index, account: str, *, limit: int) -> tuple[Unread, ...]:
    """Messages of an account whose words are not entered yet, the oldest first."""
    found = index.rows(
        "SELECT messages.id, path, key, flags FROM messages JOIN folders ON folders.id = messages.folder "
        "WHERE folders.account = ? AND ancestors IS NULL ORDER BY messages.date, messages.id LIMIT ?",
        (account, limit),
    )
    return tuple(Unread(row["id"], row["path"], row["key"], split(row["flags"])) for row in found)


def count_without_words(index: Index, accounts: Sequence[str]) -> int:
    """How many messages of these accounts a search does not find yet."""
    marks = ", ".join("?" * len(accounts))
    [row] = index.rows(
        "SELECT count(*) FROM messages WHERE ancestors IS NULL AND folder IN "  # noqa: S608 - marks only
        f"(SELECT id FROM folders WHERE account IN ({marks}))",
        tuple(accounts),
    )
    return int(row[0])


def enter_messages(index: Index, folder: int, found: Iterable[tuple[Entry, Searchable]]) -> None:
    """Enter messages that come with their words, all or none.

    A reply whose parent alone is named, and is not here yet, waits for its words until all has come, else its
    conversation would be torn.
    """
    with index.change() as database:
        for entry, one in found:
            parent = parent_of(database, one)
            waits = parent is None and len(one.ancestors) == 1
            looked = NOT_LOOKED_AT if waits else looked_at(one, parent)
            id = database.execute(ENTER_MESSAGE, (*values_of(folder, entry), *looked)).lastrowid
            if not waits:
                database.execute(ENTER_WORDS, (id, *words_of(one)))


def enter_words(index: Index, found: Iterable[tuple[int, Searchable]]) -> None:
    """Enter the words of messages by their numbers, all or none; one that is gone meanwhile is left out."""
    with index.change() as database:
        for id, one in found:
            looked = looked_at(one, parent_of(database, one))
            if database.execute(LOOK, (*looked, id)).rowcount:
                database.execute(ENTER_WORDS, (id, *words_of(one)))


def parent_of(database: sqlite3.Connection, one: Searchable) -> sqlite3.Row | None:
    """The row of what a message answers, where that alone is named and is here."""
    if len(one.ancestors) != 1:
        return None
    found = database.execute("SELECT thread FROM messages WHERE message_id = ?", one.ancestors)
    return cast("sqlite3.Row | None", found.fetchone())


def looked_at(one: Searchable, parent: sqlite3.Row | None) -> tuple[str | None, ...]:
    """What a message's row says once it was looked at; it belongs to the thread of what it answers, or its parent's."""
    thread = one.ancestors[0] if one.ancestors else one.message_id
    if parent and parent["thread"]:
        thread = parent["thread"]
    return (" ".join(one.ancestors), thread, " ".join(one.parties), one.list_id)


def words_of(one: Searchable) -> tuple[str, ...]:
    """The columns of the words of a message."""
    return (one.sender, one.recipients, one.subject, one.body, one.files)


def drop_stale(index: Index) -> bool:
    """Begin the words anew where a quarter of them are of messages that are gone, and say whether it is so.

    A contentless table forgets single rows only to who still has their text; a search does not find them, but they
    take room.
    """
    [row] = index.rows("SELECT (SELECT count(*) FROM words_docsize), (SELECT count(*) FROM messages)")
    is_stale = int(row[0]) > int(row[1]) + max(STALE_AT_LEAST, int(row[1]) // 4)
    if is_stale:
        forget_words(index)
    return is_stale


# -- asking


def matching(
    index: Index, term: Term, folders: Sequence[KnownFolder], *, limit: int, before: Stored | None = None
) -> tuple[Stored, ...]:
    """The newest messages in some folders that a query means, newest first.

    Args:
        index: where to look.
        term: the query.
        folders: no other is looked into.
        limit: how many at most.
        before: only what comes behind this one.
    """
    asked = All((term,)) if not isinstance(term, All) else term
    condition = conditions(asked.parts, " AND ", folders)
    marks = ", ".join("?" * len(folders))
    behind = "AND (messages.date, messages.id) < (?, ?)" if before else ""
    values = (*(one.id for one in folders), *condition.values, *position(before), limit)
    found = index.rows(
        f"SELECT {COLUMNS} FROM messages JOIN folders ON folders.id = messages.folder "  # noqa: S608 - constants and marks
        f"WHERE messages.folder IN ({marks}) AND {condition.sql} {behind} "
        "ORDER BY messages.date DESC, messages.id DESC LIMIT ?",
        values,
    )
    return tuple(stored(row) for row in found)


def position(message: Stored | None) -> tuple[int, ...]:
    """Where a message stands in the order of a list."""
    if message is None:
        return ()
    return (int((message.head.date or message.received).timestamp()), message.id)


def condition_of(term: Term, folders: Sequence[KnownFolder]) -> Condition:
    """A term as SQL."""
    if is_words(term):
        return Condition("messages.id IN (SELECT rowid FROM words WHERE words MATCH ?)", (match_of(term),))
    match term:
        case All(parts):
            return conditions(parts, " AND ", folders)
        case Either(parts):
            return conditions(parts, " OR ", folders)
        case Not(part):
            inner = condition_of(part, folders)
            return Condition(f"NOT {inner.sql}", inner.values)
        case InFolder() | OfAccount():
            return within([one.id for one in folders if is_meant(one, term)])
        case _:
            return plain_condition(term)


def plain_condition(term: Term) -> Condition:
    """A term that one column answers."""
    match term:
        case Is(state):
            return Condition(f"({STATE[state]})")
        case HasAttachment():
            return Condition("has_attachment")
        case InAffair(ref):
            return Condition(LINKED, (ref, ref))
        case Before(day):
            return Condition("(messages.date < ?)", (midnight(day),))
        case After(day):
            return Condition("(messages.date >= ?)", (midnight(day),))
        case Larger(size):
            return Condition("(size > ?)", (size,))
        case Smaller(size):
            return Condition("(size < ?)", (size,))
    raise AssertionError(term)


def conditions(parts: Sequence[Term], link: str, folders: Sequence[KnownFolder]) -> Condition:
    """Several terms as SQL; those about words are asked for together."""
    about_words = tuple(part for part in parts if is_words(part))
    joined: list[Term] = [(All if "AND" in link else Either)(about_words)] if len(about_words) > 1 else [*about_words]
    found = [condition_of(part, folders) for part in (*joined, *(part for part in parts if not is_words(part)))]
    values = tuple(value for one in found for value in one.values)
    return Condition(f"({link.join(one.sql for one in found)})", values)


def is_words(term: Term) -> bool:
    """Whether the table of words alone answers a term."""
    match term:
        case Words():
            return True
        case All(parts) | Either(parts):
            return all(is_words(part) for part in parts)
        case _:
            return False


def match_of(term: Term) -> str:
    """A term about words in FTS5's language; what the user said stands in quotes."""
    match term:
        case Words(place, text, is_prefix):
            bare = text.replace('"', '""')
            return f'{COLUMN[place]}"{bare}"{" *" if is_prefix else ""}'
        case All(parts):
            return "(" + " AND ".join(match_of(part) for part in parts) + ")"
        case Either(parts):
            return "(" + " OR ".join(match_of(part) for part in parts) + ")"
    raise AssertionError(term)


def within(ids: Sequence[int]) -> Condition:
    """Mail of some folders."""
    return Condition(f"(messages.folder IN ({', '.join('?' * len(ids))}))", tuple(ids))


def is_meant(known: KnownFolder, term: InFolder | OfAccount) -> bool:
    """Whether a folder is one that a query means, or its account is."""
    if isinstance(term, OfAccount):
        return known.account == term.name
    return folder_names.is_meant(term.name, known.name, known.path.rpartition("/")[2])


def midnight(day: date) -> int:
    """When a day begins here, as seconds since 1970."""
    try:
        return int(datetime.combine(day, time()).astimezone().timestamp())
    except (OverflowError, ValueError, OSError):
        return 0 if day.year < 1970 else 1 << 62
