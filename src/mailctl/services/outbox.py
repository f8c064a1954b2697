"""Looking after the outbox: what waits, trying it again, letting it go."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import groupby

from msgspec import Struct

from mailctl.domain import outgoing
from mailctl.domain.account import Account
from mailctl.domain.content import blocks
from mailctl.domain.message import Refusal, State
from mailctl.domain.outgoing import Entry
from mailctl.domain.rights import Right
from mailctl.errors import MailctlError, SomeFailedError, StorageError, TemporaryError
from mailctl.services.context import Context
from mailctl.services.delivery import Courier, Outcome, Ready

LINES = 40
LOOKED_AT = 20


class Row(Struct, frozen=True, kw_only=True):
    """An entry as a list shows it; `recipients` are those it has still to go to, or those who were refused."""

    id: int
    account: str
    state: State
    subject: str
    recipients: tuple[str, ...]
    created: datetime
    attempts: int
    next_attempt: datetime | None
    last_reply: str


class Shown(Struct, frozen=True, kw_only=True):
    """An entry with all that is known of it, and its message's header and first lines."""

    id: int
    account: str
    state: State
    subject: str
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...]
    size: int
    created: datetime
    attempts: int
    next_attempt: datetime | None
    last_reply: str
    copied: bool | None
    message: str


class Flushed(Struct, frozen=True, kw_only=True):
    """What an attempt made of an entry; `error` is None when nothing is left to do."""

    id: int
    account: str
    state: State
    subject: str
    sent: bool
    copied: bool | None
    next_attempt: datetime | None
    error: str | None
    warnings: tuple[str, ...] = ()


def list_(ctx: Context) -> tuple[Row, ...]:
    """The entries of accounts one may send with; broken ones are warned about, and those that wait for long."""
    entries, now = mine(ctx), ctx.now()
    old = [entry.id for entry in entries if entry.is_old(now)]
    if old:
        more = f" and {len(old) - 1} more have" if len(old) > 1 else " has"
        ctx.warn(f"{old[0]}{more} waited for over a day: mailctl outbox show {old[0]}")
    return tuple(row(entry) for entry in entries)


def oldest(ctx: Context) -> int | None:
    """The number of a message that has waited for over a day, if there is one among the first of one's own."""
    now = ctx.now()
    for number in ctx.outbox.numbers()[:LOOKED_AT]:
        try:
            entry = ctx.outbox.entry(number)
        except MailctlError:
            continue  # sent meanwhile, or broken, which `outbox list` tells
        if entry.is_old(now) and may_send(ctx, entry.account):
            return number
    return None


def row(entry: Entry) -> Row:
    """An entry as a list shows it."""
    return Row(
        id=entry.id,
        account=entry.account,
        state=entry.state,
        subject=entry.subject,
        recipients=entry.recipients or tuple(one.recipient for one in entry.refused) or entry.accepted,
        created=entry.created,
        attempts=entry.attempts,
        next_attempt=entry.next_attempt,
        last_reply=entry.last_reply,
    )


def mine(ctx: Context) -> tuple[Entry, ...]:
    """The entries whose accounts the actor may send with, or that name an account there is none of."""
    entries, errors = ctx.outbox.scan()
    for error in errors:
        ctx.warn(str(error))
    may = {name: may_send(ctx, name) for name in {entry.account for entry in entries}}
    return tuple(entry for entry in entries if may[entry.account])


def may_send(ctx: Context, name: str) -> bool:
    """Whether the actor may send with an account; one that is gone or broken hides no mail."""
    try:
        return Right.SEND in ctx.rights_on(ctx.store.account(name))
    except MailctlError:
        return ctx.actor.is_admin or ctx.actor.is_alone


def entry_of(ctx: Context, number: int) -> Entry:
    """An entry of an account the actor may send with.

    Raises:
        MessageNotFoundError: there is none of that number.
        RightMissingError: the actor may not send with its account.
    """
    entry = ctx.outbox.entry(number)
    if not may_send(ctx, entry.account):
        raise ctx.refusal(ctx.store.account(entry.account), Right.SEND)
    return entry


def show(ctx: Context, number: int) -> Shown:
    """One entry, with its message's header and first lines.

    Raises:
        MessageNotFoundError: there is none of that number.
        RightMissingError: the actor may not send with its account.
    """
    entry = entry_of(ctx, number)
    text = next(blocks(ctx.outbox.raw(entry)), b"").decode("utf-8", "replace").replace("\r\n", "\n")
    head, _, body = text.partition("\n\n")
    return Shown(
        id=entry.id,
        account=entry.account,
        state=entry.state,
        subject=entry.subject,
        message_id=entry.message_id,
        sender=entry.sender,
        recipients=entry.recipients,
        accepted=entry.accepted,
        refused=entry.refused,
        size=entry.size,
        created=entry.created,
        attempts=entry.attempts,
        next_attempt=entry.next_attempt,
        last_reply=entry.last_reply,
        copied=entry.copied,
        message=f"{head}\n\n" + "\n".join(body.split("\n")[:LINES]),
    )


def flush(ctx: Context) -> tuple[Flushed, ...]:
    """Try all whose time has come, with one login for an account's; who is at one already goes on alone."""
    now = ctx.now()
    due = [entry for entry in mine(ctx) if entry.is_due(now) and entry.state is not State.SENDING]
    ordered = sorted(due, key=lambda entry: entry.account)
    found: list[Flushed] = []
    for name, entries in groupby(ordered, key=lambda entry: entry.account):
        for flushed in flush_account(ctx, name, [entry.id for entry in entries]):
            found.append(flushed)
            ctx.progress("sending", len(found), len(ordered))
    return tuple(found)


def flush_account(ctx: Context, name: str, numbers: list[int]) -> Iterator[Flushed]:
    """Try the entries of one account that are still due once they are held."""
    try:
        account = ctx.account(name, need=Right.SEND)
    except MailctlError as error:  # removed, broken, only watched by now: they wait for somebody to see to it
        yield from postpone(ctx, numbers, error)
        return
    with Courier(ctx, account) as courier:
        yield from map(flushed, courier.take_all(held(ctx, courier, numbers)))


def held(ctx: Context, courier: Courier, numbers: list[int]) -> Iterator[Ready]:
    """The entries that are still due; each is held until it is released."""
    for number in numbers:
        with ExitStack() as holding:
            try:
                entry = holding.enter_context(ctx.outbox.held(number))
            except StorageError as error:
                ctx.warn(str(error))
                continue
            if entry is not None and entry.is_due(ctx.now()):
                yield courier.ready(entry)._replace(release=holding.pop_all().close)


def postpone(ctx: Context, numbers: list[int], error: MailctlError) -> Iterator[Flushed]:
    """Note why some entries could not be tried."""
    for number in numbers:
        with ctx.outbox.held(number) as entry:
            if entry is not None:
                after = outgoing.postponed(entry, error, ctx.now())
                ctx.outbox.update(after)
                yield flushed(Outcome(entry=after, kept=True, error=error))


def flushed(outcome: Outcome) -> Flushed:
    """An attempt's outcome for the user."""
    entry = outcome.entry
    return Flushed(
        id=entry.id,
        account=entry.account,
        state=entry.state,
        subject=entry.subject,
        sent=bool(entry.accepted),
        copied=entry.copied if entry.accepted else False,
        next_attempt=entry.next_attempt if outcome.kept else None,
        error=str(outcome.error) if outcome.error else None,
        warnings=outcome.warnings,
    )


def failure(found: tuple[Flushed, ...]) -> SomeFailedError | None:
    """The error of a flush that could not send all; None when it could."""
    failed = [one for one in found if one.error]
    if not failed:
        return None
    first = failed[0]
    return SomeFailedError(
        f"{len(failed)} of {len(found)} messages did not go: {first.id}: {first.error}",
        hint=f"mailctl outbox show {first.id}",
    )


def retry(ctx: Context, number: int) -> tuple[Flushed, MailctlError | None]:
    """Try one entry now, whatever it waits for, those who were refused too; what became of it, and what went wrong.

    Raises:
        MessageNotFoundError: there is none of that number.
        AccountNotFoundError, RightMissingError, CheckerOnlyError: its account cannot send.
        TemporaryError: it is being sent at this moment.
    """
    from mailctl.services.posting import explained

    account: Account = ctx.account(entry_of(ctx, number).account, need=Right.SEND)
    with ctx.outbox.held(number) as entry:
        if entry is None:
            raise being_sent(ctx, number)
        with Courier(ctx, account) as courier:
            outcome = courier.deliver(outgoing.again(entry, ctx.now()))
    return flushed(outcome), explained(outcome.error, outcome.entry) if outcome.error else None


def drop(ctx: Context, number: int) -> Row:
    """Forget an entry: it is not sent, or not once more.

    Raises:
        MessageNotFoundError: there is none of that number.
        RightMissingError: the actor may not send with its account.
        TemporaryError: it is being sent at this moment.
    """
    entry_of(ctx, number)
    with ctx.outbox.held(number) as entry:
        if entry is None:
            raise being_sent(ctx, number)
        if entry.key and entry.accepted:  # some have it, so the key was used
            ctx.once.remember(entry)
        ctx.outbox.remove(entry)
    return row(entry)


def being_sent(ctx: Context, number: int) -> TemporaryError:
    """The error for an entry that somebody else works on; one that is gone by now is not found."""
    ctx.outbox.entry(number)
    return TemporaryError(f"{number} is being sent at this moment", hint=f"mailctl outbox show {number}")


def waiting(ctx: Context) -> tuple[Row, ...]:
    """The entries whose time has not come, and those that wait for somebody to say so."""
    now = ctx.now()
    return tuple(row(entry) for entry in mine(ctx) if not entry.is_due(now) and entry.state is not State.SENDING)
