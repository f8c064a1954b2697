"""Fetching: a one-way mirror of accounts and folders in Maildirs and index; nothing on the server changes."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.folders import Folder, find
from mailctl.domain.rights import Right
from mailctl.errors import (
    FolderNotFoundError,
    MailctlError,
    ServerRefusedError,
    SomeFailedError,
    TemporaryError,
    UsageError,
)
from mailctl.services.account_mail import follow_renamed
from mailctl.services.bringing import Changes, Oddity, Place
from mailctl.services.context import Context
from mailctl.services.enterer import Enterer
from mailctl.services.indexing import enter_all_words, enter_anew, enter_words
from mailctl.services.keeping import keeper, let_moved_go
from mailctl.services.linking import Link, prepared
from mailctl.services.mirroring import is_unchanged, let_go
from mailctl.services.side_by_side import MOST_AT_ONCE, side_by_side

if TYPE_CHECKING:
    from mailctl.local.index import KnownFolder
    from mailctl.local.maildir import Maildir
    from mailctl.remote.imap_answers import FolderState
    from mailctl.services.pushing import Push

    Progress = Callable[[int, int], None]

PATIENCE_SECONDS = 60.0  # for another run that fetches the same account
GRACE_SECONDS = 3.0  # for the batch that each account is at when Ctrl-C is typed


class Fetched(Struct, frozen=True, kw_only=True):
    """What fetching an account did; `pushed` are messages changed here by other programs, now changed on the server.

    `filed` are messages that the rules of affairs filed.
    `skipped` are folders that the server lists and does not open; `oddities` are messages that did not come as they
    should, `odd` their number; `code` and `error` say why the account failed, if it did.
    """

    account: str
    folders: int = 0
    new: int = 0
    changed: int = 0
    removed: int = 0
    pushed: int = 0
    odd: int = 0
    oddities: tuple[Oddity, ...] = ()
    skipped: tuple[str, ...] = ()
    code: str | None = None
    error: str | None = None
    filed: int = 0


def fetch(
    ctx: Context,
    *,
    accounts: Sequence[str] = (),
    folders: Sequence[str] = (),
    since: date | None = None,
    reindex: bool = False,
    push: "Push | None" = None,
) -> tuple[Fetched, ...]:
    """Bring accounts' mirrors up to date; one account that fails does not keep the others waiting.

    Args:
        ctx: the outside world.
        accounts: all that the actor may read, without the checker-only ones, when none is named.
        folders: all that hold mail of their own when none is named.
        since: on the first time, only mail that came on that day or later; later on, an earlier day fetches more.
        reindex: whether the index of these accounts is made anew from their Maildirs first.
        push: what other programs did to the mirrors and is to be done on the servers first, where one may organize.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
        MailctlError: the only account failed; of several, each says so in its own result.
    """
    follow_renamed(ctx)
    wanted = admitted(ctx, accounts, pushes=push is not None)
    if not wanted:
        return ()
    stop = threading.Event()
    runs = [Run(ctx, account, folders=tuple(folders), since=since, stop=stop, push=push) for account in wanted]
    if reindex:
        reindexed(ctx, runs)
    with prepared(ctx, wanted[:MOST_AT_ONCE]):
        _ = ctx.index, ctx.trace  # opened once, before several threads ask for them
        if len(runs) == 1:
            return with_filing(ctx, (runs[0].fetched(),))
        jobs = [partial(settled, run) for run in runs]
        return with_filing(ctx, side_by_side(jobs, stop=stop.set, grace=GRACE_SECONDS))


def wished(*, deletes: bool, sure: bool) -> "Push":
    """What to push, as `fetch` takes it; the work itself is loaded only then."""
    from mailctl.services.pushing import Push

    return Push(deletes=deletes, sure=sure)


def with_filing(ctx: Context, results: tuple[Fetched, ...]) -> tuple[Fetched, ...]:
    """The results, once what came is filed under the firm's affairs by their rules."""
    from mailctl.services.filing_new import after_fetch

    done = after_fetch(ctx, [one.account for one in results])
    return tuple(replace(one, filed=done.get(one.account, 0)) for one in results) if done else results


def reindexed(ctx: Context, runs: Sequence["Run"]) -> None:
    """Make the index anew from the Maildirs; fetching then recognises on the server what is here."""
    from mailctl.local.rebuilding import forget_words

    for run in runs:
        run.reindex()
    forget_words(ctx.index)
    enter_all_words(ctx)


def admitted(ctx: Context, names: Sequence[str], *, pushes: bool) -> list[Account]:
    """The accounts that are named, through the door; all that the actor may read when none is.

    Args:
        ctx: who acts.
        names: one named twice counts once.
        pushes: whether one must hold `organize` on what one names.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: of one that is named.
    """
    need = Right.ORGANIZE if pushes else Right.READ
    chosen = [ctx.account(name, need=need) for name in dict.fromkeys(names)]
    return chosen or list(ctx.accounts(need=Right.READ))


def settled(run: "Run") -> Fetched:
    """What fetching an account did, its failure a part of it."""
    try:
        return run.fetched()
    except MailctlError as error:
        return run.result(code=error.code, error=str(error))


def failure(results: Sequence[Fetched]) -> SomeFailedError | None:
    """The error of a run in which accounts failed or messages did not come as they should; None when all went well."""
    failed = [one.account for one in results if one.error]
    odd = sum(one.odd for one in results)
    if failed:
        return SomeFailedError(
            f"could not fetch {len(failed)} of {len(results)} accounts: {', '.join(failed)}",
            hint=f"mailctl password check {failed[0]}",
        )
    if odd:
        return SomeFailedError(
            f"{odd} message{'s' if odd > 1 else ''} did not come as {'they' if odd > 1 else 'it'} should",
            hint="mailctl --trace FILE fetch shows what the server says",
        )
    return None


class Run:
    """The fetching of one account."""

    def __init__(
        self,
        ctx: Context,
        account: Account,
        *,
        folders: tuple[str, ...],
        since: date | None,
        stop: threading.Event,
        push: "Push | None" = None,
    ) -> None:
        self.ctx = ctx
        self.account = account
        self.folders = folders
        self.since = since
        self.stop = stop
        self.push = push if Right.ORGANIZE in ctx.rights_on(account) else None
        self.keeps = keeper(ctx)
        self.pushed = 0
        self.counts = Changes()
        self.seen = 0
        self.skipped: list[str] = []
        self.absent: set[str] = set()
        self.later: MailctlError | None = None

    def result(self, *, code: str | None = None, error: str | None = None) -> Fetched:
        """What was done so far."""
        return Fetched(
            account=self.account.name,
            folders=self.seen,
            new=self.counts.new,
            changed=self.counts.changed,
            removed=self.counts.removed,
            pushed=self.pushed,
            odd=len(self.counts.oddities),
            oddities=tuple(self.counts.oddities),
            skipped=tuple(self.skipped),
            code=code,
            error=error,
        )

    def fetched(self) -> Fetched:
        """Fetch it.

        Raises:
            MailctlError: the account, or one of its folders, failed; the other folders are done.
        """
        with Link(self.ctx, self.account, foresees=not self.folders and self.push is None) as link:
            self.work(link)
        if self.later is not None:
            raise self.later
        return self.result()

    def work(self, link: Link) -> None:
        """Fetch it over a session that there is; what failed of one folder alone is in `later`."""
        with self.alone() as lock, Enterer(self.ctx.index, self.ctx.paths.data / "mail", lock=lock) as self.enterer:
            every = link.session().folders(counted=not self.folders and self.push is None)
            chosen = self.chosen(every)
            if self.push is not None:
                self.push_all(link, every, chosen)
            self.bring(link, chosen)
            if not self.folders:
                self.forget_gone(link, every)
            self.counts.removed += let_moved_go(self.ctx, self.account.name)
            link.rest()
            enter_words(self.ctx, self.account.name, came=self.counts.new > 0, is_over=self.stop.is_set)

    def bring(self, link: Link, chosen: Sequence[Folder]) -> None:
        """Bring those folders up to date in which something changed; the others are not opened."""
        states = link.session().states([one.name for one in chosen])
        link.remember()
        here = {one.name: one for one in self.ctx.index.folders(self.account.name)}
        counted = [(one, states.get(one.name)) for one in chosen]
        changed = [(one, state) for one, state in counted if not self.is_as_counted(here.get(one.name), state)]
        self.seen += len(chosen) - len(changed)
        if changed:
            from mailctl.services.spreading import Spread

            Spread(self, changed).bring(link)

    def is_as_counted(self, known: "KnownFolder | None", counted: "FolderState | None") -> bool:
        """Whether the mirror of a folder is as the server counts it."""
        if known is None or counted is None:
            return False
        return is_unchanged(self.looked_at(known), counted, since=self.since)

    def push_all(self, link: Link, every: Sequence[Folder], chosen: Sequence[Folder]) -> None:
        """Do on the server what other programs did to the files here."""
        from mailctl.services.pushing import Mirror, push

        assert self.push is not None
        for folder in chosen:
            known = self.ctx.index.folder(self.account.name, folder.name)
            if known is None:
                continue
            mirror = Mirror(account=self.account, folder=known, index=self.ctx.index, maildir=self.maildir(known))
            try:
                self.pushed += push(mirror, link.session(), every, wish=self.push)
            except (UsageError, ServerRefusedError) as error:
                self.later = self.later or error

    def reindex(self) -> None:
        """Make the account's part of the index anew from its Maildirs."""
        with self.alone():
            for known in self.ctx.index.folders(self.account.name):
                enter_anew(self.ctx, known)

    @contextmanager
    def alone(self) -> Iterator[int]:
        """No other run fetches the account meanwhile, or a message could come in twice; gives what holds the lock."""
        from mailctl.local.locks import held

        name = self.account.name
        path = self.ctx.paths.data / "locks" / f"{name}.lock"
        busy = TemporaryError(f"another run fetches '{name}' just now", hint=f"mailctl fetch -a {name}, later")
        with held(path, patience=PATIENCE_SECONDS, too_late=lambda: busy) as lock:
            yield lock

    def chosen(self, every: Sequence[Folder]) -> list[Folder]:
        """The folders to fetch: those named, else all that hold mail of their own.

        Raises:
            FolderNotFoundError: one that was named is not there.
        """
        if not self.folders:
            return [one for one in every if one.can_select and not one.repeats_others]
        found = {name: find(every, name) for name in self.folders}
        for name, folder in found.items():
            if folder is None:
                from mailctl.services.folders import no_folder

                raise no_folder(self.account.name, name, every)
        return list({one.name: one for one in found.values() if one is not None}.values())

    # -- one folder

    def known(self, folder: Folder) -> "KnownFolder":
        """What the index knows of a folder; not clean when somebody took its Maildir away."""
        from mailctl.local.maildir import folder_path

        name = self.account.name
        found = self.ctx.index.folder(name, folder.name) or self.ctx.index.enter_folder(
            name, folder.name, folder_path(folder.name, folder.delimiter)
        )
        return self.looked_at(found)

    def looked_at(self, known: "KnownFolder") -> "KnownFolder":
        """A folder as the index knows it, and whether its Maildir is there."""
        is_there = not known.messages or (self.maildir(known).path / "cur").is_dir()
        return known if is_there else replace(known, clean=False)

    def maildir(self, known: "KnownFolder") -> "Maildir":
        """Where a folder's messages lie."""
        return self.ctx.maildir(self.account.name, known.path)

    def place(self, link: "Link", known: "KnownFolder", progress: "Progress" = lambda *_: None) -> Place:
        """What one pass over a folder works on."""
        return Place(
            folder=known,
            index=self.ctx.index,
            maildir=self.maildir(known),
            enterer=self.enterer,
            session=link.session,
            again=link.again,
            progress=progress,
            keeps=self.keeps,
        )

    def pass_over(self, name: str, error: MailctlError, counted: "FolderState | None") -> None:
        """Go on without a folder that the server does not open; one that was asked for is a failure."""
        if self.folders:
            self.later = self.later or error
            return
        if isinstance(error, FolderNotFoundError) and counted is None:
            self.absent.add(name)  # Dovecot 2.3 lists a deleted folder in which others lie as if it could be opened
            return
        self.skipped.append(name)
        self.ctx.warn(f"'{self.account.name}': passed over '{name}': {error}")

    def postpone(self, error: MailctlError) -> None:
        """Go on without a folder that the server does not open just now."""
        self.seen += 1
        self.later = self.later or error

    def add(self, changes: Changes) -> None:
        """Count what was done to one folder, and name what was odd."""
        self.seen += 1
        self.counts.new += changes.new
        self.counts.changed += changes.changed
        self.counts.removed += changes.removed
        self.counts.oddities.extend(changes.oddities)
        for oddity in changes.oddities:
            self.ctx.warn(f"'{self.account.name}': {oddity}")

    def forget_gone(self, link: "Link", every: Sequence[Folder]) -> None:
        """Remove the mirrors of folders that the server has no more; a list without INBOX is not believed."""
        present = {one.name for one in every if one.can_select} - self.absent
        if "INBOX" not in present:
            return
        for known in self.ctx.index.folders(self.account.name):
            if known.name not in present:
                let_go(self.place(link, known), self.counts)
