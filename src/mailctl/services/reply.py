"""Answering a fetched message, in its thread; and the mark that it is answered."""

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from mailctl.domain.answering import Whom, quoted, recipients, subject_of_answer, without, written_to
from mailctl.domain.message import Draft, Flag
from mailctl.domain.rights import Right
from mailctl.errors import UsageError
from mailctl.services.context import Context
from mailctl.services.flag import mark
from mailctl.services.read import read

if TYPE_CHECKING:
    pass


class Answer(NamedTuple):
    """A draft made of a message, the account to send it with, and the alias for From; None for its own address."""

    draft: Draft
    account: str
    sender: str | None


def answer(ctx: Context, id: int, draft: Draft, *, whom: Whom = Whom.AUTHOR, account: str | None = None) -> Answer:
    """A draft turned into the answer to a fetched message; what it says already comes before what is found.

    Args:
        ctx: who acts, and where.
        id: the message's number in the index.
        draft: what the writer said beside.
        whom: the author, all it was written to as well, or the mailing list it came through.
        account: None for the one it came to.

    Raises:
        MessageNotFoundError: there is none of that number.
        RightMissingError: one may not read the message, or not send with the account.
        UsageError: it says nobody to answer to.
    """
    reading = read(ctx, id)
    own = ctx.account(reading.account, need=Right.READ)
    sending = ctx.account(account or reading.account, need=Right.SEND)
    to, cc = recipients(reading, (*own.addresses, *sending.addresses), whom)
    if whom is Whom.LIST and not to:
        raise UsageError(f"message {id} came through no list that takes answers", hint=f"mailctl reply {id} --all")
    to = without((*draft.to, *to), ())
    if not (to or draft.cc or draft.bcc):
        raise UsageError(f"message {id} names nobody to answer to", hint=f"mailctl reply {id} --to anna@firm.example")
    answering = replace(
        draft,
        to=to,
        cc=without((*draft.cc, *cc), [one.spec for one in to]),
        subject=draft.subject or subject_of_answer(reading.subject),
        quoted=quoted(reading),
        affairs=(*draft.affairs, *reading.affairs),
    )
    return Answer(answering, sending.name, written_to(reading, sending))


def mark_answered(ctx: Context, id: int) -> bool:
    """Mark a message as answered, on the server and then here, and say whether it was."""
    return mark(ctx, id, Flag.ANSWERED, "is not marked as answered")
