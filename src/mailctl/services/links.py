"""Links between affairs and mail: kept in the store, copied into the index, made and undone."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.rights import Right
from mailctl.errors import AffairNotFoundError, MailctlError, Problem, StoreError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.domain.link import Link
    from mailctl.domain.message import Summary
    from mailctl.domain.outgoing import Entry
    from mailctl.local.index import Index, Stored
    from mailctl.local.links import Copied


class Linked(Struct, frozen=True, kw_only=True):
    """A message and an affair after `link` or `unlink`; `changed`: whether it was otherwise before.

    `id` is None, and `subject` empty, of one that was named by its Message-ID.
    """

    ref: str
    id: int | None
    account: str
    subject: str
    key: str
    linked: bool
    changed: bool


# -- looking


def refreshed(ctx: Context) -> "Index":
    """The index, its copy of the links as the store has them now; only files that changed are read."""
    from mailctl.local.links import refresh
    from mailctl.store.links import states

    found = states(ctx.store.root)
    refresh(ctx.index, found, lambda stems: copied(ctx, found, stems))
    return ctx.index


def copied(ctx: Context, states: dict[str, str], stems: Collection[str]) -> "Iterable[Copied]":
    """The files of links as the index copies them; what is wrong with one is warned about, and the rest goes on."""
    from mailctl.local.links import Copied
    from mailctl.services.orphans import is_orphan, orphan
    from mailctl.store import links

    for stem, ref in links.refs(stems).items():
        try:
            found = links.lines(ctx.store, ref)
        except MailctlError as error:
            ctx.warn(str(error))
            continue
        tell_odd(ctx, ref, found.odd)
        if is_orphan(ctx, ref):
            ctx.warn(str(orphan(ref)))
        yield Copied(stem, ref, states[stem], found.links)


def tell_odd(ctx: Context, ref: str, odd: Sequence[tuple[int, str]]) -> None:
    """Warn of lines of an affair's file that are no links; they are left where they are."""
    from mailctl.store.links import file_of

    if odd:
        more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        ctx.warn(f"{file_of(ref)}:{odd[0][0]}: no link in this line{more}")


def faulty_links(ctx: Context) -> tuple[Problem, ...]:
    """Files of links that cannot be read, and lines in them that are none."""
    from mailctl.services.orphans import is_orphan, orphan
    from mailctl.store import links

    faults: list[Problem] = []
    for ref in links.refs(links.states(ctx.store.root)).values():
        try:
            odd = links.lines(ctx.store, ref).odd
        except MailctlError as error:
            faults += (
                error.problems if isinstance(error, StoreError) else [Problem(links.file_of(ref), 0, "", str(error))]
            )
            continue
        faults += [Problem(links.file_of(ref), number, "", "no link in this line") for number, _ in odd]
        faults += [orphan(ref)] if is_orphan(ctx, ref) else []
    return tuple(faults)


def affairs_of(ctx: Context, keys: Iterable[str | None]) -> dict[str, tuple[str, ...]]:
    """The affairs of messages, by their keys; who has none is left out."""
    from mailctl.local import links

    wanted = {key for key in keys if key}
    return links.affairs_of(refreshed(ctx), wanted) if wanted else {}


def with_affairs(ctx: Context, found: "Sequence[Summary]") -> "tuple[Summary, ...]":
    """Messages of a list with the affairs that they belong to."""
    from mailctl.local.links import affairs_by_id

    known = affairs_by_id(refreshed(ctx), [one.id for one in found]) if found else {}
    return tuple(replace(one, affairs=known[one.id]) if one.id in known else one for one in found)


def key_of(ctx: Context, stored: "Stored") -> str:
    """What links call a message; of one that was fetched before there were links, its file is looked at.

    Raises:
        MessageNotFoundError, StorageError: it has no Message-ID, and its file is gone or cannot be read.
    """
    if stored.head.key:
        return stored.head.key
    from mailctl.domain.identity import content_key
    from mailctl.local.links import note_key
    from mailctl.services.read import opened

    key = content_key(opened(ctx, stored.id)[1])
    note_key(ctx.index, stored.id, key)
    return key


def show_hint(ref: str) -> str:
    """How to look at an affair, as one types it."""
    return f"mailctl affair show {typed(ref)}"


def typed(ref: str) -> str:
    """A reference as one types it behind a command."""
    from shlex import quote

    return f"{'-- ' if ref.startswith('-') else ''}{quote(ref)}"


# -- changing


def link(ctx: Context, pairs: "Iterable[tuple[str, Stored]]") -> tuple[Linked, ...]:
    """File messages under affairs, as one change of the store; what is filed already stays as it is.

    Raises:
        AffairNotFoundError, RightMissingError, CheckerOnlyError: before anything is changed.
        StoreError, StorageError: nothing is changed.
    """
    chosen = permitted(ctx, pairs)
    new = {(ref, key): made(ctx, key, stored.account) for ref, key, stored in chosen}
    added = record(ctx, new)
    if added:
        reflect(ctx)
    return tuple(linked(one, is_linked=True, changed=(one[0], one[1]) in added) for one in chosen)


def link_sent(ctx: Context, entries: "Iterable[Entry]") -> tuple[str, ...]:
    """File messages that were sent under the affairs they were sent for, as one change of the store.

    Gives back warnings of affairs that there are no more.

    Who may send it may file it: that takes no `organize`.

    Raises:
        StoreError, StorageError: nothing is changed.
    """
    from mailctl.domain.link import Link

    gone: dict[str, str] = {}  # by reference
    new = {}
    when = ctx.now().replace(microsecond=0)
    for entry in entries:
        for ref in entry.affairs:
            if ref not in gone:
                try:
                    require(ctx, ref)
                except AffairNotFoundError as error:
                    gone[ref] = f"sent, but not linked: {error}"
            if ref not in gone:
                who = entry.filed_by or ctx.actor.name
                new[ref, entry.message_id] = Link(key=entry.message_id, account=entry.account, who=who, when=when)
    record(ctx, new)
    return tuple(gone.values())


def unlink(ctx: Context, ref: str, messages: "Iterable[Stored]", *, ids: Sequence[str] = ()) -> tuple[Linked, ...]:
    """Take messages out of an affair, as one change of the store; who is not in it stays so.

    Args:
        ctx: who acts.
        ref: the affair.
        messages: those that were fetched here.
        ids: Message-IDs of others, which one may take out who may organize the accounts they were linked from.

    Raises:
        AffairNotFoundError, RightMissingError, CheckerOnlyError: before anything is changed.
        StoreError, StorageError: nothing is changed.
    """
    from mailctl.domain.affair import normal
    from mailctl.store import links

    ref = normal(ref)
    chosen = permitted(ctx, ((ref, stored) for stored in messages))
    others = named(ctx, ref, ids) if ids else {}
    keys = {key for _, key, _ in chosen} | others.keys()
    gone: set[str] = set()
    with ctx.change(f"unlink {messages_of(len(keys))} from affair '{ref}'") as change:
        before = links.lines(ctx.store, ref)
        gone = {one.key for one in before.links} & keys
        if gone:
            refused = (*before.refused, *(made(ctx, one.key, one.account) for one in before.links if one.key in gone))
            links.put(change, ref, [one for one in before.links if one.key not in keys], odd=before.odd,
                      refused=refused)  # fmt: skip
    if gone:
        reflect(ctx, gone={(ref, key) for key in gone})
    return (
        *(linked(one, is_linked=False, changed=one[1] in gone) for one in chosen),
        *(
            Linked(ref=ref, id=None, account=account, subject="", key=key, linked=False, changed=key in gone)
            for key, account in others.items()
        ),
    )


def named(ctx: Context, ref: str, ids: Sequence[str]) -> dict[str, str]:
    """The accounts of the messages of an affair with these Message-IDs, with or without brackets, by their keys."""
    from mailctl.store import links

    require(ctx, ref)
    known = {one.key: one.account for one in links.read(ctx.store, ref)}
    found = {key: known.get(key, "") for key in (one if one in known else f"<{one.strip('<>')}>" for one in ids)}
    for account in sorted({one for one in found.values() if one}):
        if account in ctx.store.account_names():
            ctx.account(account, need=Right.ORGANIZE)
        else:
            ctx.require_admin("take out mail of accounts that are gone")
    return found


def reflect(ctx: Context, *, gone: Collection[tuple[str, str]] = ()) -> None:
    """Let the servers show the links as they are now, where the store wants it."""
    from mailctl.services.affair_mirror import reflect as shown

    shown(ctx, gone=gone)


def follow(ctx: Context, ref: str, keys: Collection[str], *, new: str | None = None) -> None:
    """Let the outbox and the servers follow an affair that has another reference, or is gone."""
    if new is not None:
        try:
            ctx.outbox.rename_affair(ref, new)
        except MailctlError as error:
            ctx.warn(f"what the outbox sends for '{ref}' has to be linked by hand to '{new}': {error}")
    reflect(ctx, gone={(ref, key) for key in keys})


def permitted(ctx: Context, pairs: "Iterable[tuple[str, Stored]]") -> "list[tuple[str, str, Stored]]":
    """Affair, key and message of each pair, once all affairs are there and the actor may organize all accounts."""
    from mailctl.domain.affair import normal

    found = list(pairs)
    for ref in dict.fromkeys(ref for ref, _ in found):
        require(ctx, ref)
    for name in dict.fromkeys(stored.account for _, stored in found):
        ctx.account(name, need=Right.ORGANIZE)
    return [(normal(ref), key_of(ctx, stored), stored) for ref, stored in found]


def require(ctx: Context, ref: str) -> None:
    """Refuse a reference that is no affair's.

    Raises:
        AffairNotFoundError: with the nearest one as a hint.
    """
    from mailctl.store.affairs import file_of

    try:
        is_there = (ctx.store.root / file_of(ref)).is_file()
    except (OSError, ValueError):  # no name that a file can have
        is_there = False
    if not is_there:
        _ = ctx.settings  # no store is told first
        ctx.store.affair(ref)


def made(ctx: Context, key: str, account: str) -> "Link":
    """A link made now by who acts."""
    from mailctl.domain.link import Link

    return Link(key=key, account=account, who=ctx.actor.name, when=ctx.now().replace(microsecond=0))


def record(ctx: Context, new: "dict[tuple[str, str], Link]") -> frozenset[tuple[str, str]]:
    """Enter links, by affair and key, as one change of the store; those that were not there yet."""
    from mailctl.store import links

    by_affair: dict[str, list[Link]] = {}
    for (ref, _), one in new.items():
        by_affair.setdefault(ref, []).append(one)
    if not by_affair:
        return frozenset()
    refs = f"affair '{next(iter(by_affair))}'" if len(by_affair) == 1 else f"{len(by_affair)} affairs"
    added = set()
    with ctx.change(f"link {messages_of(len({key for _, key in new}))} to {refs}") as change:
        for ref, found in by_affair.items():
            before = links.lines(ctx.store, ref)
            known = {one.key for one in before.links}
            fresh = [one for one in found if one.key not in known]
            if fresh:
                keys = {one.key for one in fresh}
                refused = [one for one in before.refused if one.key not in keys]
                links.put(change, ref, (*before.links, *fresh), odd=before.odd, refused=refused)
                added |= {(ref, one.key) for one in fresh}
    return frozenset(added)


def linked(one: "tuple[str, str, Stored]", *, is_linked: bool, changed: bool) -> Linked:
    """What became of one pair."""
    ref, key, stored = one
    return Linked(
        ref=ref,
        id=stored.id,
        account=stored.account,
        subject=stored.head.subject,
        key=key,
        linked=is_linked,
        changed=changed,
    )


def messages_of(number: int) -> str:
    """A number of messages in words."""
    return "1 message" if number == 1 else f"{number} messages"
