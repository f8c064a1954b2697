"""Mail that goes once: a key of the caller's own, and what was sent with it before."""

from contextlib import ExitStack
from datetime import datetime
from types import TracebackType

from msgspec.structs import replace

from mailctl.domain.message import Sent, State
from mailctl.domain.outgoing import Entry
from mailctl.errors import MessageRefusedError, TemporaryError
from mailctl.local.once import Record, digest
from mailctl.services.context import Context
from mailctl.services.posting import Composed, Posted, as_sent, explained, post

PATIENCE_SECONDS = 60.0


class Turn:
    """The right to send with a key, which one has at a time; with no key there is nothing to wait for.

    The key lies in the outbox's entry as long as there is one, and in a record once it is gone; so at any moment, also
    after a crash, it is in one of both or was never used.
    """

    def __init__(self, ctx: Context, account: str, key: str | None) -> None:
        self.ctx = ctx
        self.digest = digest(account, key) if key is not None else ""
        self.held = ExitStack()

    def __enter__(self) -> "Turn":
        if self.digest:
            too_late = TemporaryError("somebody else has been sending with a key for a minute", hint="try again")
            self.held.enter_context(self.ctx.once.turn(patience=PATIENCE_SECONDS, too_late=lambda: too_late))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Let others have their turn; the message is kept, or there will be none."""
        self.held.close()

    def before(self, subject: str) -> Posted | None:
        """What became of the message that was sent with the key before; None when none was."""
        if not self.digest:
            return None
        record = self.ctx.once.record(self.digest)
        waiting = None if record else self.waiting()
        if waiting is not None:
            return repeated(waiting)
        record = record or self.ctx.once.record(self.digest)  # it may have been sent between the two looks
        return Posted(recorded(record, subject), None) if record else None

    def waiting(self) -> Entry | None:
        """The entry of the outbox that has the key."""
        return next((entry for entry in self.ctx.outbox.entries() if entry.key == self.digest), None)


def repeated(entry: Entry) -> Posted:
    """A message that is in the outbox already; one that was refused needs somebody."""
    sent = replace(as_sent(entry, is_kept=True), repeated=True, due=None if entry.attempts else entry.next_attempt)
    refused = explained(MessageRefusedError(entry.last_reply), entry) if entry.refused else None
    return Posted(sent, refused)


def recorded(record: Record, subject: str) -> Sent:
    """A message that went before."""
    return Sent(
        account=record.account,
        message_id=record.message_id,
        subject=subject,
        recipients=record.recipients,
        size=record.size,
        state=State.SENT,
        sent=True,
        copied=record.copied,
        repeated=True,
    )


def post_once(
    ctx: Context, message: Composed, *, queue: bool = False, at: datetime | None = None, key: str | None = None
) -> Posted:
    """Put a message that is made on the disk and hand it over, unless one with its key went before.

    Raises:
        StorageError: it could not be kept; nothing was sent.
    """
    with Turn(ctx, message.account.name, key) as turn:
        before = turn.before(message.entry.subject)
        if before is not None:
            return before
        keyed = message._replace(entry=replace(message.entry, key=turn.digest))
        return post(ctx, keyed, queue=queue, at=at, kept=turn.end)
