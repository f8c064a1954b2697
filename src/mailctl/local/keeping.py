"""Messages of the mirror that their server does not have: which ones there are, and which of them are linked."""

import json
from collections.abc import Collection

from mailctl.local.index import COLUMNS, Index, Known, Stored, moment, split, stored


def unplaced(index: Index, folder: int) -> tuple[Known, ...]:
    """The messages of a folder that have no UID."""
    found = index.rows(
        "SELECT id, uid, key, flags, size, received, message_id FROM messages WHERE folder = ? AND uid IS NULL",
        (folder,),
    )
    return tuple(
        Known(**{**dict(row), "flags": split(row["flags"]), "received": moment(row["received"])}) for row in found
    )


def linked_among(index: Index, ids: Collection[int]) -> frozenset[int]:
    """Those of some messages that are linked to an affair, whichever."""
    found = index.rows(
        "SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?)) "
        "AND (message_id IN (SELECT key FROM links) OR content_key IN (SELECT key FROM links))",
        (json.dumps(list(ids)),),
    )
    return frozenset(row["id"] for row in found)


def copied_files(index: Index) -> frozenset[str]:
    """The files of links that the index has a copy of, by their names without ending."""
    return frozenset(row["stem"] for row in index.rows("SELECT stem FROM filed"))


def lying_elsewhere(index: Index, account: str) -> tuple[Stored, ...]:
    """The messages of an account that have no UID, while the same one lies in a folder of the account and has one."""
    found = index.rows(
        f"SELECT {COLUMNS} FROM messages JOIN folders ON folders.id = messages.folder "  # noqa: S608 - a constant
        "WHERE messages.folder IN (SELECT id FROM folders WHERE account = ? AND (clean OR NOT uidvalidity)) "
        "AND uid IS NULL AND EXISTS "
        "(SELECT 1 FROM messages AS other JOIN folders AS place ON place.id = other.folder WHERE place.account = ? "
        "AND other.uid IS NOT NULL AND other.size = messages.size "
        "AND (other.message_id = messages.message_id OR other.content_key = messages.content_key))",
        (account, account),
    )
    return tuple(stored(row) for row in found)
