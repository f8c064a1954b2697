"""Fetched mail without a server: a message laid into Maildir and index as fetching lays it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailctl.domain.reading import head_of
from mailctl.local.index import Entry, Index
from mailctl.local.maildir import Maildir, folder_path

RECEIVED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

Keep = Callable[..., int]


@pytest.fixture
def keep(home: Path) -> Keep:
    """Keep a message as fetched: `keep("contact", raw, folder="Sent", flags={"\\Seen"})` gives its number."""
    index = Index(home / "data" / "index.sqlite")

    def lay(account, raw, *, folder="INBOX", flags=frozenset(), received=RECEIVED, uid=None):
        place = folder_path(folder, "/")
        known = index.enter_folder(account, folder, place)
        key = Maildir(home / "data" / "mail", account, place).add(raw, flags=frozenset(flags), received=received)
        entry = Entry(uid=uid, key=key, flags=frozenset(flags), size=len(raw), received=received, head=head_of(raw))
        index.enter(known.id, [entry])
        return max(one.id for one in index.known(known.id))

    return lay


def mirrored(home: Path, account: str, folder: str = "INBOX") -> list[Path]:
    """The files of a folder's mirror."""
    return sorted(Maildir(home / "data" / "mail", account, folder_path(folder, "/")).keys().values())
