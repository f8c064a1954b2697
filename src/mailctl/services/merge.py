"""Merging: one message a row, through the outbox; stopped and run again, nobody gets two."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePath

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.outgoing import Entry
from mailctl.domain.rights import Right
from mailctl.domain.rows import Row, Rows
from mailctl.domain.watching import UNITS
from mailctl.errors import (
    BadDataError,
    LoginRefusedError,
    MailctlError,
    SecretUnavailableError,
    ServerUnreachableError,
    SomeFailedError,
    TemporaryError,
)
from mailctl.local.entering import Held, enter
from mailctl.services.context import Context
from mailctl.services.delivery import Courier, Outcome, Ready
from mailctl.services.letters import Letter, Letters, Wish, letters
from mailctl.services.posting import Composed
from mailctl.services.send import Preview, previewed

BATCH = 100  # letters that enter the outbox together
SHOWN = 3  # letters that a rehearsal shows
RATE = re.compile(r"([1-9]\d{0,6})/([smhd])")


class Failed(Struct, frozen=True, kw_only=True):
    """A row whose letter did not go to everybody, or with `partly` to some; `outbox` is where it is now."""

    line: int
    recipients: tuple[str, ...]
    error: str
    outbox: int | None
    partly: bool = False


class Merged(Struct, frozen=True, kw_only=True):
    """What became of a merge.

    `before` went, or entered the outbox, in an earlier run, and `waiting` of those are still there; `queued` wait in
    the outbox; `left` are for a later run. What went to some of its recipients only is among `sent`, and in `failed`.
    """

    job: str
    template: str
    account: str
    rows: int
    sent: int
    queued: int
    refused: int
    before: int
    left: int
    waiting: int = 0
    failed: tuple[Failed, ...] = ()
    warnings: tuple[str, ...] = ()


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What a merge would do: all rows were checked, nothing was sent; the first letters as they would go."""

    job: str
    template: str
    account: str
    rows: int
    due: int
    before: int
    previews: tuple[Preview, ...]


class Merge:
    """A merge whose rows are all checked: to be looked at, then to be sent."""

    def __init__(self, ctx: Context, account: Account, found: Letters, limit: int | None) -> None:
        self.ctx = ctx
        self.account = account
        self.letters = found
        self.due = found.letters if limit is None else found.letters[:limit]
        self.began = ctx.now()
        self.sent = self.queued = self.refused = 0
        self.failed: dict[int, Failed] = {}  # by row
        self.warnings: dict[str, None] = {}
        self.held = Held((), ())
        self.coming: dict[int, Letter] = {}  # by entry: held, and not yet handed over
        self.handed: dict[int, Letter] = {}
        self.down: datetime | None = None
        self.reached = 0  # letters that were dealt with when the server went away

    @property
    def began_to_send(self) -> bool:
        """Whether a letter was dealt with."""
        return bool(self.sent + self.queued + self.refused)

    # -- looked at

    def rehearsal(self) -> Rehearsal:
        """What sending it would do."""
        wish, found = self.letters.writer.wish, self.letters
        shown = [found.made(letter) for letter in self.due[:SHOWN]]
        return Rehearsal(
            job=found.job.name,
            template=wish.template,
            account=self.account.name,
            rows=len(found.rows.rows),
            due=len(self.due),
            before=found.before,
            previews=tuple(previewed(Composed(self.account, entry, raw)) for entry, raw in shown),
        )

    # -- sent

    def send(self, *, queue: bool = False, seconds: float = 0.0) -> None:
        """Send what is due, one after the other in one session.

        What one server refuses or cannot be reached for is in the outbox then, and `merged` tells of it. Interrupted,
        what was not begun leaves the outbox again, for another run.

        Args:
            queue: leave all in the outbox for the next flush.
            seconds: between two letters.

        Raises:
            ServerUnreachableError, LoginRefusedError, CertificateError: at the beginning; nothing was accepted then.
            StorageError: the outbox could not take them; who has not got it by now gets it in another run.
        """
        if queue:
            for _ in self.handing(queue=True, seconds=seconds, size=BATCH):
                pass
            return
        with Courier(self.ctx, self.account) as courier:
            if self.due:
                courier.servers.submission()
            try:
                self.deliver(courier, seconds)
            except BaseException:
                self.take_back()
                raise
            finally:
                self.held.release_all()  # the courier released what it was given

    def deliver(self, courier: Courier, seconds: float) -> None:
        """Hand over letter by letter, and note what comes of each."""
        if seconds:
            for ready in self.handing(queue=False, seconds=seconds, size=1):
                self.note(courier.take(ready))
                ready.release()
            return
        with closing(courier.take_all(self.handing(queue=False, seconds=0.0, size=BATCH))) as outcomes:
            for outcome in outcomes:
                self.note(outcome)

    def handing(self, *, queue: bool, seconds: float, size: int) -> Iterator[Ready]:
        """The letters, in the outbox and held; once the server cannot be reached, the rest only enters the outbox."""
        began = time.monotonic()
        for start in range(0, len(self.due), size):
            if seconds and start and not (queue or self.down):
                time.sleep(max(began + start * seconds - time.monotonic(), 0.0))
            batch = self.due[start : start + size]
            made = [self.letters.made(letter) for letter in batch]
            if queue or self.down:
                made = [(self.timed(entry, start + place, seconds), raw) for place, (entry, raw) in enumerate(made)]
            held = self.held = enter(self.ctx.outbox, made)
            self.coming = {entry.id: letter for entry, letter in zip(held.entries, batch, strict=True)}
            self.letters.job.add([letter.key for letter in batch])
            for entry, (_, raw) in zip(held.entries, made, strict=True):
                letter = self.coming.pop(entry.id)
                if queue or self.down:
                    held.release(entry.id)
                    self.queued += 1
                    self.tell()
                else:
                    self.handed[entry.id] = letter
                    yield Ready(entry, raw, release=partial(held.release, entry.id))

    def timed(self, entry: Entry, place: int, seconds: float) -> Entry:
        """An entry that waits in the outbox: until its turn at the rate, or until its server may be there again."""
        first, place = (self.down, place - self.reached) if self.down else (self.began, place)
        return replace(entry, next_attempt=first + timedelta(seconds=place * seconds))

    def note(self, outcome: Outcome) -> None:
        """Count what became of a letter."""
        entry, error = outcome.entry, outcome.error
        letter = self.handed.pop(entry.id)
        self.warnings |= dict.fromkeys(outcome.warnings)
        if entry.accepted:
            self.sent += 1
        elif entry.recipients:
            self.queued += 1
        else:
            self.refused += 1
        if entry.refused:
            self.failed[letter.number] = Failed(
                line=self.letters.rows.rows[letter.number].line,
                recipients=tuple(one.recipient for one in entry.refused),
                error=str(error or entry.last_reply),
                outbox=entry.id,
                partly=bool(entry.accepted),
            )
        if isinstance(error, ServerUnreachableError | LoginRefusedError | SecretUnavailableError):
            self.down = entry.next_attempt
            self.reached = self.sent + self.queued + self.refused
        self.tell()

    def tell(self) -> None:
        """How far it has come."""
        self.ctx.progress("sending", self.sent + self.queued + self.refused, len(self.due))

    def take_back(self) -> None:
        """Take out of the outbox what was not handed over; first it is noted that it is in no good hands any more."""
        waiting = [entry for entry in self.held.entries if entry.id in self.coming]
        self.letters.job.take_back([self.coming[entry.id].key for entry in waiting])
        for entry in waiting:
            self.ctx.outbox.remove(entry)
        self.queued += len(self.handed)

    def merged(self) -> Merged:
        """What became of it so far."""
        wish, found = self.letters.writer.wish, self.letters
        return Merged(
            job=found.job.name,
            template=wish.template,
            account=self.account.name,
            rows=len(found.rows.rows),
            sent=self.sent,
            queued=self.queued,
            refused=self.refused,
            before=found.before,
            left=len(found) - self.sent - self.queued - self.refused,
            waiting=found.waiting,
            failed=tuple(self.failed[number] for number in sorted(self.failed)),
            warnings=tuple(self.warnings),
        )

    def failed_rows(self) -> tuple[tuple[Row, str], ...]:
        """The rows whose letters nobody got, each with the server's words: merged again, none of them goes twice."""
        return tuple(
            (self.letters.rows.rows[number], self.failed[number].error)
            for number in sorted(self.failed)
            if not self.failed[number].partly
        )


@contextmanager
def merge(
    ctx: Context, wish: Wish, rows: Callable[[], Rows], *, file: str, job: str | None = None, limit: int | None = None
) -> Iterator[Merge]:
    """A merge, its rows checked and its letters made; nothing is sent before `send` is called.

    Args:
        ctx: who acts, and where.
        wish: template, account, and what holds for all rows.
        rows: gives the rows, a message each, once it is known that one may send.
        file: where they come from.
        job: what the merge is called, so that another run is known as the same one; None for template and file name.
        limit: so many letters at most; another run goes on behind them.

    Raises:
        RightMissingError, CheckerOnlyError: before anything is read.
        BadDataError: rows cannot be used; each is named.
        TemporaryError: somebody else works on the job.
    """
    account = ctx.account(wish.account, need=Right.SEND)
    ctx.outgoing(account)
    name = job or f"{wish.template} {PurePath(file).name}"
    with letters(ctx, wish, account, rows(), ctx.once.jobs.job(name), file=file) as found:
        yield Merge(ctx, account, found, limit)


def failure(merged: Merged, *, queued: bool) -> MailctlError | None:
    """The error of a merge that did not reach everybody; None when it did.

    Args:
        merged: what became of it.
        queued: whether it was to stay in the outbox.
    """
    if merged.failed:
        first = merged.failed[0]
        return SomeFailedError(
            f"{refusals(merged)}: line {first.line}: {first.error}",
            hint=f"mailctl outbox show {first.outbox}",
        )
    if merged.queued and not queued:
        return TemporaryError(
            f"{merged.queued} of {merged.rows} messages did not go yet; they are safe in the outbox",
            hint="mailctl outbox flush",
        )
    return None


def refusals(merged: Merged) -> str:
    """How many rows did not go to everybody, in words."""
    some = sum(one.partly for one in merged.failed)
    whole = len(merged.failed) - some
    parts = [f"{whole} of {merged.rows} rows were refused"] if whole else []
    return ", ".join([*parts, f"{some} of {merged.rows} did not go to everybody"] if some else parts)


def interval(text: str) -> float:
    """The seconds between two letters, of a rate such as `30/m`.

    Raises:
        BadDataError: it is none.
    """
    found = RATE.fullmatch(text.strip())
    if found is None:
        raise BadDataError(f"bad rate '{text}'", hint="--rate 30/m; s, m, h and d are known")
    return UNITS[found[2]] / int(found[1])
