"""Rows of the index written anew, their numbers kept: after a rebuild, and when messages change their folder."""

from collections.abc import Iterable

from mailctl.local.index import Entry, Index, values_of


def enter_again(index: Index, folder: int, entries: Iterable[tuple[int, Entry]]) -> None:
    """Write what the index says of messages anew, all or none: pairs of number and message."""
    with index.change() as database:
        database.executemany(
            "UPDATE messages SET (folder, uid, key, flags, seen, size, received, date, sender, recipients, subject, "
            "message_id, has_attachment, odd) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
            [(*values_of(folder, entry), id) for id, entry in entries],
        )


def forget_words(index: Index) -> None:
    """Let the words be entered anew, of all messages."""
    with index.change() as database:
        database.execute("INSERT INTO words (words) VALUES ('delete-all')")
        database.execute("UPDATE messages SET ancestors = NULL, thread = NULL")
