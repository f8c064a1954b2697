"""The index made anew: when its file was damaged, and of rows that are written again under their numbers."""

from collections.abc import Callable, Iterable
from pathlib import Path

from mailctl.local.index import ENTERED, ENTERED_MARKS, Entry, Index, values_of


def open_index(path: Path, warn: Callable[[str], None]) -> Index:
    """The index; who uses it is told when a damaged one was set aside for it."""
    index = Index(path)
    if index.set_aside:
        warn(f"the index was damaged, it is set aside as {index.set_aside.name}: mailctl fetch makes it anew")
    return index


def enter_again(index: Index, folder: int, entries: Iterable[tuple[int, Entry]]) -> None:
    """Write what the index says of messages anew, all or none: pairs of number and message."""
    with index.change() as database:
        database.executemany(
            f"UPDATE messages SET ({ENTERED}) = ({ENTERED_MARKS}) WHERE id = ?",  # noqa: S608 - constants
            [(*values_of(folder, entry), id) for id, entry in entries],
        )


def are_words_missing(index: Index, account: str) -> bool:
    """Whether a search does not find all messages of an account yet."""
    return bool(
        index.rows(
            "SELECT 1 FROM messages WHERE ancestors IS NULL AND folder IN (SELECT id FROM folders WHERE account = ?) "
            "LIMIT 1",
            (account,),
        )
    )


def forget_words(index: Index) -> None:
    """Let the words be entered anew, of all messages."""
    with index.change() as database:
        database.execute("INSERT INTO words (words) VALUES ('delete-all')")
        database.execute("UPDATE messages SET ancestors = NULL, thread = NULL")
