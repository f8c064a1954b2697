"""Staying with accounts: what arrives is fetched as it does, over connections that are opened again when they break."""

import os
import selectors
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from mailctl.domain.account import Account
from mailctl.domain.folders import INBOX
from mailctl.errors import (
    CertificateError,
    FolderNotFoundError,
    InterruptedByUserError,
    LoginRefusedError,
    MailctlError,
    RightMissingError,
    SecretUnavailableError,
    SomeFailedError,
    TlsUnavailableError,
    UsageError,
)
from mailctl.services.context import Context
from mailctl.services.fetch import Fetched, Run, admitted, with_filing
from mailctl.services.linking import Link

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import FolderState
    from mailctl.services.pushing import Push

LOOK_ANYWAY = 300.0  # seconds: other folders than the one that IDLE hears of, and pushes that were lost on the way
LOOK_WITHOUT_IDLE = 60.0
LOOK_HERE = 2.0  # at the mirror's folders, where what other programs do there is pushed
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # before the next try
LEAVE_SECONDS = 2.0
NEWS = ("EXISTS", "EXPUNGE", "VANISHED", "FETCH")
LASTING = (  # what trying again does not mend; a wrong password tried again and again locks an account
    LoginRefusedError, SecretUnavailableError, RightMissingError, FolderNotFoundError, CertificateError,
    TlsUnavailableError, UsageError,
)  # fmt: skip


class Stop:
    """A wish to end that every waiting thread hears at once; safe to be said in a signal's handler."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.heard, self.said = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def say(self) -> None:
        """End."""
        self.event.set()
        with suppress(OSError):
            os.write(self.said, b"!")

    def wait(self, seconds: float, *others: int) -> bool:
        """Come back after so many seconds, or sooner: when one of the other descriptors can be read, or it is said."""
        with selectors.DefaultSelector() as selector:
            for descriptor in (self.heard, *others):
                selector.register(descriptor, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self.heard)
        os.close(self.said)


def watch(
    ctx: Context,
    *,
    tell: Callable[[Fetched], None],
    stop: Stop,
    accounts: Sequence[str] = (),
    folders: Sequence[str] = (),
    since: date | None = None,
    push: "Push | None" = None,
) -> None:
    """Fetch, and go on fetching what arrives until it is to stop.

    Args:
        ctx: the outside world.
        tell: is given what was done, the first time and whenever something was.
        stop: says when to end.
        accounts, folders, since, push: as for `fetch`; of several folders IDLE listens in the first.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
        MailctlError: no account is left to stay with.
    """
    chosen = admitted(ctx, accounts, pushes=push is not None)
    _ = ctx.index, ctx.trace  # opened once, before several threads ask for them

    def run(account: Account) -> Run:
        return Run(ctx, account, folders=tuple(folders), since=since, stop=stop.event, push=push)

    left = Left(len(chosen), stop)
    watchers = [Watcher(ctx, account, run=run, tell=tell, stop=stop, left=left) for account in chosen]
    try:
        for one in watchers:
            one.thread.start()
        if watchers:
            stop.event.wait()
    finally:
        stop.say()
        for one in watchers:
            one.end()
    raise_failures([one.error for one in watchers if one.error is not None], len(watchers))


def raise_failures(errors: Sequence[MailctlError], total: int) -> None:
    """Raise what ended the watching.

    Raises:
        MailctlError: every account failed for good.
    """
    if not errors or len(errors) < total:
        return
    if total == 1:
        raise errors[0]
    raise SomeFailedError(f"could not stay with any of {total} accounts", hint="mailctl fetch says why")


def has_changed(run: Run, before: Mapping[str, int]) -> bool:
    """Whether something came, went or was renamed in an account's mirror since."""
    return changed_here(run) != before


def changed_here(run: Run) -> Mapping[str, int]:
    """When something last came, went or was renamed in each folder of an account's mirror, where that is pushed."""
    if run.push is None:
        return {}
    found = {}
    for known in run.ctx.index.folders(run.account.name):
        for name in ("cur", "new"):
            folder = run.maildir(known).path / name
            with suppress(OSError):
                found[str(folder)] = folder.stat().st_mtime_ns
    return found


class Left:
    """How many accounts are stayed with; without any there is no reason to stay."""

    def __init__(self, count: int, stop: Stop) -> None:
        self.count = count
        self.stop = stop
        self.turn = threading.Lock()

    def leave(self) -> None:
        """One fewer."""
        with self.turn:
            self.count -= 1
            if not self.count:
                self.stop.say()


class Watcher:
    """One account, in a thread of its own."""

    def __init__(
        self,
        ctx: Context,
        account: Account,
        *,
        run: Callable[[Account], Run],
        tell: Callable[[Fetched], None],
        stop: Stop,
        left: Left,
    ) -> None:
        self.ctx = ctx
        self.account = account
        self.run = run
        self.tell = tell
        self.stop = stop
        self.left = left
        self.error: MailctlError | None = None
        self.is_first = True
        self.pause = FIRST_PAUSE
        self.link: Link | None = None
        self.thread = threading.Thread(target=self.stay, name=account.name, daemon=True)

    def stay(self) -> None:
        """Fetch and listen until it is to stop, or the account fails for good."""
        try:
            while not self.stop.event.is_set():
                self.try_once()
        except InterruptedByUserError:
            return
        except MailctlError as error:
            self.error = error
            self.ctx.warn(f"'{self.account.name}': {error}")
        finally:
            self.left.leave()

    def try_once(self) -> None:
        """Stay for as long as the connection holds; then wait a little, longer each time."""
        try:
            with Link(self.ctx, self.account, stays=True) as self.link:
                self.listen(self.link)
        except (*LASTING, InterruptedByUserError):
            raise
        except MailctlError as error:
            if self.stop.event.is_set():
                return
            self.ctx.warn(f"'{self.account.name}': {error}; trying again in {self.pause:.0f} s")
            self.stop.wait(self.pause)
            self.pause = min(2 * self.pause, LONGEST_PAUSE)

    def listen(self, link: Link) -> None:
        """Fetch; once nothing more has changed meanwhile, wait for news."""
        before: tuple[FolderState, Mapping[str, int]] | None = None
        while not self.stop.event.is_set():
            run = self.run(self.account)
            here = changed_here(run)
            self.fetch(link, run)
            state = link.examine((run.folders or (INBOX,))[0])
            if (state, here) == before:
                self.await_news(link.session(), partial(has_changed, run, here) if run.push else None)
            before = state, here

    def fetch(self, link: Link, run: Run) -> None:
        """Fetch once, over the session that there is."""
        run.work(link)
        self.pause, link.lost = FIRST_PAUSE, 0
        if run.later is not None:
            if self.is_first and isinstance(run.later, LASTING):
                raise run.later
            self.ctx.warn(f"'{self.account.name}': {run.later}")
        result = with_filing(self.ctx, (run.result(),))[0]
        if self.is_first or result.new or result.changed or result.removed or result.pushed:
            self.tell(result)
        self.is_first = False

    def await_news(self, session: "ImapSession", is_news: Callable[[], bool] | None) -> None:
        """Wait until the server says that something changed in the open folder, something has here, or it is time.

        What comes along with the server's leave to wait has been read already, and lies before us; the socket would
        not show it.
        """
        from mailctl.remote.imap_unread import begin_idle, end_idle, notice_silence

        if "IDLE" not in session.capabilities:
            self.linger(LOOK_WITHOUT_IDLE, is_news)
            return
        notice_silence(session)
        session.lines.untagged_responses.clear()
        tag = begin_idle(session)
        wire = session.lines.wire
        if not wire.has_unread() and not any(kind in session.lines.untagged_responses for kind in NEWS):
            self.linger(LOOK_ANYWAY, is_news, wire.fileno())
        end_idle(session, tag)

    def linger(self, seconds: float, is_news: Callable[[], bool] | None, *others: int) -> None:
        """Come back after so many seconds, or sooner: when something is heard, or there is news here."""
        if is_news is None:
            self.stop.wait(seconds, *others)
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.stop.wait(min(left, LOOK_HERE), *others) or is_news():
                return

    def end(self) -> None:
        """Wait for the thread a little; where it waits for a server, cut the connection."""
        self.thread.join(LEAVE_SECONDS)
        session = self.link.opened if self.link else None
        if self.thread.is_alive() and session is not None:
            with suppress(OSError):
                session.lines.wire.shutdown(2)
            self.thread.join(LEAVE_SECONDS)
