"""Searching: in the index of fetched mail, at once; or live, at the servers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mailctl.domain.folders import Folder, folded, is_meant
from mailctl.domain.message import Flag, Summary
from mailctl.domain.query import All, Either, InAffair, InFolder, Not, OfAccount, Term, parse
from mailctl.errors import AccountNotFoundError, FolderNotFoundError, UsageError, nearest
from mailctl.services.asking import ask_each
from mailctl.services.context import Context
from mailctl.services.read import readable

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.local.index import KnownFolder
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_search import Header


class Hit(Struct, frozen=True, kw_only=True):
    """A message that a search found; without `id` it lies on the server only, as `uid` of its folder.

    `has_attachment` is None where the message was not fetched.
    """

    id: int | None
    account: str
    folder: str
    uid: int | None
    sender: str
    to: str
    subject: str
    date: datetime
    size: int
    unread: bool
    flagged: bool
    answered: bool
    has_attachment: bool | None
    message_id: str | None


class Found(NamedTuple):
    """What was found, and the accounts that could not be asked."""

    hits: tuple[Hit, ...]
    failed: tuple[str, ...] = ()


def search(ctx: Context, query: str, *, accounts: Sequence[str] = (), limit: int, live: bool = False) -> Found:
    """The newest messages that a query means, newest first.

    Args:
        ctx: the outside world.
        query: in the language of `domain/query.py`.
        accounts: whose mail; empty for all that the actor may read.
        limit: how many at most.
        live: whether the servers are asked, not the index.

    Raises:
        UsageError: the query says nothing that can be asked.
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
        FolderNotFoundError, AffairNotFoundError: a folder or an affair that the query names.
        MailctlError: no server could be asked.
    """
    term = parse(query)
    look_up_affairs(ctx, named(term, InAffair), live=live)
    chosen = readable(ctx, accounts)
    for name in named(term, OfAccount):
        if name not in {one.name for one in chosen}:
            raise AccountNotFoundError(
                f"the search is not about an account '{name}'",
                hint=f"there are {', '.join(one.name for one in chosen)}",
            )
    if live:
        return search_live(ctx, term, chosen, limit=limit)
    return Found(search_index(ctx, term, [one.name for one in chosen], limit=limit))


def search_index(ctx: Context, term: Term, accounts: Sequence[str], *, limit: int) -> tuple[Hit, ...]:
    """What the index has; who asks is told what it does not know yet."""
    from mailctl.local import words

    folders = [folder for name in accounts for folder in ctx.index.folders(name)]
    tell_missing(ctx, term, folders)
    found = words.matching(ctx.index, term, folders, limit=limit)
    waiting = words.count_without_words(ctx.index, accounts)
    if waiting:
        ctx.say(f"{waiting} message{'s are' if waiting > 1 else ' is'} not searchable yet: mailctl fetch")
    return tuple(hit(stored.summary, uid=stored.uid) for stored in found)


def tell_missing(ctx: Context, term: Term, folders: "Sequence[KnownFolder]") -> None:
    """Say why nothing can be found.

    Raises:
        FolderNotFoundError: mail was fetched, and none from a folder that the query names.
    """
    from mailctl.local import words

    if not folders:
        ctx.say("no mail fetched yet: mailctl fetch")
        return
    for name in named(term, InFolder):
        if not any(words.is_meant(one, InFolder(name)) for one in folders):
            close = nearest(name, {one.name for one in folders})
            meant = f"did you mean in:'{close}'? " if close else ""
            raise FolderNotFoundError(f"nothing was fetched from a folder '{name}'", hint=f"{meant}mailctl fetch")


def look_up_affairs(ctx: Context, refs: set[str], *, live: bool) -> None:
    """Have the mail of affairs that a query names at hand.

    Raises:
        UsageError: the servers are to be asked, which know of no affairs.
        AffairNotFoundError: there is none of that reference.
    """
    if not refs:
        return
    from mailctl.services.links import refreshed, require

    if live:
        raise UsageError("no server can be asked for affairs", hint="leave out --live, or affair:")
    for ref in refs:
        require(ctx, ref)
    refreshed(ctx)


def named(term: Term, kind: type[InFolder | OfAccount | InAffair]) -> set[str]:
    """The folders, the accounts or the affairs that a query names."""
    match term:
        case All(parts) | Either(parts):
            return {name for part in parts for name in named(part, kind)}
        case Not(part):
            return named(part, kind)
        case InFolder(name) | OfAccount(name) | InAffair(name) if isinstance(term, kind):
            return {name}
    return set()


def hit(summary: Summary, *, uid: int | None) -> Hit:
    """A message of the index as found."""
    return Hit(uid=uid, **{name: getattr(summary, name) for name in Hit.__struct_fields__ if name != "uid"})


# -- live


def search_live(ctx: Context, term: Term, accounts: "Sequence[Account]", *, limit: int) -> Found:
    """What the servers have; of each folder, the newest. One that cannot be asked is warned about, beside others.

    Raises:
        MailctlError: none could be asked.
    """
    asked = [one for one in accounts if without_places(term, about(one.name)) is not False]
    found, failed = ask_each(ctx, asked, lambda account: in_account(ctx, account, term, limit=limit))
    newest = sorted(found, key=lambda one: (one.date, one.uid or 0), reverse=True)
    return Found(tuple(newest[:limit]), failed)


def in_account(ctx: Context, account: "Account", term: Term, *, limit: int) -> list[Hit]:
    """What one server has."""
    with ctx.imap(account) as session:
        folders = [one for one in session.folders() if one.can_select and not one.repeats_others]
        return [hit for one in folders for hit in in_folder(ctx, session, account.name, one, term, limit=limit)]


def in_folder(
    ctx: Context, session: "ImapSession", account: str, folder: Folder, term: Term, *, limit: int
) -> list[Hit]:
    """What one folder has."""
    asked = without_places(term, about(account, folder))
    if asked is False:
        return []
    return newest_on_server(ctx, session, account, folder.name, None if asked is True else asked, limit=limit)


def newest_on_server(
    ctx: Context, session: "ImapSession", account: str, folder: str, term: Term | None, *, limit: int
) -> list[Hit]:
    """The last messages of a server's folder that a term means, None for any; those that were fetched have a number."""
    from mailctl.remote import imap_search

    state = session.examine(folder)
    uids = sorted(imap_search.search(session, term))[-limit:] if state.messages else []
    known = ctx.index.folder(account, folder)
    here = {}
    if known and known.uidvalidity == state.uidvalidity:
        here = {one.uid: one.id for one in ctx.index.known(known.id, uids=uids)}
    return [hit_on_server(account, folder, one, here.get(one.listed.uid)) for one in imap_search.headers(session, uids)]


def about(account: str, folder: Folder | None = None) -> "Callable[[InFolder | OfAccount], bool | None]":
    """What says whether a term means an account, or a folder of it."""

    def holds(term: InFolder | OfAccount) -> bool | None:
        if isinstance(term, OfAccount):
            return term.name == account
        if folder is None:
            return None
        return f"\\{folded(term.name)}" in folder.attributes or is_meant(
            term.name, folder.name, folder.shelf_and_name[1]
        )

    return holds


def without_places(term: Term, holds: "Callable[[InFolder | OfAccount], bool | None]") -> Term | bool:
    """A term as one folder's server can be asked for it: what it says of folders and accounts is settled.

    Args:
        term: any.
        holds: whether what names a folder or an account holds here; None for what is not settled yet.

    Returns:
        True for all mail of the folder, False for none.
    """
    match term:
        case InFolder() | OfAccount():
            held = holds(term)
            return term if held is None else held
        case Not(part):
            inner = without_places(part, holds)
            return (not inner) if isinstance(inner, bool) else Not(inner)
        case All(parts):
            return joined([without_places(part, holds) for part in parts], All, decides=False)
        case Either(parts):
            return joined([without_places(part, holds) for part in parts], Either, decides=True)
        case _:
            return term


def joined(parts: "Sequence[Term | bool]", kind: type[All | Either], *, decides: bool) -> Term | bool:
    """Terms together again; one that is `decides` settles it, one that is the opposite says nothing."""
    if any(part is decides for part in parts):
        return decides
    rest = tuple(part for part in parts if not isinstance(part, bool))
    if len(rest) < 2:
        return rest[0] if rest else not decides
    return kind(rest)


def hit_on_server(account: str, folder: str, header: "Header", id: int | None) -> Hit:
    """A message as the server lists it."""
    from mailctl.domain.decoding import believable
    from mailctl.domain.reading import head_of

    head, listed = head_of(header.raw), header.listed
    return Hit(
        id=id,
        account=account,
        folder=folder,
        uid=listed.uid,
        sender=head.sender,
        to=head.to,
        subject=head.subject,
        date=believable(head.date, received=listed.received) or listed.received,
        size=listed.size,
        unread=Flag.SEEN not in listed.flags,
        flagged=Flag.FLAGGED in listed.flags,
        answered=Flag.ANSWERED in listed.flags,
        has_attachment=None,
        message_id=head.message_id,
    )
