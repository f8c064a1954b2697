"""Links shown on the servers, to who uses another mail program: as a keyword, or as a copy in the affair's folder."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mailctl.domain.rights import Right
from mailctl.domain.settings import Mirror
from mailctl.errors import MailctlError
from mailctl.services.context import Context
from mailctl.services.filing import folders_of
from mailctl.services.organizing import alone, group

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.local.index import Stored
    from mailctl.local.shown import Shown
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import Listed

TOO_MANY = (
    "'{folder}' of '{account}' has so many keywords that Dovecot may forget '{keyword}' when it makes its index anew; "
    'mirror = "folder" under [affairs] in store.toml has no such limit'
)


def reflect(ctx: Context, *, gone: Collection[tuple[str, str]] = ()) -> None:
    """Let the servers show the links as the store wants it: what is missing is shown, what is undone is hidden.

    What a server does not do is warned about, and tried again by the next `affair auto`; the links stand.

    Args:
        ctx: who acts; only accounts that they may organize are touched.
        gone: affairs and keys of links just undone, which another workstation may have shown.
    """
    from mailctl.local.filing import links
    from mailctl.local.shown import all_shown
    from mailctl.services.links import refreshed

    way = ctx.settings.affairs.mirror
    index = refreshed(ctx)
    before = all_shown(index)
    if way is Mirror.NONE and not before:
        return
    linked = links(index)
    shown: dict[str, set[Shown]] = {}
    for one in before:
        shown.setdefault(one.account, set()).add(one)
    for account in ctx.accounts(need=Right.ORGANIZE):
        try:
            Mirrored(ctx, account, way=way, before=shown.get(account.name, set()), linked=linked).work(gone)
        except MailctlError as error:
            ctx.warn(f"'{account.name}' does not show its affairs: {error}; mailctl affair auto tries again")


class Mirrored:
    """One account's server, and what it is to show."""

    def __init__(
        self,
        ctx: Context,
        account: "Account",
        *,
        way: Mirror,
        before: "Collection[Shown]",
        linked: Mapping[str, Collection[str]],
    ) -> None:
        """Take it on.

        Args:
            ctx: who acts.
            account: which one; they may organize it.
            way: how the store wants links shown.
            before: what of the account is shown, as this machine knows it.
            linked: the affairs of every linked message, by its key.
        """
        self.ctx = ctx
        self.account = account
        self.way = way
        self.before = before
        self.linked = linked

    def work(self, gone: Collection[tuple[str, str]]) -> None:
        """Do what is to be done; where that is nothing, the server is not asked.

        Raises:
            MailctlError: what a server or the mirror refused; what was done before is noted.
        """
        wanted = self.wanted()
        show = {
            one: messages for one, messages in wanted.items() if one not in self.before or self.is_lost(one, messages)
        }
        hide = self.undone(gone)
        if not show and not hide:
            return
        errors: list[MailctlError] = []
        with alone(self.ctx, self.account.name), self.ctx.imap(self.account) as session:
            hidden, shown = by_ref(hide), by_ref(show)
            for ref in dict.fromkeys((*hidden, *shown)):
                try:
                    self.affair(session, ref, hidden.get(ref, []), {one: show[one] for one in shown.get(ref, [])})
                except MailctlError as error:
                    errors.append(error)
        if errors:
            raise errors[0]

    def is_lost(self, one: "Shown", messages: "Sequence[Stored]") -> bool:
        """Whether a message has no longer the keyword that it was given."""
        from mailctl.domain.shown import keyword_of

        return self.way is Mirror.KEYWORD and any(keyword_of(one.ref) not in message.flags for message in messages)

    def wanted(self) -> "dict[Shown, list[Stored]]":
        """What is to be shown, and the messages on the server that it is about."""
        from mailctl.local.shown import Shown, linked_messages

        if self.way is Mirror.NONE:
            return {}
        folders = [known.id for known in folders_of(self.ctx, self.account.name)]
        found: dict[Shown, list[Stored]] = {}
        for ref, key, stored in linked_messages(self.ctx.index, folders):
            if stored.uid is not None:
                found.setdefault(Shown(self.account.name, str(self.way), ref, key), []).append(stored)
        return found

    def undone(self, gone: Collection[tuple[str, str]]) -> "list[Shown]":
        """What is shown and no longer wanted: its link is gone, or the store wants it shown otherwise."""
        from mailctl.local.shown import Shown

        former = {one for one in self.before if one.way != self.way or one.ref not in self.linked.get(one.key, ())}
        if self.way is not Mirror.NONE:
            former |= {Shown(self.account.name, str(self.way), ref, key) for ref, key in gone}
        return sorted(former)

    def affair(
        self, session: "ImapSession", ref: str, hide: "Sequence[Shown]", show: "dict[Shown, list[Stored]]"
    ) -> None:
        """Do it for one affair, and note it."""
        from mailctl.local.shown import note

        for way, do in ((Mirror.KEYWORD, self.take_keyword), (Mirror.FOLDER, self.take_copies)):
            if some := [one for one in hide if one.way == way]:
                do(session, ref, {one.key for one in some})
                note(self.ctx.index, hidden=some)
        if show:
            give = self.give_keyword if self.way is Mirror.KEYWORD else self.give_copies
            give(session, ref, [stored for messages in show.values() for stored in messages])
            note(self.ctx.index, shown=show)

    # -- keywords

    def give_keyword(self, session: "ImapSession", ref: str, messages: "Sequence[Stored]") -> None:
        """Give messages the affair's keyword."""
        from mailctl.domain.shown import keyword_of
        from mailctl.remote.imap_keywords import is_one_too_many, require_kept, require_keyword
        from mailctl.remote.imap_organize import change_flags
        from mailctl.services.flag import take_over

        keyword = keyword_of(ref)
        for folder, some in by_folder(one for one in messages if keyword not in one.flags).items():
            place = group(self.ctx, self.account, session, folder, some)
            require_keyword(session, keyword, folder)
            if is_one_too_many(session, keyword):
                self.ctx.warn(TOO_MANY.format(folder=folder, account=self.account.name, keyword=keyword))
            change_flags(session, place.uids, add=frozenset({keyword}), remove=frozenset())
            require_kept(session, place.uids, keyword, folder)
            take_over(self.ctx, place, add=frozenset({keyword}), remove=frozenset())

    def take_keyword(self, session: "ImapSession", ref: str, keys: Collection[str]) -> None:
        """Take the affair's keyword from messages."""
        from mailctl.domain.shown import keyword_of
        from mailctl.local.shown import copies
        from mailctl.remote.imap_organize import change_flags
        from mailctl.services.flag import take_over

        keyword = frozenset({keyword_of(ref)})
        there = [one for one in copies(self.ctx.index, self.account.name, keys) if one.uid is not None]
        for folder, some in by_folder(one for one in there if keyword <= one.flags).items():
            place = group(self.ctx, self.account, session, folder, some)
            change_flags(session, place.uids, add=frozenset(), remove=keyword)
            take_over(self.ctx, place, add=frozenset(), remove=keyword)

    # -- copies

    def give_copies(self, session: "ImapSession", ref: str, messages: "Sequence[Stored]") -> None:
        """Lay messages into the affair's folder, made where there is none; no second copy of one that is there."""
        from mailctl.remote import imap_keywords as remote

        name, is_there = self.folder(session, ref)
        target = name if is_there else remote.made(session, name)
        there = marks(remote.contents(session, target)) if is_there else frozenset()
        missing = {one.head.key: one for one in messages if mark_of(one) not in there}
        for folder, some in by_folder(missing.values()).items():
            remote.copy(session, group(self.ctx, self.account, session, folder, some).uids, target)

    def take_copies(self, session: "ImapSession", ref: str, keys: Collection[str]) -> None:
        """Remove copies from the affair's folder; the messages themselves stay where they are."""
        from mailctl.local.shown import copies
        from mailctl.remote import imap_keywords as remote
        from mailctl.remote.imap_organize import expunge

        name, is_there = self.folder(session, ref)
        if not is_there:
            return
        wanted = {mark_of(one) for one in copies(self.ctx.index, self.account.name, keys)} | set(keys)
        uids = [one.uid for one in remote.contents(session, name) if wanted & marks((one,))]
        if uids:
            session.select(name)
            expunge(session, uids)

    def folder(self, session: "ImapSession", ref: str) -> tuple[str, bool]:
        """The name of the affair's folder, and whether the server has it."""
        from mailctl.domain.folders import find
        from mailctl.domain.shown import folder_of

        every = session.folders()
        delimiter = next((one.delimiter for one in every if one.delimiter), None)
        own = folder_of(ref, delimiter)
        prefix = session.personal_prefix()
        name = own if not prefix or own.startswith(prefix) else prefix + own
        found = find(every, name)
        return (found.name if found else name), found is not None and found.can_select


def by_ref(found: "Iterable[Shown]") -> "dict[str, list[Shown]]":
    """What is shown by its affairs."""
    parted: dict[str, list[Shown]] = {}
    for one in found:
        parted.setdefault(one.ref, []).append(one)
    return parted


def by_folder(messages: "Iterable[Stored]") -> "dict[str, list[Stored]]":
    """Messages by the folders they lie in."""
    found: dict[str, list[Stored]] = {}
    for one in messages:
        found.setdefault(one.folder, []).append(one)
    return found


def mark_of(message: "Stored") -> str:
    """What a copy of a message is known by: its Message-ID, else when it came and its size, which copying keeps."""
    return message.head.message_id or f"{int(message.received.timestamp())} {message.size}"


def marks(listed: "Iterable[Listed]") -> frozenset[str]:
    """The same of messages as a server lists them."""
    return frozenset(one.message_id or f"{int(one.received.timestamp())} {one.size}" for one in listed)
