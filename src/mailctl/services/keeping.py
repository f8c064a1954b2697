"""What stays in a mirror though its server has it no more: mail of affairs, and what other programs laid there."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.local.index import Known

    Keeps = Callable[[Sequence[Known]], frozenset[int]]

refreshing = Lock()  # or what is wrong with a file of links would be told by each thread that meets it


def keeper(ctx: Context) -> "Keeps":
    """What says of messages that are not on the server which of them stay here, by their numbers."""
    return partial(staying, ctx)


def staying(ctx: Context, gone: "Sequence[Known]") -> frozenset[int]:
    """Those of some messages that stay here though they are not on the server, by their numbers."""
    foreign = frozenset(one.id for one in gone if is_foreign(one))
    rest = [one.id for one in gone if one.id not in foreign]
    return foreign | linked(ctx, rest) if rest else foreign


def is_foreign(one: "Known") -> bool:
    """Whether another program laid a message into the mirror, such as mutt saving a copy: it never was the server's."""
    from mailctl.local.maildir import is_own

    return one.uid is None and not is_own(one.key)


def linked(ctx: Context, ids: Collection[int]) -> frozenset[int]:
    """Those of some messages that are linked to an affair, whichever account that went through.

    All of them where a file of links cannot be read just now: what was removed would not come back.
    """
    from mailctl.local.keeping import copied_files, linked_among
    from mailctl.services.links import refreshed
    from mailctl.store.links import states

    with refreshing:
        index = refreshed(ctx)
    if states(ctx.store.root).keys() - copied_files(index):
        return frozenset(ids)
    return linked_among(index, ids)


def let_moved_go(ctx: Context, account: str) -> int:
    """Remove what stayed in a folder and turned out to lie in another one of the account; how many messages."""
    from mailctl.local.keeping import lying_elsewhere
    from mailctl.local.maildir import is_own

    moved = [one for one in lying_elsewhere(ctx.index, account) if is_own(one.key)]
    for one in moved:
        ctx.maildir(account, one.path).remove(one.key, one.flags)
    if moved:
        ctx.index.remove([one.id for one in moved])
    return len(moved)
