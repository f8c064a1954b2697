"""The conversations of fetched mail in the index."""

from collections.abc import Sequence

from mailctl.domain.threads import Member
from mailctl.local.index import COLUMNS, Index, Stored, stored

AT_ONCE = 500
# `+` keeps SQLite from beginning with the folder: all its mail would be looked at for the few that are meant.


def conversations(
    index: Index, accounts: Sequence[str], folder: str, messages: Sequence[Stored]
) -> tuple[tuple[Stored, Member], ...]:
    """The messages of a folder of these accounts that stand in a conversation with some of them, and those."""
    found = {one.id: (one, member(one, "")) for one in messages}
    ids = [one.id for one in messages]
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        rows = index.rows(
            f"SELECT {COLUMNS}, ancestors FROM messages JOIN folders ON folders.id = messages.folder "  # noqa: S608 - marks only
            f"WHERE +folders.account IN ({marks(accounts)}) AND +folders.name = ? AND messages.id IN (SELECT id "
            "FROM messages WHERE thread IN "
            f"(SELECT thread FROM messages WHERE id IN ({marks(some)}) AND thread IS NOT NULL))",
            (*accounts, folder, *some),
        )
        for row in rows:
            one = stored(row)
            found[one.id] = (one, member(one, row["ancestors"] or ""))
    return tuple(found.values())


def member(message: Stored, ancestors: str) -> Member:
    """A message as it stands in a conversation."""
    return Member(message.id, message.head.date or message.received, message.head.message_id, tuple(ancestors.split()))


def marks(values: Sequence[object]) -> str:
    """A mark for each value."""
    return ", ".join("?" * len(values))
