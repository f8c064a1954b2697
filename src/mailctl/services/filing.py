"""Mail filed under affairs by the rules: all of it, what a fetch brought, or one message explained."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.affair import State
from mailctl.domain.filing import NOWHERE, Filing, Letter
from mailctl.domain.references import is_weak
from mailctl.domain.rights import Right
from mailctl.domain.searchable import address_in, searchable_of
from mailctl.errors import MailctlError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair
    from mailctl.domain.filing import Reason, Verdict
    from mailctl.local.filing import Waiting
    from mailctl.local.index import KnownFolder

NOT_FILED = ("drafts", "trash", "junk")


class Filed(Struct, frozen=True, kw_only=True):
    """A message filed by the rules, or that would be: under which affair, by which step, and why."""

    id: int
    account: str
    ref: str
    step: str
    why: str
    sender: str
    subject: str


class Candidate(Struct, frozen=True, kw_only=True):
    """An affair that a message may belong to, and why."""

    ref: str
    step: str
    why: str


class Unsure(Struct, frozen=True, kw_only=True):
    """A message of which somebody has to say what affair it belongs to."""

    id: int
    account: str
    sender: str
    subject: str
    candidates: tuple[Candidate, ...]


class Explained(Struct, frozen=True, kw_only=True):
    """What the rules say of a message: the affair, or None and the candidates; `filed` is where it is already."""

    id: int
    account: str
    subject: str
    filed: tuple[str, ...]
    ref: str | None
    reasons: tuple[Candidate, ...]


class Decided(Struct, frozen=True):
    """Messages and what the rules say of them: those of one affair, and those of several."""

    sure: "tuple[tuple[Waiting, Reason], ...]"
    unsure: "tuple[tuple[Waiting, Verdict], ...]"


# -- what is asked for


def auto(ctx: Context, *, dry_run: bool = False) -> tuple[Filed, ...]:
    """File what the rules are sure of, of all fetched mail that one may organize and that is not filed yet.

    Links that are not shown on the servers yet are, as the store wants it.

    Raises:
        StoreError, StorageError: nothing is filed.
    """
    desk = whole_desk(ctx)
    if dry_run:
        return tuple(filed(*one) for one in desk.decided(desk.waiting()).sure)
    waiting = desk.waiting()
    done = desk.file(desk.decided(waiting).sure)
    desk.mark(waiting)
    if not done:  # else linking has shown what was not
        from mailctl.services.affair_mirror import reflect

        reflect(ctx)
    return done


def inbox(ctx: Context) -> tuple[Unsure, ...]:
    """The mail that may belong to several affairs, the newest first, with the affairs and why."""
    desk = whole_desk(ctx)
    found = desk.decided(desk.waiting()).unsure
    return tuple(
        Unsure(
            id=one.id,
            account=one.account,
            sender=one.sender,
            subject=one.subject,
            candidates=candidates(verdict.reasons),
        )
        for one, verdict in reversed(found)
    )


def whole_desk(ctx: Context) -> "Desk":
    """All mail that one may organize, once all of it was looked at."""
    from mailctl.services.indexing import enter_all_words

    desk = Desk(ctx, tuple(one.name for one in ctx.accounts(need=Right.ORGANIZE)))
    enter_all_words(ctx)
    return desk


def explain(ctx: Context, id: int) -> Explained:
    """What the rules say of one message, wherever it is filed.

    Raises:
        MessageNotFoundError, RightMissingError, CheckerOnlyError: before anything is looked at.
    """
    from mailctl.services.indexing import enter_all_words
    from mailctl.services.links import affairs_of, key_of

    stored = ctx.index.message(id)
    ctx.account(stored.account, need=Right.READ)
    key = key_of(ctx, stored)
    enter_all_words(ctx)
    desk = Desk(ctx, (stored.account,), without=key)
    verdict = desk.verdict_of(stored.folder_id, id)
    return Explained(
        id=id,
        account=stored.account,
        subject=stored.head.subject,
        filed=affairs_of(ctx, (key,)).get(key, ()),
        ref=verdict.affair,
        reasons=candidates(verdict.reasons),
    )


# -- the work


class Desk:
    """Mail of some accounts, and the firm's affairs as the rules need them, each read once."""

    def __init__(self, ctx: Context, accounts: Sequence[str], *, without: str | None = None) -> None:
        """Read it.

        Args:
            ctx: the outside world.
            accounts: whose mail; the actor may organize them.
            without: a message whose own links do not count.
        """
        self.ctx = ctx
        self.accounts = accounts
        self.without = without
        self.refused: dict[str, frozenset[str]] = {}

    @cached_property
    def affairs(self) -> "tuple[Affair, ...]":
        """All affairs, read when they are first asked for: most fetches bring nothing to file."""
        return all_affairs(self.ctx)

    def waiting(self, *, new: bool = False) -> "tuple[Waiting, ...]":
        """The messages that may be filed, the oldest first; only those the rules never looked at, if so wished."""
        from mailctl.local.filing import waiting

        folders = [known.id for name in self.accounts for known in folders_of(self.ctx, name)]
        return waiting(self.ctx.index, folders, new=new)

    def verdict_of(self, folder: int, id: int) -> "Verdict":
        """The verdict on one message; none where its text was not looked at yet."""
        from mailctl.local.filing import waiting

        found = waiting(self.ctx.index, (folder,), id=id)
        book = self.book
        verdicts = [book.verdict(self.letter(one, {id})) for one in found]
        return verdicts[0] if verdicts else NOWHERE

    @cached_property
    def book(self) -> Filing:
        """The affairs, and what is filed under them already."""
        from mailctl.local import filing as kept
        from mailctl.services.links import refreshed

        index = refreshed(self.ctx)
        links = kept.links(index)
        links.pop(self.without or "", None)
        addresses, domains = own(self.ctx)
        return Filing(
            self.affairs,
            links=links,
            threads=kept.threads(index, without=self.without),
            own_addresses=addresses,
            own_domains=domains,
            is_refused=self.is_refused,
        )

    def decided(self, waiting: "Sequence[Waiting]", hits: Collection[int] | None = None) -> Decided:
        """What the rules say of messages, of the oldest first: what answers one that is filed follows it.

        Args:
            waiting: the messages.
            hits: those whose texts may hold a reference; looked for when not given.
        """
        book = self.book
        if hits is None:
            hits = self.with_references(min((one.id for one in waiting), default=1) - 1)
        sure: list[tuple[Waiting, Reason]] = []
        unsure: dict[str, tuple[Waiting, Verdict]] = {}
        rest = waiting
        while rest:
            left = []
            for one in rest:
                if one.key in book.links:
                    continue
                letter = self.letter(one, hits)
                verdict = book.verdict(letter)
                if verdict.affair is not None:
                    sure.append((one, verdict.reasons[0]))
                    book.take(letter, verdict.affair)
                    continue
                left.append(one)
                if verdict.is_unsure:
                    unsure[one.key] = (one, verdict)
            again = [one for one in left if one.thread in book.threads]
            rest = again if len(again) < len(rest) else ()
        return Decided(tuple(sure), tuple(pair for key, pair in unsure.items() if key not in book.links))

    def is_refused(self, ref: str, key: str) -> bool:
        """Whether somebody took the message out of the affair."""
        from mailctl.store.links import lines

        if ref not in self.refused:
            self.refused[ref] = frozenset(one.key for one in lines(self.ctx.store, ref).refused)
        return key in self.refused[ref]

    def letter(self, one: "Waiting", hits: Collection[int]) -> Letter:
        """A message as the rules look at it; its text is read only where it may hold a reference."""
        return Letter(
            key=one.key,
            sender=address_in(one.sender),
            recipients=tuple(one.parties.split()),
            subject=one.subject,
            list_id=one.list_id,
            ancestors=tuple(one.ancestors.split()),
            thread=one.thread,
            body=partial(self.text_of, one.id) if one.id in hits else str,
        )

    def with_references(self, above: int) -> frozenset[int]:
        """The messages, with numbers above one, whose texts may hold a reference."""
        from mailctl.local.filing import with_phrases

        refs = [one.ref for one in self.affairs if one.state is not State.CLOSED and not is_weak(one.ref)]
        return with_phrases(self.ctx.index, refs, above=above)

    def text_of(self, id: int) -> str:
        """The text of a message."""
        from mailctl.services.read import opened

        try:
            return searchable_of(opened(self.ctx, id)[1]).body
        except MailctlError as error:
            self.ctx.warn(f"message {id}: {error}")
            return ""

    def file(self, sure: "Sequence[tuple[Waiting, Reason]]") -> tuple[Filed, ...]:
        """Link messages, as one change of the store; those that were linked."""
        from mailctl.local.filing import of_numbers
        from mailctl.services.links import link

        messages = {one.id: one for one in of_numbers(self.ctx.index, [one.id for one, _ in sure])}
        pairs = [(reason.affair, messages[one.id]) for one, reason in sure if one.id in messages]
        done = {(one.ref, one.id) for one in link(self.ctx, pairs) if one.changed} if pairs else set()
        return tuple(filed(one, reason) for one, reason in sure if (reason.affair, one.id) in done)

    def mark(self, waiting: "Sequence[Waiting]") -> None:
        """Note that the rules looked at messages."""
        from mailctl.local.filing import mark_considered

        mark_considered(self.ctx.index, [one.id for one in waiting])


def all_affairs(ctx: Context) -> "tuple[Affair, ...]":
    """All affairs whose files can be read; the others are warned about."""
    found, errors = ctx.store.affairs()
    for error in errors:
        ctx.warn(str(error))
    return found


def folders_of(ctx: Context, account: str) -> "Iterator[KnownFolder]":
    """The folders of an account whose mail is filed: not what is thrown away, unwanted or unfinished, nor copies."""
    from mailctl.domain.folders import folded, is_meant, same_folder
    from mailctl.domain.shown import SHELF

    chosen = ctx.store.account(account).folders
    named = [name for use in NOT_FILED if (name := getattr(chosen, use))]
    for known in ctx.index.folders(account):
        parts = known.path.split("/")
        is_out = any(is_meant(use, known.name, part) for use in NOT_FILED for part in parts)
        is_copy = folded(SHELF) in map(folded, parts)
        if not (is_out or is_copy or any(same_folder(known.name, name) for name in named)):
            yield known


def own(ctx: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The firm's own addresses, and those of its domains in which nobody else has one."""
    from mailctl.providers import providers

    accounts = ctx.store.accounts()[0]
    public = {domain for one in providers() for domain in one.domains}
    addresses = [address for one in accounts for address in (one.address, *(alias.address for alias in one.aliases))]
    people = [one.email for one in ctx.store.collaborators()[0] if one.email]
    domains = {address.rpartition("@")[2].casefold() for address in addresses}
    return (*addresses, *people), tuple(sorted(domains - public - {""}))


def filed(one: "Waiting", reason: "Reason") -> Filed:
    """What became of a message."""
    return Filed(
        id=one.id,
        account=one.account,
        ref=reason.affair,
        step=str(reason.step),
        why=reason.why,
        sender=one.sender,
        subject=one.subject,
    )


def candidates(reasons: "Iterable[Reason]") -> tuple[Candidate, ...]:
    """Reasons as they are shown."""
    return tuple(Candidate(ref=one.affair, step=str(one.step), why=one.why) for one in reasons)
