"""Affairs of the firm: added, looked at with their mail, changed, taken away."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.affair import Affair, Client, Person, State, folded, normal
from mailctl.domain.message import Copy
from mailctl.errors import AlreadyExistsError, RightMissingError
from mailctl.services.context import Context
from mailctl.services.keys import with_keys, without_keys
from mailctl.services.links import refreshed, show_hint, tell_odd
from mailctl.store.affairs import decode_affair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailctl.domain.link import Link
    from mailctl.local.index import Index, Stored


class Row(Struct, frozen=True, kw_only=True):
    """An affair as a list shows it; `mails` is how many messages are linked to it."""

    ref: str
    title: str
    state: State
    client: str
    responsible: str | None
    opened: date | None
    closed: date | None
    mails: int


class Filed(Struct, frozen=True, kw_only=True):
    """A message of an affair: who linked it and when; what other folders and accounts have of it are copies."""

    id: int
    account: str
    folder: str
    date: datetime
    sender: str
    to: str
    subject: str
    size: int
    unread: bool
    flagged: bool
    answered: bool
    has_attachment: bool
    message_id: str | None
    linked_by: str
    linked_at: datetime
    copies: tuple[Copy, ...] = ()


class Shown(Struct, frozen=True, kw_only=True):
    """An affair with its mail, the oldest first.

    `elsewhere` counts the messages that are linked to it and are not on this machine, or not for the actor to read.
    """

    ref: str
    title: str
    state: State
    client: str
    client_addresses: tuple[str, ...]
    client_domains: tuple[str, ...]
    responsible: str | None
    address: str
    opened: date | None
    closed: date | None
    people: tuple[Person, ...]
    match: tuple[str, ...]
    exceptions: tuple[str, ...]
    notes: str
    mails: tuple[Filed, ...]
    elsewhere: int


class Removed(Struct, frozen=True, kw_only=True):
    """An affair that was taken away, and how many messages were linked to it."""

    ref: str
    title: str
    links: int


# -- looking


def list_(ctx: Context, *, state: State | None = None) -> tuple[Row, ...]:
    """All affairs, or those in a state, by reference; whose file is broken is warned about."""
    from mailctl.local.links import count

    _ = ctx.settings  # no store, or one not to be trusted, is told first
    found, errors = ctx.store.affairs()
    for error in errors:
        ctx.warn(str(error))
    linked = count(refreshed(ctx)) if found else {}
    return tuple(row(one, linked.get(one.ref, 0)) for one in found if state in (None, one.state))


def row(affair: Affair, mails: int) -> Row:
    """The affair as a list shows it."""
    return Row(
        ref=affair.ref,
        title=affair.title,
        state=affair.state,
        client=affair.whom.name if affair.whom else "",
        responsible=affair.responsible,
        opened=affair.opened,
        closed=affair.closed,
        mails=mails,
    )


def row_of(ctx: Context, affair: Affair) -> Row:
    """The affair as a list shows it, its messages counted."""
    from mailctl.local.links import count

    return row(affair, count(refreshed(ctx)).get(affair.ref, 0))


def show(ctx: Context, ref: str) -> Shown:
    """One affair and its mail, of the accounts that the actor may read.

    Raises:
        AffairNotFoundError: there is none of that reference.
    """
    affair = ctx.store.affair(ref)
    found, elsewhere = filed(ctx, affair.ref)
    client = affair.whom or Client(name="")
    return Shown(
        ref=affair.ref,
        title=affair.title,
        state=affair.state,
        client=client.name,
        client_addresses=client.addresses,
        client_domains=client.domains,
        responsible=affair.responsible,
        address=affair.address,
        opened=affair.opened,
        closed=affair.closed,
        people=affair.people,
        match=affair.match,
        exceptions=affair.exceptions,
        notes=affair.notes,
        mails=found[::-1],
        elsewhere=elsewhere,
    )


def mails(ctx: Context, ref: str, *, accounts: "Sequence[str]" = ()) -> tuple[Filed, ...]:
    """The mail of an affair that the actor may read, newest first; who asks is told how much there is beyond it.

    Raises:
        AffairNotFoundError: there is none of that reference.
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
    """
    from mailctl.services.links import messages_of, require

    require(ctx, ref)
    found, elsewhere = filed(ctx, normal(ref), accounts=accounts)
    if elsewhere and not accounts:
        ctx.say(f"{messages_of(elsewhere)} more of '{ref}': not fetched here, or in accounts you may not read")
    return found


def filed(ctx: Context, ref: str, *, accounts: "Sequence[str]" = ()) -> tuple[tuple[Filed, ...], int]:
    """The mail of an affair in accounts that the actor may read, newest first; and how many messages are elsewhere."""
    from mailctl.local import links
    from mailctl.services.read import readable

    index = refreshed(ctx)
    known = {one.key: one for one in links.of_affair(index, ref)}
    if not known:
        return (), 0
    groups = by_key(index, ref, [one.name for one in readable(ctx, accounts)])
    return tuple(as_filed(group, known[key]) for key, group in groups.items()), len(known.keys() - groups.keys())


def by_key(index: "Index", ref: str, accounts: "Sequence[str]") -> "dict[str, list[Stored]]":
    """The fetched messages of an affair in some accounts, newest first: copies of one message together."""
    from mailctl.local import links

    groups: dict[str, list[Stored]] = {}
    for stored in links.messages(index, ref, accounts):
        groups.setdefault(str(stored.head.key), []).append(stored)
    return groups


def as_filed(group: "Sequence[Stored]", link: "Link") -> Filed:
    """Copies of a message as one: the one that was fetched first."""
    first, *others = sorted(group, key=lambda one: one.id)
    summary = first.summary
    return Filed(
        linked_by=link.who,
        linked_at=link.when,
        copies=tuple(Copy(id=one.id, account=one.account, unread=one.summary.unread) for one in others),
        **{name: getattr(summary, name) for name in SHARED},
    )


SHARED = tuple(name for name in Filed.__struct_fields__ if name not in ("linked_by", "linked_at", "copies"))


# -- changing


def add(ctx: Context, affair: Affair) -> Row:
    """Write a new affair; without a day, it begins today.

    Raises:
        RightMissingError: only an administrator adds affairs.
        AlreadyExistsError: there is one of that reference.
        BadDataError: a reference, address, domain or rule that cannot be one.
        CollaboratorNotFoundError: nobody of the name of who is responsible.
    """
    ctx.require_admin("add affairs")
    today = ctx.now().astimezone().date()
    ref = normal(affair.ref)
    checked = with_keys(replace(affair, opened=affair.opened or today), (), decode=partial(decode_affair, ref))
    with ctx.change(f"add affair '{ref}'") as change:
        refuse_taken(ctx, ref)
        if checked.responsible:
            ctx.store.collaborator(checked.responsible)
        change.put(checked)
    return row_of(ctx, checked)


def refuse_taken(ctx: Context, ref: str, *, but: str | None = None) -> None:
    """Refuse a reference that an affair has already, in whatever case, or whose folder on a server would be its own."""
    from mailctl.domain.shown import folder_of

    wanted = folded(folder_of(ref, "/"))
    for other in ctx.store.affair_names():
        if other != but and folded(folder_of(other, "/")) == wanted:
            alike = "" if folded(other) == folded(ref) else f", which servers would show in the folder of '{ref}'"
            raise AlreadyExistsError(f"there is an affair '{other}' already{alike}", hint=show_hint(other))


class More(Struct, frozen=True, kw_only=True):
    """What is added to the lists of an affair."""

    people: tuple[Person, ...] = ()
    match: tuple[str, ...] = ()


def set_keys(
    ctx: Context, ref: str, pairs: tuple[str, ...], *, unset: tuple[str, ...] = (), more: More | None = None
) -> Row:
    """Set keys of an affair, as `KEY=VALUE` with dotted keys, put others back to their defaults, add to its lists.

    Raises:
        RightMissingError: the actor is no administrator, and not responsible for the affair.
        BadDataError: no such key, or a value it cannot hold.
    """
    decode = partial(decode_affair, normal(ref))
    needs_table = any(key.startswith("client.") for key in (*pairs, *unset))

    def edited(before: Affair) -> Affair:
        start = replace(before, client=before.whom) if needs_table and before.whom else before
        after = without_keys(with_keys(start, pairs, decode=decode), unset, decode=decode)
        return with_keys(extended(after, more), (), decode=decode) if more else after

    return changed(ctx, ref, edited, "change")


def extended(affair: Affair, more: More) -> Affair:
    """The affair with more people and rules, each once."""
    people = tuple(dict.fromkeys((*affair.people, *more.people)))
    return replace(affair, people=people, match=tuple(dict.fromkeys((*affair.match, *more.match))))


def close(ctx: Context, ref: str) -> Row:
    """Let an affair be over as of today: only answers to its mail are filed under it.

    Raises:
        AffairNotFoundError, RightMissingError: as `set_keys`.
    """
    today = ctx.now().astimezone().date()
    return changed(
        ctx,
        ref,
        lambda one: one if one.state is State.CLOSED else replace(one, state=State.CLOSED, closed=today),
        "close",
    )


def reopen(ctx: Context, ref: str) -> Row:
    """Let an affair go on.

    Raises:
        AffairNotFoundError, RightMissingError: as `set_keys`.
    """
    return changed(ctx, ref, lambda one: replace(one, state=State.OPEN, closed=None), "reopen")


def changed(ctx: Context, ref: str, edit: Callable[[Affair], Affair], what: str) -> Row:
    """Change one affair under the store's lock."""
    with ctx.change(f"{what} affair '{ref}'") as change:
        before = managed(ctx, ref, what)
        after = edit(before)
        if after.responsible and after.responsible != before.responsible:
            ctx.store.collaborator(after.responsible)
        if after != before:
            change.put(after)
    return row_of(ctx, after)


def managed(ctx: Context, ref: str, what: str) -> Affair:
    """An affair that the actor may change: as its responsible, or as an administrator.

    Raises:
        AffairNotFoundError: there is none of that reference.
        RightMissingError: the actor may not.
    """
    affair = ctx.store.affair(ref)
    own = ctx.actor.collaborator
    if ctx.actor.is_admin or ctx.actor.is_alone or (own is not None and own.id == affair.responsible):
        return affair
    who = affair.responsible or "an administrator"
    raise RightMissingError(
        f"'{ctx.actor.name}' may not {what} the affair '{affair.ref}': its responsible and administrators may",
        hint=f"ask {who}; {show_hint(affair.ref)}",
    )


def rename(ctx: Context, ref: str, new: str) -> Row:
    """Give an affair another reference; its links move along as one change, then what is queued and shown by it.

    Raises:
        RightMissingError: only an administrator renames affairs.
        AffairNotFoundError, AlreadyExistsError, BadDataError: there is none, or the new reference cannot be it.
    """
    from mailctl.services.links import follow
    from mailctl.services.orphans import adopt, is_orphan
    from mailctl.store import links

    ctx.require_admin("rename affairs")
    if is_orphan(ctx, ref):  # renamed elsewhere: what was linked here meanwhile joins it
        return row_of(ctx, adopt(ctx, ref, new))
    keys: frozenset[str] = frozenset()
    with ctx.change(f"rename affair '{ref}' to '{new}'") as change:
        before = ctx.store.affair(ref)
        target = normal(new)
        after = with_keys(replace(before, ref=target), (), decode=partial(decode_affair, target))
        if after.ref != before.ref:
            refuse_taken(ctx, after.ref, but=before.ref)
            change.remove_affair(before.ref)
            change.put(after)
            kept = links.lines(ctx.store, before.ref)
            change.put_file(links.file_of(before.ref), None)
            links.put(change, after.ref, kept.links, odd=kept.odd, refused=kept.refused)
            keys = frozenset(one.key for one in kept.links)
    if after.ref != before.ref:
        follow(ctx, before.ref, keys, new=after.ref)
    return row_of(ctx, after)


def removal(ctx: Context, ref: str) -> Removed:
    """What `remove` would take away.

    Raises:
        RightMissingError: only an administrator removes affairs.
        AffairNotFoundError: there is none of that reference.
    """
    from mailctl.store import links

    ctx.require_admin("remove affairs")
    affair = ctx.store.affair(ref)
    kept = links.lines(ctx.store, affair.ref)
    tell_odd(ctx, affair.ref, kept.odd)
    return Removed(ref=affair.ref, title=affair.title, links=len(kept.links))


def remove(ctx: Context, ref: str) -> Removed:
    """Take an affair and its links away; the mail stays where it is.

    Raises:
        RightMissingError, AffairNotFoundError: as `removal`.
    """
    from mailctl.services.links import follow
    from mailctl.store import links

    ctx.require_admin("remove affairs")
    with ctx.change(f"remove affair '{ref}'") as change:
        gone = removal(ctx, ref)
        change.remove_affair(gone.ref)
        keys = {one.key for one in links.read(ctx.store, gone.ref)}
        change.put_file(links.file_of(gone.ref), None)
    follow(ctx, gone.ref, keys)
    return gone
