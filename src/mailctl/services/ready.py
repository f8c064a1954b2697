"""Messages that are ready made: sent as they are, but for what must not go out or must be there."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from mailctl.domain.account import Account
from mailctl.domain.address import Address, parse_all
from mailctl.domain.answering import usable
from mailctl.domain.content import BLOCK, Raw, blocks, head
from mailctl.domain.decoding import header_text
from mailctl.domain.dsn import Dsn
from mailctl.domain.line_ends import with_crlf
from mailctl.domain.local_mail import Message, completed, taken_apart, without
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.mime import parse
from mailctl.domain.parts import protection
from mailctl.domain.rights import Right
from mailctl.errors import AccountNotFoundError, BadDataError, CheckerOnlyError, RightMissingError, UsageError
from mailctl.services.context import Context
from mailctl.services.posting import Composed
from mailctl.services.send import entry, new_id

HIDDEN = ("bcc", "resent-bcc")
LONGEST_LINE = 998  # RFC 5321, 4.5.3.1.6
LONE_CR = re.compile(rb"\r(?!\n)")


def read_from(ctx: Context, stream: IO[bytes]) -> Raw:
    """A message that comes on a stream, whatever its size.

    Raises:
        StorageError: there is no room for it.
    """
    return ctx.outbox.aside(iter(lambda: stream.read(BLOCK), b""))


def ready(
    ctx: Context, raw: Raw, *, account: str | None = None, recipients: tuple[str, ...] = (), dsn: Dsn | None = None
) -> Composed:
    """A message that is ready made, for the outbox: byte for byte as it came, its lines ending with CRLF.

    Bcc goes from the header into the envelope. Date and Message-ID are added where they lack, and that is said.

    Args:
        ctx: who acts, and where.
        raw: the message.
        account: None for the default one, or the one whose address From is.
        recipients: as they were typed; empty for those of To, Cc and Bcc.
        dsn: the reports that are wanted.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
        BadDataError: it is none, From is no address the account may send as, or it would not arrive as it is.
        UsageError: nobody to send it to.
    """
    message = taken_apart(checked(ctx, raw))
    sending = sending_account(ctx, account, message)
    refuse_stranger(sending, message)
    envelope = envelope_of(ctx, message, recipients)
    return finished(ctx, sending, message, recipients=envelope, dsn=dsn)


def finished(
    ctx: Context, account: Account, message: Message, *, recipients: tuple[str, ...], dsn: Dsn | None
) -> Composed:
    """A message with Date and Message-ID and without Bcc, for the outbox."""
    from mailctl.domain.fields import date_field

    ctx.outgoing(account)  # an account without a server is told now, not from the outbox
    wanted = {"message-id": f"Message-ID: {new_id(ctx, account)}", "date": date_field(ctx.now().astimezone())}
    missing = [text.partition(":")[0] for name, text in wanted.items() if not message.value(name)]
    if missing:
        ctx.say(f"added {' and '.join(missing)}, which it lacked")
    whole = completed(without(message, HIDDEN), tuple(wanted.values()))
    raw, subject = whole.raw, header_text(whole.value("subject"))
    new = entry(ctx, account, raw, whole.value("message-id"), subject, recipients=recipients, dsn=dsn)
    return Composed(account, new, raw)


def checked(ctx: Context, raw: Raw) -> Raw:
    """The message with CRLF at its lines' ends, once it is known to arrive as it is.

    Raises:
        BadDataError: it has no header, holds what no server passes on, or is signed and has lines that would be cut.
    """
    whole = ctx.outbox.aside(travelling(blocks(raw)))
    if not taken_apart(whole).fields:
        raise BadDataError("that is no message: it begins with no header", hint="mailctl send --body FILE")
    long = long_line(whole)
    header = head(whole)
    if long and protection(parse(header + b"\r\n\r\n")):
        raise BadDataError(
            f"line {long} is longer than {LONGEST_LINE} bytes: servers would cut it, and the signature would not hold",
            hint="encode the part before it is signed",
        )
    if long:
        ctx.warn(f"line {long} is longer than {LONGEST_LINE} bytes: servers may cut it")
    if not header.isascii():
        ctx.warn("its header has letters beyond ASCII in clear: servers without SMTPUTF8 will not take it")
    return whole


def travelling(coming: Iterable[bytes]) -> Iterator[bytes]:
    """A message in blocks, CRLF at its lines' ends; a CR at a block's end waits for what follows it.

    Raises:
        BadDataError: it holds what no server passes on.
    """
    held, place = b"", 0
    for block in chain(coming, (b"",)):  # the last shows whether a CR that waits stands alone
        data = held + block
        held = b"\r" if block and data.endswith(b"\r") else b""
        done = data[: len(data) - len(held)]
        lone = LONE_CR.search(done)
        if lone or b"\0" in done:
            what = f"a lone CR at byte {place + lone.start()}" if lone else f"a NUL at byte {place + done.index(0)}"
            raise BadDataError(f"the message holds {what}, which does not travel", hint="encode the part in base64")
        place += len(done)
        yield with_crlf(done)


def long_line(raw: Raw) -> int | None:
    """The number of the first line that is longer than servers take; None where there is none."""
    number, width = 1, 0
    for block in blocks(raw):
        first, *lines = block.split(b"\n")
        *ended, last = width + len(first), *map(len, lines)
        for at, one in enumerate(ended, number):
            if one > LONGEST_LINE + 1:  # its CR is with it
                return at
        number, width = number + len(ended), last
    return number if width > LONGEST_LINE else None


# -- from whom, to whom


def sending_account(ctx: Context, name: str | None, message: Message) -> Account:
    """The account that sends: named, else the default one if From is its, else the one that From is an address of."""
    if name is not None:
        return ctx.account(name, need=Right.SEND)
    authors = authors_of(message)
    chosen, error = None, None
    try:
        chosen = ctx.account(None, need=Right.SEND)
    except (AccountNotFoundError, RightMissingError, CheckerOnlyError) as missing:
        error = missing
    others = () if chosen and may_all(chosen, authors) else ctx.accounts(need=Right.SEND)
    found = next((one for one in others if may_all(one, authors)), chosen)
    if found is None:
        raise error or AccountNotFoundError("no account may send it", hint="-a ACCOUNT")
    return found


def authors_of(message: Message) -> tuple[Address, ...]:
    """Those in From."""
    return tuple(one for value in message.values("from") for one in usable(mailboxes(value)))


def may_all(account: Account, authors: Iterable[Address]) -> bool:
    """Whether an account may send as each of some, of whom there is one at least."""
    specs = [one.spec for one in authors]
    return bool(specs) and all(account.may_send_as(spec) for spec in specs)


def refuse_stranger(account: Account, message: Message) -> None:
    """Refuse a message of somebody else's.

    Raises:
        BadDataError: From is missing, twice there, or no address the account may send as; or Sender is none.
    """
    may = ", ".join(one for one in account.addresses if account.may_send_as(one))
    hint = f"'{account.name}' may send as {may}"
    if len(message.values("from")) != 1 or not authors_of(message):
        raise BadDataError("the message has not one From with an address", hint=hint)
    senders = tuple(one for value in message.values("sender") for one in usable(mailboxes(value)))
    for one in (*authors_of(message), *senders):
        if not account.may_send_as(one.spec):
            why = "receives only" if account.alias(one.spec) else f"is no address of '{account.name}'"
            raise BadDataError(f"'{one.spec}' in its header {why}", hint=hint)


def envelope_of(ctx: Context, message: Message, named: tuple[str, ...]) -> tuple[str, ...]:
    """The recipients: those that were named, else those of its header; each once.

    Raises:
        BadDataError: one that was named is no address.
        UsageError: there is none.
    """
    if named:
        found = parse_all(named)
        if any(message.values(name) for name in HIDDEN):
            ctx.warn("its Bcc goes out to nobody: recipients were named")
    else:
        found = recipients_in(message)
    if not found:
        raise UsageError("nobody to send it to", hint="name recipients, or write a To into its header")
    return tuple({one.spec.casefold(): one.spec for one in found}.values())


def recipients_in(message: Message) -> tuple[Address, ...]:
    """Those in To, Cc and Bcc.

    Raises:
        BadDataError: one is no address.
    """
    values = [value for name in ("to", "cc", "bcc") for value in message.values(name)]
    return parse_all(tuple(mailboxes(value) for value in values))
