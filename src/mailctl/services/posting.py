"""A message that is made: onto the disk, then handed over, and what there is to tell of it."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.content import Raw
from mailctl.domain.message import Sent, State
from mailctl.domain.outgoing import Entry
from mailctl.errors import (
    BadDataError,
    CertificateError,
    FateUnknownError,
    MailctlError,
    MessageRefusedError,
    ServerUnreachableError,
    TemporaryError,
    TlsUnavailableError,
)
from mailctl.services.context import Context
from mailctl.services.delivery import Courier, Ready


class Composed(NamedTuple):
    """A message ready for the outbox."""

    account: Account
    entry: Entry
    raw: Raw


class Posted(NamedTuple):
    """What became of a message, and the failure to tell, if any; it is in the outbox then or was not accepted."""

    sent: Sent
    failure: MailctlError | None


def post(
    ctx: Context,
    message: Composed,
    *,
    queue: bool = False,
    at: datetime | None = None,
    courier: Courier | None = None,
    kept: Callable[[], None] = lambda: None,
) -> Posted:
    """Put a message on the disk, then hand it over.

    Args:
        ctx: where the outbox is.
        message: what is to be sent.
        queue: leave it in the outbox for the next flush.
        at: leave it there until then.
        courier: who takes it, and may be on his way already.
        kept: called as soon as the message is on the disk.

    Raises:
        StorageError: it could not be kept; nothing was sent.
        InputMissingError: a file in it changed meanwhile; nothing was kept nor sent.
    """
    account, new, raw = message
    if queue or at is not None:
        with ctx.outbox.entering(replace(new, next_attempt=at) if at else new, raw) as entry:
            kept()
        return Posted(replace(as_sent(entry, is_kept=True), due=at), None)
    with nullcontext(courier) if courier else Courier(ctx, account) as one:
        one.expect(new)
        with ctx.outbox.entering(new, raw) as entry:
            kept()
            try:
                outcome = one.take(Ready(entry, raw if isinstance(raw, bytes) else ctx.outbox.raw(entry)))
            except KeyboardInterrupt:
                ctx.warn(f"the message is in the outbox as {entry.id}")
                raise
    sent = as_sent(outcome.entry, is_kept=outcome.kept, warnings=outcome.warnings)
    return Posted(sent, explained(outcome.error, outcome.entry) if outcome.error else None)


def as_sent(entry: Entry, *, is_kept: bool, warnings: tuple[str, ...] = ()) -> Sent:
    """An entry as the answer of `send`."""
    return Sent(
        account=entry.account,
        message_id=entry.message_id,
        subject=entry.subject,
        recipients=entry.everybody,
        size=entry.size,
        state=State.SENT if not is_kept else entry.state,
        sent=bool(entry.accepted),
        copied=entry.copied if entry.accepted else False,
        refused=entry.refused,
        outbox=entry.id if is_kept else None,
        warnings=warnings,
    )


def explained(error: MailctlError, entry: Entry) -> MailctlError:
    """The failure of an attempt, with where the message is now; no network is temporary, since it is kept."""
    number = entry.id
    hint = error.hint.replace("ACCOUNT", entry.account)
    match error:
        case MessageRefusedError() | BadDataError():
            return MessageRefusedError(
                f"{error}; kept in the outbox as {number}", hint=f"mailctl outbox retry {number}, or drop {number}"
            )
        case FateUnknownError():
            return FateUnknownError(f"{error}; kept in the outbox as {number}", hint="mailctl outbox flush")
        case CertificateError() | TlsUnavailableError():
            pass
        case TemporaryError() | ServerUnreachableError():
            return TemporaryError(
                f"{error}; the message is safe in the outbox as {number}", hint="mailctl outbox flush"
            )
    then = f"{hint}; then mailctl outbox flush" if hint else "mailctl outbox flush"
    return type(error)(f"{error}; the message is safe in the outbox as {number}", hint=then)
