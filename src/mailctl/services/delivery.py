"""Handing over what waits in the outbox: to the server, into Sent, and out of the outbox."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain import outgoing, sendlog
from mailctl.domain.account import Account
from mailctl.domain.content import Raw
from mailctl.domain.message import Delivery, State
from mailctl.domain.outgoing import Entry
from mailctl.domain.rights import Right
from mailctl.errors import (
    BadDataError,
    FateUnknownError,
    MailctlError,
    MessageRefusedError,
    ServerUnreachableError,
    StorageError,
    TemporaryError,
)
from mailctl.local.outbox import clear_away
from mailctl.local.sendlog import SendLog
from mailctl.services.context import Context
from mailctl.services.copies import Copies
from mailctl.services.servers import Servers

LOG = "send.log"
COPIES = 50  # that go into Sent together
AWAY = 50  # entries whose files are taken away at once
AHEAD = 2  # entries at hand while one is being sent
LIGHT = 1 << 20  # bytes of a message that may be read before its turn


class Outcome(Struct, frozen=True, kw_only=True):
    """What an attempt made of an entry; `kept` False: nothing was left to do, and it is out of the outbox."""

    entry: Entry
    kept: bool
    error: MailctlError | None = None
    warnings: tuple[str, ...] = ()


class Ready(NamedTuple):
    """An entry that its turn has come for, with its message; or with what stands in the way."""

    entry: Entry
    raw: Raw
    fault: MailctlError | None = None
    release: Callable[[], None] = lambda: None


class Owing(NamedTuple):
    """An entry that somebody has, and Sent or its affairs not yet; with what went wrong for others.

    `since` is the UID in Sent from which on its copy may be there already.
    """

    entry: Entry
    raw: Raw
    error: MailctlError | None = None
    since: int = 1


class Courier:
    """Takes entries of one account to its servers."""

    def __init__(self, ctx: Context, account: Account) -> None:
        self.ctx = ctx
        self.account = account
        self.servers = Servers(ctx, account)
        self.stand_in: Courier | None = None
        self.coming: Iterator[Ready] = iter(())
        self.line: deque[Ready] = deque()
        self.lines: list[str] = []
        self.gone: list[Entry] = []
        self.away: list[Path] = []
        self.cleared: list[Path] = []
        self.finished: list[Ready] = []
        self.marked: Entry | None = None
        self.copies = Copies(ctx, account, self.servers)
        self.is_bulk = False
        self.owing: list[Owing] = []
        self.unsaved: list[Entry] = []
        self.unnoted: dict[int, tuple[str, ...]] = {}
        self.tried: dict[int, tuple[str, ...] | MailctlError] = {}

    def __enter__(self) -> "Courier":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take leave of the servers; what was only about to be sent waits again."""
        self.servers.close()
        if self.stand_in is not None:
            self.stand_in.servers.close()

    # -- one entry

    def deliver(self, entry: Entry) -> Outcome:
        """Do what is left to do for an entry that the caller holds; each step is on the disk before the next."""
        return self.take(self.ready(entry))

    def expect(self, entry: Entry) -> None:
        """Begin to open what an entry that is about to be taken needs of the servers."""
        self.servers.expect_submission()
        if entry.copied is False:
            self.copies.expect()

    def ready(self, entry: Entry) -> Ready:
        """An entry and its message, once it is known whether a message whose fate was unknown went out."""
        try:
            raw = self.ctx.outbox.raw(entry)
            if entry.state is State.UNKNOWN and entry.recipients and self.copies.has(entry):
                entry = outgoing.found_sent(entry, self.ctx.now())
        except MailctlError as fault:
            return Ready(entry, b"", fault)
        return Ready(entry, raw)

    def take_all(self, coming: Iterator[Ready]) -> Generator[Outcome]:
        """Do what is left to do for many entries, each released once it is dealt with; the others still wait."""
        self.coming, self.is_bulk = coming, True
        held: list[Ready] = []
        try:
            self.look_ahead()
            while self.line:
                held.append(self.line.popleft())
                began = self.begun(held[-1])
                if isinstance(began, Owing):
                    self.owing.append(began)
                else:
                    yield began
                    self.finished.append(held.pop())
                self.look_ahead()
                if len(self.owing) >= COPIES or sum(len(one.raw) for one in self.owing) > LIGHT or not self.line:
                    yield from self.copied(self.owing)
                    self.owing.clear()
                    self.finished += held
                    held.clear()
        finally:
            self.catch_up()
            self.ctx.outbox.clear([*self.away, *self.cleared])
            if self.marked is not None:
                self.save(self.marked)
            for one in (*held, *self.finished, *self.line):
                one.release()

    def look_ahead(self) -> None:
        """Have the next entries at hand."""
        while len(self.line) < AHEAD and (one := next(self.coming, None)) is not None:
            self.line.append(one)

    def catch_up(self) -> None:
        """Take out of the outbox what was sent, and release what is dealt with."""
        self.write_log()
        while self.unsaved:
            entry = self.unsaved.pop()
            self.unnoted[entry.id] = self.save(entry)
        while self.gone:
            self.away.append(self.ctx.outbox.put_away(self.gone.pop()))
        for folder in self.cleared[:2]:
            clear_away(folder)
        del self.cleared[:2]
        if len(self.away) >= AWAY:
            self.ctx.outbox.make_lasting()
            self.cleared += self.away
            self.away.clear()
        for ready in self.finished:
            ready.release()
        self.finished.clear()

    def take(self, ready: Ready) -> Outcome:
        """Do what is left to do for an entry that is held."""
        began = self.begun(ready)
        return next(self.copied([began])) if isinstance(began, Owing) else began

    def begun(self, ready: Ready) -> "Outcome | Owing":
        """What was done for an entry that is held; or its copy, which is all that is left to do."""
        entry, raw, fault, _ = ready
        if fault is not None:
            return self.settle(outgoing.postponed(entry, fault, self.ctx.now()), error=fault)
        if not entry.recipients:
            tried = replace(entry, attempts=entry.attempts + 1)
            return Owing(tried, raw) if self.is_owing(tried) else self.settle(tried)
        if entry.copied is False:
            self.copies.expect()
        since = self.copies.next_uid if entry.attempts == 0 else 1
        after, error = self.handed_over(entry, raw)
        if not self.is_owing(after):
            return self.instead(entry, self.settle(after, error=error))
        self.unsaved.append(after)
        return Owing(after, raw, error, since)

    def is_owing(self, entry: Entry) -> bool:
        """Whether something is left to do that is done for several at once."""
        return entry.owes_copy or (self.is_bulk and entry.owes_links)

    def handed_over(self, entry: Entry, raw: Raw) -> tuple[Entry, MailctlError | None]:
        """The entry after the server has answered, and what went wrong, if anything."""
        after, error = self.answered(entry, raw)
        self.log(entry, after, error)
        return after, error

    def log(self, entry: Entry, after: Entry, error: MailctlError | None) -> None:
        """Note what came of an attempt; while there is more to do, soon."""
        reply = "" if error is not None and str(error) == after.last_reply else after.last_reply
        self.lines.append(sendlog.line(entry, self.servers.outgoing, reply, error, self.ctx.now()))
        if not self.line:
            self.write_log()

    def write_log(self) -> None:
        """Write what is noted."""
        if self.lines:
            SendLog(self.ctx.paths.state / LOG).add("".join(self.lines))
            self.lines.clear()

    def answered(self, entry: Entry, raw: Raw) -> tuple[Entry, MailctlError | None]:
        """What the server's answer makes of an entry."""
        marked, self.marked = self.marked, None
        mark = None if marked else lambda: self.ctx.outbox.mark_sending(entry)
        try:
            delivery = self.sent(entry, raw, mark)
        except (MessageRefusedError, BadDataError) as error:
            return outgoing.rejected(entry, error, self.ctx.now()), error
        except MailctlError as error:
            self.servers.count_death(error)
            became = outgoing.lost if isinstance(error, FateUnknownError) else outgoing.postponed
            return became(entry, error, self.ctx.now()), error
        self.servers.deaths = 0
        after = outgoing.delivered(entry, delivery, self.ctx.now())
        return after, shortfall(entry, after)

    def sent(self, entry: Entry, raw: Raw, before_last: Callable[[], None] | None) -> Delivery:
        """What the server says of a message; a session that died after others were sent is replaced."""
        for is_last in (False, True):
            session = self.servers.submission()
            ahead = self.line[0] if self.line and is_light(self.line[0]) else None
            try:
                return session.send(
                    entry.envelope,
                    raw,
                    before_last=before_last,
                    meanwhile=self.meanwhile,
                    following=(ahead.entry.envelope, ahead.raw) if ahead else None,
                )
            except FateUnknownError:
                raise
            except TemporaryError:
                if is_last or not self.servers.has_aged:
                    raise
        raise AssertionError

    def meanwhile(self) -> None:
        """Let this machine work while the server does: what was sent goes, what is next is marked and read.

        So a crash leaves three entries at most whose fate is looked into, and the server never waits for the disk.
        """
        if self.line and is_light(self.line[0]):
            self.marked = self.line[0].entry
            try:
                self.ctx.outbox.mark_sending(self.marked)
            except StorageError:
                self.marked = None  # it is marked in its turn
        with suppress(StorageError):  # tried again at the end
            self.catch_up()
        self.look_ahead()

    def instead(self, before: Entry, outcome: Outcome) -> Outcome:
        """What the account that stands in makes of an entry whose own server could not be reached."""
        if before.fallback is None or not isinstance(outcome.error, ServerUnreachableError):
            return outcome
        try:
            if self.stand_in is None:
                self.stand_in = Courier(self.ctx, self.ctx.account(before.fallback, need=Right.SEND))
        except MailctlError as error:
            return replace(outcome, warnings=(*outcome.warnings, f"'{before.fallback}' cannot stand in: {error}"))
        other = self.stand_in.account
        moved = replace(before, account=other.name, fallback=None, sender=before.sender and other.address)
        tried = self.stand_in.take(self.ready(moved))
        if not isinstance(tried.error, ServerUnreachableError):
            return tried
        self.save(outcome.entry)  # it stays the first one's
        return outcome

    def copied(self, owing: Sequence[Owing]) -> Iterator[Outcome]:
        """Lay copies into Sent; where that fails, a warning, and it is tried again later."""
        self.catch_up()
        owed = [one for one in owing if one.entry.owes_copy]
        errors = self.copies.lay([(one.entry, one.raw, one.since) for one in owed]) if owed else []
        faults = {one.entry.id: fault for one, fault in zip(owed, errors, strict=True)}
        if to_link := [one.entry for one in owing if one.entry.owes_links]:
            self.link_all(to_link)
        for entry, _, error, _ in owing:
            warnings = self.unnoted.pop(entry.id, ())
            fault = faults.get(entry.id)
            if fault is None:
                copied = replace(entry, copied=entry.copied if entry.copied is None else True)
                yield self.settle(outgoing.settled(copied, self.ctx.now()), warnings, error=error)
                continue
            words = f"sent, but there is no copy in Sent yet: {fault}"
            after = outgoing.settled(replace(entry, last_reply=words), self.ctx.now())
            yield self.settle(after, (*warnings, words), error=error)

    def settle(self, entry: Entry, warnings: tuple[str, ...] = (), *, error: MailctlError | None = None) -> Outcome:
        """Keep what is left of an entry, or let it go."""
        entry, unfiled = self.filed(entry)
        warnings = (*self.unheard(entry), *warnings, *unfiled)
        unremembered = self.remember(entry) if entry.is_done else ()
        is_kept = bool(unremembered) or not entry.is_done
        if unremembered:
            entry = replace(entry, next_attempt=self.ctx.now() + outgoing.wait(entry))
        if is_kept:
            warnings = (*warnings, *unremembered, *self.save(entry))
        else:
            self.let_go(entry)
        return Outcome(entry=entry, kept=is_kept, error=error, warnings=tuple(dict.fromkeys(warnings)))

    def filed(self, entry: Entry) -> tuple[Entry, tuple[str, ...]]:
        """The entry after it was filed under its affairs; where that fails, a warning, and it is tried again later."""
        if not entry.owes_links:
            return entry, ()
        noted = self.save(entry)
        if entry.id not in self.tried:
            self.link_all([entry])
        told = self.tried.pop(entry.id)
        if isinstance(told, MailctlError):
            words = f"sent, but not linked to {', '.join(entry.affairs)} yet: {told}"
            return outgoing.settled(replace(entry, last_reply=words), self.ctx.now()), (*noted, words)
        return outgoing.settled(replace(entry, affairs=()), self.ctx.now()), (*noted, *told)

    def link_all(self, entries: Sequence[Entry]) -> None:
        """Link entries, those of the same affairs as one change of the store; and keep what is to be told of each."""
        from mailctl.services.links import link_sent

        for affairs in dict.fromkeys(one.affairs for one in entries):
            some = [one for one in entries if one.affairs == affairs]
            told: tuple[str, ...] | MailctlError
            try:
                told = link_sent(self.ctx, some)
            except MailctlError as error:
                told = error
            self.tried |= dict.fromkeys((one.id for one in some), told)

    def unheard(self, entry: Entry) -> tuple[str, ...]:
        """That the server that took a message does not know the reports it was to send, if so (RFC 3461)."""
        session = self.servers.smtp
        if entry.dsn is None or not entry.accepted or session is None or "DSN" in session.features:
            return ()
        return (f"sent, but {session.server.where} offers no DSN: it reports as it does by itself",)

    def let_go(self, entry: Entry) -> None:
        """Take an entry out of the outbox; of many, the files go while the next is being sent."""
        if self.is_bulk:  # it goes while the server is at the next
            self.gone.append(entry)
        else:
            self.ctx.outbox.remove(entry)

    def remember(self, entry: Entry) -> tuple[str, ...]:
        """Keep the key of an entry that goes; where that fails, a warning, and the entry stays for its key's sake."""
        try:
            if entry.key:
                self.ctx.once.remember(entry)
        except StorageError as error:
            return (f"the outbox keeps {entry.id}, for its key cannot be noted elsewhere: {error}",)
        return ()

    def save(self, entry: Entry) -> tuple[str, ...]:
        """Write how far an entry has come; a full disk is a warning, for what was sent is sent."""
        try:
            self.ctx.outbox.update(entry)
        except StorageError as error:
            return (f"the outbox could not note what became of {entry.id}: {error}",)
        return ()


def is_light(ready: Ready) -> bool:
    """Whether an entry's envelope may be said before its turn has come."""
    return ready.fault is None and bool(ready.entry.recipients) and len(ready.raw) <= LIGHT


def shortfall(before: Entry, after: Entry) -> MailctlError | None:
    """What is to be told of recipients the server did not take the message for; None when it took all."""
    refused = after.refused[len(before.refused) :]
    if refused:
        names = ", ".join(f"'{one.recipient}'" for one in refused)
        return MessageRefusedError(f"refused for {names}: {refused[0].reply}")
    if after.recipients:
        names = ", ".join(f"'{one}'" for one in after.recipients)
        return TemporaryError(f"not taken yet for {names}: {after.last_reply}")
    return None
