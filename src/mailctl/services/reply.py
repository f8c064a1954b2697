"""Answering a fetched message: to whom, from which address, in which thread; and the mark that it is answered."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.address import Address, parse, same, split
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.message import Draft, Flag, Quoted, Reading
from mailctl.domain.rights import Right
from mailctl.errors import BadDataError, MailctlError, UsageError
from mailctl.services.context import Context
from mailctl.services.read import mark_on_server, read

if TYPE_CHECKING:
    from mailctl.local.index import Stored

ANSWERED = frozenset({str(Flag.ANSWERED)})
ANSWER_MARK = re.compile(r"^\s*(?:(?:re|ré|aw|sv|antw|odp)(?:\[\d+\]|\(\d+\))?\s?:\s*)+", re.IGNORECASE)
DELIVERY_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to")


class Answer(NamedTuple):
    """A draft that answers, the account to send it with, and the alias for From; None for the account's address."""

    draft: Draft
    account: str
    sender: str | None


def answer(ctx: Context, id: int, draft: Draft, *, everybody: bool = False, account: str | None = None) -> Answer:
    """A draft turned into the answer to a fetched message; what it says already comes before what is found.

    Args:
        ctx: who acts, and where.
        id: the message's number in the index.
        draft: what the writer said beside.
        everybody: whether those of To and Cc get it too.
        account: None for the one it came to.

    Raises:
        MessageNotFoundError: there is none of that number.
        RightMissingError: one may not read the message, or not send with the account.
        UsageError: it says nobody to answer to.
    """
    reading = read(ctx, id)
    own = ctx.account(reading.account, need=Right.READ)
    sending = ctx.account(account or reading.account, need=Right.SEND)
    mine = (*own.addresses, *sending.addresses)
    to, cc = recipients(reading, mine, everybody=everybody)
    to = without((*draft.to, *to), ())
    if not (to or draft.cc or draft.bcc):
        raise UsageError(f"message {id} names nobody to answer to", hint=f"mailctl reply {id} --to anna@firm.example")
    answering = replace(
        draft,
        to=to,
        cc=without((*draft.cc, *cc), [one.spec for one in to]),
        subject=draft.subject or subject_of(reading.subject),
        quoted=quoted(reading),
    )
    return Answer(answering, sending.name, written_to(reading, sending))


def recipients(
    reading: Reading, mine: tuple[str, ...], *, everybody: bool
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """To and Cc of an answer; who answers his own mail goes on writing to those he wrote to."""
    authors = usable(reading.reply_to or reading.sender)
    to, cc = usable(reading.to), usable(reading.cc)
    if authors and all(any(same(one.spec, own) for own in mine) for one in authors):
        return (to, cc if everybody else ())
    if not everybody:
        return (authors, ())
    return (without((*authors, *without(to, mine)), ()), without(cc, mine))


def usable(header: str) -> tuple[Address, ...]:
    """The addresses in a header, without what is none."""
    found = []
    for text in split(header):
        try:
            found.append(parse(text))
        except BadDataError:
            continue
    return tuple(found)


def without(addresses: Iterable[Address], others: Iterable[str]) -> tuple[Address, ...]:
    """The addresses, each once, without some."""
    gone = {other.casefold() for other in others}
    kept: dict[str, Address] = {}
    for one in addresses:
        if one.spec.casefold() not in gone:
            kept.setdefault(one.spec.casefold(), one)
    return tuple(kept.values())


def subject_of(subject: str) -> str:
    """The subject of an answer: `Re: ` once, whatever stood before it in whatever language."""
    return f"Re: {ANSWER_MARK.sub('', subject).strip()}".strip()


def quoted(reading: Reading) -> Quoted:
    """What is answered, for the thread and the quotation (RFC 5322, 3.6.4)."""
    before = reading.references or ((reading.in_reply_to,) if reading.in_reply_to else ())
    return Quoted(message_id=reading.message_id, references=before, attribution=attribution(reading), text=reading.text)


def attribution(reading: Reading) -> str:
    """The line above a quotation: when, and who."""
    [author, *_] = usable(reading.sender) or (None,)
    who = (author.name or author.spec) if author else reading.sender or "somebody"
    when = f"On {reading.date.astimezone():%Y-%m-%d at %H:%M}, " if reading.date else ""
    return f"{when}{who} wrote:"


def written_to(reading: Reading, account: Account) -> str | None:
    """The alias that a message was written to, if it may send; None for the account's own address."""
    delivered = [value for name, value in reading.headers if name.lower() in DELIVERY_HEADERS]
    for header in (reading.to, reading.cc, *map(mailboxes, delivered)):
        for one in usable(header):
            if same(one.spec, account.address):
                return None
            if account.may_send_as(one.spec):
                return one.spec
    return None


def mark_answered(ctx: Context, id: int) -> bool:
    """Mark a message as answered, on the server and then here, and say whether it was.

    Only for who holds `organize`. A server that cannot be reached is warned about.
    """
    stored: Stored = ctx.index.message(id)
    account = ctx.account(stored.account, need=Right.READ)
    if Flag.ANSWERED in stored.flags or Right.ORGANIZE not in ctx.rights_on(account):
        return False
    try:
        if not mark_on_server(ctx, account, stored, ANSWERED):
            ctx.warn(f"message {id} is not marked as answered: the server has numbered '{stored.folder}' anew")
            return False
    except MailctlError as error:
        ctx.warn(f"message {id} is not marked as answered: {error}")
        return False
    flags = stored.flags | ANSWERED
    ctx.maildir(stored.account, stored.path).set_flags(stored.key, flags, before=stored.flags)
    ctx.index.set_flags([(stored.id, flags)])
    return True
