"""Listing fetched mail: the newest of one folder, or conversations; what several accounts got stands once."""

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mailctl.domain.message import Copy, Summary
from mailctl.errors import FolderNotFoundError, nearest
from mailctl.services.context import Context
from mailctl.services.read import readable

if TYPE_CHECKING:
    from mailctl.local.index import Stored

INBOX = "INBOX"


def list_(
    ctx: Context,
    accounts: Sequence[str],
    *,
    folder: str | None,
    unread: bool,
    limit: int,
    by_thread: bool = False,
    affair: str | None = None,
) -> tuple[Summary, ...]:
    """The newest messages of one folder, newest first.

    Args:
        ctx: the outside world.
        accounts: whose mail; empty for all that the actor may read.
        folder: its name on the server; None for INBOX, and with an affair for all.
        unread: whether to leave out what is read; of conversations, those in which all is.
        limit: how many at most.
        by_thread: whether whole conversations are listed, that with the newest message first.
        affair: whose mail alone is listed, each message once.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
        FolderNotFoundError: none of the accounts has the folder here.
        AffairNotFoundError: there is none of that reference.
    """
    from mailctl.services.links import with_affairs

    if affair is not None:
        return with_affairs(ctx, in_affair(ctx, accounts, affair, folder=folder, unread=unread)[:limit])
    names = tuple(account.name for account in readable(ctx, accounts))
    wanted = INBOX if folder is None or folder.upper() == INBOX else folder
    known = {name: {one.name for one in ctx.index.folders(name)} for name in names}
    if not any(wanted in folders for folders in known.values()):
        tell_missing(ctx, known, wanted)
        return ()
    found = newest(ctx, names, wanted, unread=unread, limit=limit)
    if by_thread:
        return with_affairs(ctx, threads(ctx, names, wanted, found)[:limit])
    return with_affairs(ctx, folded(found)[:limit])


def in_affair(
    ctx: Context, accounts: Sequence[str], ref: str, *, folder: str | None, unread: bool
) -> tuple[Summary, ...]:
    """The mail of an affair, newest first: a message in several folders or accounts stands once, with its copies."""
    from mailctl.domain.affair import normal
    from mailctl.services.affairs import by_key
    from mailctl.services.links import refreshed, require

    require(ctx, ref)
    names = [account.name for account in readable(ctx, accounts)]
    found = []
    for group in by_key(refreshed(ctx), normal(ref), names).values():
        first, *others = sorted(group, key=lambda one: one.id)
        is_meant = folder is None or any(one.folder.casefold() == folder.casefold() for one in group)
        if is_meant and (not unread or any(one.summary.unread for one in group)):
            copies = tuple(Copy(id=one.id, account=one.account, unread=one.summary.unread) for one in others)
            found.append(replace(first.summary, copies=copies))
    return tuple(found)


def newest(ctx: Context, names: Sequence[str], folder: str, *, unread: bool, limit: int) -> "tuple[Stored, ...]":
    """The newest messages, so many that enough are left when each stands once."""
    most = limit
    while True:
        found = ctx.index.newest(names, folder=folder, unread=unread, limit=most)
        if len(found) < most or len(names) < 2 or len(folded(found)) >= limit:
            return found
        most *= 2


def folded(found: "Sequence[Stored]") -> list[Summary]:
    """Messages, each once: one that other accounts got too has them as copies."""
    kept: dict[object, Summary] = {}
    for stored in found:
        one = stored.summary
        key = (one.message_id, one.sender, one.subject) if one.message_id else one.id
        first = kept.get(key)
        if first is None:
            kept[key] = one
        elif one.account in (first.account, *(copy.account for copy in first.copies)):
            kept[one.id] = one
        else:
            copy = Copy(id=one.id, account=one.account, unread=one.unread)
            kept[key] = replace(first, copies=(*first.copies, copy))
    return list(kept.values())


def threads(ctx: Context, names: Sequence[str], folder: str, found: "Sequence[Stored]") -> tuple[Summary, ...]:
    """The conversations in which messages stand, whole."""
    from mailctl.domain.threads import arranged
    from mailctl.local.threads import conversations

    members = conversations(ctx.index, names, folder, found)
    once = {one.id: one for one in folded([stored for stored, _ in members])}
    nodes = arranged([member for _, member in members if member.id in once])
    return tuple(replace(once[node.id], thread=node.thread, depth=node.depth) for node in nodes)


def tell_missing(ctx: Context, known: dict[str, set[str]], folder: str) -> None:
    """Say why there is nothing to list.

    Raises:
        FolderNotFoundError: mail was fetched, and none from such a folder.
    """
    if not known:
        ctx.say("no account that you may read: mailctl whoami")
        return
    fetched = {name for folders in known.values() for name in folders}
    chosen = "".join(f" -a {name}" for name in known) if len(known) == 1 else ""
    if folder == INBOX:
        ctx.say(f"no mail fetched yet: mailctl fetch{chosen}")
        return
    near = nearest(folder, fetched)
    meant = f"did you mean '{near}'? " if near else ""
    raise FolderNotFoundError(
        f"nothing was fetched from a folder '{folder}'", hint=f"{meant}mailctl fetch{chosen} --folder {quote(folder)}"
    )
