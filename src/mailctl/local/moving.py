"""Messages of the mirror that changed their folder on the server: files and rows follow, and nothing comes again."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from mailctl.local.index import Index, KnownFolder, Stored
from mailctl.local.maildir import Maildir, storage, sync

SEEN = "\\Seen"


def move_files(messages: Sequence[Stored], source: Maildir, target: Maildir) -> None:
    """Let messages' files lie in another folder; one that another program took away is passed over."""
    target.make()
    for one in messages:
        path = source.find(one.key, one.flags)
        if path is not None:
            with storage(path), suppress(FileNotFoundError):
                path.replace(target.path / path.parent.name / path.name)
    for folder in (target, source):
        for name in ("cur", "new"):
            with storage(folder.path), suppress(FileNotFoundError):
                sync(folder.path / name)


def move_rows(
    index: Index,
    messages: Sequence[Stored],
    source: KnownFolder,
    target: KnownFolder,
    *,
    uidvalidity: int,
    uids: Mapping[int, int],
) -> None:
    """Let messages be in another folder, their numbers kept.

    Where the server gave them just the UIDs that came next, the folder is as known as it was before; elsewhere the next
    fetch compares it, and recognises them.

    Args:
        index: where they are.
        messages: which ones, all of one folder.
        source: that folder.
        target: the other one, as it was before `touch`.
        uidvalidity: the target's, as the server said; 0 for none.
        uids: old UID → new one.
    """
    known = uids if uidvalidity and uidvalidity == target.uidvalidity else {}
    new = [known.get(one.uid or 0) for one in messages]
    count, unseen = len(messages), sum(SEEN not in one.flags for one in messages)
    next_ones = list(range(target.uidnext, target.uidnext + count))
    with index.change() as database:
        database.executemany(
            "UPDATE messages SET folder = ?, uid = ? WHERE id = ?",
            [(target.id, uid, one.id) for one, uid in zip(messages, new, strict=True)],
        )
        take_out(index, source.id, count=count, unseen=unseen)
        if target.clean and target.uidnext and sorted(uid or 0 for uid in new) == next_ones:
            database.execute(
                "UPDATE folders SET clean = 1, uidnext = ?, messages = messages + ?, unseen = unseen + ? WHERE id = ?",
                (target.uidnext + count, count, unseen, target.id),
            )


def remove_rows(index: Index, messages: Sequence[Stored], source: KnownFolder) -> None:
    """Take messages out that are gone from the server."""
    with index.change() as database:
        database.executemany("DELETE FROM messages WHERE id = ?", [(one.id,) for one in messages])
        take_out(index, source.id, count=len(messages), unseen=sum(SEEN not in one.flags for one in messages))


def take_out(index: Index, folder: int, *, count: int, unseen: int) -> None:
    """Count a folder's messages as the server now does; within a change."""
    index.database.execute(
        "UPDATE folders SET messages = max(messages - ?, 0), unseen = max(unseen - ?, 0) WHERE id = ?",
        (count, unseen, folder),
    )
