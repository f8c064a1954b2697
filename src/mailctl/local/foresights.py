"""What the index knows of servers: how each greeted, and what it was asked after the login."""

from datetime import datetime

from mailctl.domain.foresight import Foresight
from mailctl.local.index import Index, moment, seconds


def recalled(index: Index, server: str) -> tuple[Foresight, datetime] | None:
    """What is known of a server, and since when; None when nothing is.

    Args:
        index: where it is kept.
        server: host, port and login in one word.
    """
    found = index.rows("SELECT greeted, commands, noted FROM foresights WHERE server = ?", (server,))
    if not found:
        return None
    [row] = found
    return Foresight(greeted=row["greeted"], commands=tuple(row["commands"].splitlines())), moment(row["noted"])


def note(index: Index, server: str, foresight: Foresight, when: datetime) -> None:
    """Keep what is known of a server in the place of what was."""
    with index.change() as database:
        database.execute(
            "INSERT OR REPLACE INTO foresights (server, greeted, commands, noted) VALUES (?, ?, ?, ?)",
            (server, foresight.greeted, "\n".join(foresight.commands), seconds(when)),
        )


def forget(index: Index, server: str) -> None:
    """Know nothing of a server any more."""
    with index.change() as database:
        database.execute("DELETE FROM foresights WHERE server = ?", (server,))
