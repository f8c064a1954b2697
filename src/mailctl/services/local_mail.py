"""Mail that programs hand in as to sendmail(8): whose account sends it, and to whom it goes."""

import os
from collections.abc import Callable, Iterable
from contextlib import nullcontext

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.address import Address, parse, same, split
from mailctl.domain.content import Raw
from mailctl.domain.decoding import header_text
from mailctl.domain.dsn import Dsn
from mailctl.domain.line_ends import sendable
from mailctl.domain.local_mail import Message, completed, taken_apart, without
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.rights import Right
from mailctl.errors import BadDataError, MailctlError, MessageRefusedError, RightMissingError, UsageError
from mailctl.services.context import Context
from mailctl.services.delivery import Courier
from mailctl.services.posting import Composed, Posted, post
from mailctl.services.send import entry

HIDDEN = ("bcc", "resent-bcc")


class Call(Struct, frozen=True, kw_only=True):
    """What the caller said beside the message.

    `sender` is the envelope's, empty for the null sender, None where nothing was said; `full_name` is for a From
    that has to be made.
    """

    recipients: tuple[str, ...] = ()
    from_header: bool = False
    sender: str | None = None
    full_name: str = ""
    account: str | None = None
    queue: bool = False
    dsn: Dsn | None = None


def hand_in(
    ctx: Context,
    raw: Raw,
    call: Call,
    *,
    courier: Callable[[Account], Courier] | None = None,
    kept: Callable[[], None] | None = None,
) -> Posted:
    """Send a message as it is, or leave it in the outbox; of one refused for good, at once and for all, nothing stays.

    Only what must not go out or must be there is changed: Bcc goes, From, Date and Message-ID come where they lack.
    No copy in Sent is made: callers of sendmail(8) file their own.

    Args:
        ctx: who calls.
        raw: the message; its lines end with CRLF where it is not held whole.
        call: what was said beside it.
        courier: gives who takes it, where there are several messages.
        kept: called once the message is on the disk. Then its caller has his answer, and what is refused stays.

    Raises:
        UsageError: nobody to send it to.
        BadDataError: a recipient is no address, and no alias of `[sendmail]` either.
        AccountNotFoundError, RightMissingError, CheckerOnlyError: nothing was kept.
        StorageError: it could not be kept.
    """
    message = taken_apart(sendable(raw))
    account = sending_account(ctx, call, message)
    recipients = recipients_of(ctx, call, message)
    with nullcontext(courier(account)) if courier else Courier(ctx, account) as one:
        if not call.queue:
            one.servers.warm(copies=False)
        ready = made(ctx, account, call, message, recipients=recipients)
        posted = post(ctx, ready, queue=call.queue, courier=one, kept=kept or (lambda: None))
    if isinstance(posted.failure, MessageRefusedError) and not posted.sent.sent and kept is None:
        return forgotten(ctx, posted)
    return posted


def made(ctx: Context, account: Account, call: Call, message: Message, *, recipients: tuple[str, ...]) -> Composed:
    """The message as it goes out, for the outbox."""
    whole = complete(ctx, account, call, without(message, HIDDEN))
    raw = whole.raw
    new = entry(
        ctx,
        account,
        raw,
        whole.value("message-id"),
        header_text(whole.value("subject")).encode("utf-8", "replace").decode(),
        recipients=recipients,
        sender=envelope_sender(ctx, account, call, message),
        wants_copy=False,
        dsn=call.dsn,
    )
    return Composed(account, replace(new, fallback=stand_in(ctx, account, call)), raw)


def stand_in(ctx: Context, account: Account, call: Call) -> str | None:
    """The account that sends local mail when the one for it cannot; none where the caller named one."""
    chosen = ctx.settings.sendmail
    is_for_local_mail = account.name == (chosen.account or ctx.settings.default_account) and call.account is None
    return chosen.fallback if is_for_local_mail and chosen.fallback != account.name else None


def forgotten(ctx: Context, posted: Posted) -> Posted:
    """A refused message, out of the outbox again, for its caller is told at once."""
    sent = posted.sent
    if sent.outbox is not None:
        with ctx.outbox.held(sent.outbox) as kept:
            if kept is not None:
                ctx.outbox.remove(kept)
    words = "; ".join(dict.fromkeys(one.reply for one in sent.refused))
    names = ", ".join(f"'{one.recipient}'" for one in sent.refused)
    return Posted(replace(sent, outbox=None), MessageRefusedError(f"refused for {names}: {words}"))


def sending_account(ctx: Context, call: Call, message: Message) -> Account:
    """The account that sends: named, else that of -f, else that of From, else the one for local mail.

    Raises:
        RightMissingError: one may not send with it, or From is an address of another account.
    """
    writers = tuple(qualified(ctx, one) for one in specs(message.values("from")))
    name = call.account or owner_of(ctx, (*([qualified(ctx, call.sender)] if call.sender else []), *writers))
    account = ctx.account(name or ctx.settings.sendmail.account, need=Right.SEND)
    for writer in writers:
        if account.alias(writer) and not account.may_send_as(writer):
            raise RightMissingError(f"'{writer}' receives only", hint=f"mailctl account show {account.name}")
        owner = None if account.may_send_as(writer) else owner_of(ctx, (writer,))
        if owner is not None:
            ctx.account(owner, need=Right.SEND)
    return account


def owner_of(ctx: Context, addresses: Iterable[str]) -> str | None:
    """The account whose address one of these is, the first that is one's; None when none is."""
    wanted = [one for one in addresses if "@" in one]
    if not wanted:
        return None
    known = usual_accounts(ctx)
    found = owner_among(known, wanted[:1])
    return found or owner_among(ctx.store.accounts()[0], wanted)


def owner_among(accounts: Iterable[Account], wanted: list[str]) -> str | None:
    """The account of the first address that is one's."""
    everybody = tuple(accounts)
    return next(
        (one.name for address in wanted for one in everybody if any(same(address, own) for own in one.addresses)), None
    )


def usual_accounts(ctx: Context) -> tuple[Account, ...]:
    """The accounts that most mail goes through: looked at before all others are read."""
    found = []
    for name in filter(None, {ctx.settings.sendmail.account, ctx.settings.default_account}):
        try:
            found.append(ctx.store.account(name))
        except MailctlError:
            continue  # told when it is the one that has to send
    return tuple(found)


def recipients_of(ctx: Context, call: Call, message: Message) -> tuple[str, ...]:
    """The envelope's recipients, each once: those given, and with -t those of To, Cc and Bcc.

    Raises:
        UsageError: there is none.
        BadDataError: one is no address.
    """
    headers = tuple(value for name in ("to", "cc", "bcc") for value in message.values(name)) if call.from_header else ()
    named = (*(one for text in call.recipients for one in specs((text,))), *specs(headers))
    found = {spec.casefold(): spec for spec in (checked(qualified(ctx, one)) for one in named)}
    if not found:
        raise UsageError("no recipient", hint="name one, or use -t and a To header")
    return tuple(found.values())


def specs(values: Iterable[str]) -> tuple[str, ...]:
    """The bare addresses and local names in headers or arguments."""
    found = (one for value in values for one in split(mailboxes(value)))
    return tuple(one.rpartition("<")[2].rstrip(">").strip() for one in found)


def qualified(ctx: Context, name: str) -> str:
    """A local name as the address it stands for, where `[sendmail]` says one."""
    aliases = ctx.settings.sendmail.aliases
    return name if "@" in name else aliases.get(name, name)


def checked(address: str) -> str:
    """The address, once it is known to be one.

    Raises:
        BadDataError: it is none.
    """
    if "@" not in address:
        raise BadDataError(
            f"'{address}' is a local name, and stands for no address", hint="[sendmail] aliases in store.toml"
        )
    return parse(address).spec


def envelope_sender(ctx: Context, account: Account, call: Call, message: Message) -> str:
    """The envelope's sender: what the caller or From says where the account may send so, else the account's."""
    if call.sender == "":
        return ""
    said = [qualified(ctx, call.sender)] if call.sender else specs(message.values("from"))
    return next((one for one in said if account.may_send_as(one)), account.address)


def complete(ctx: Context, account: Account, call: Call, message: Message) -> Message:
    """The message with From, Date and Message-ID."""
    from mailctl.domain.fields import address_field, date_field
    from mailctl.domain.identity import new_message_id

    now = ctx.now()
    alias = account.alias(call.sender) if call.sender else None
    own = account.sender(alias, ctx.actor.collaborator.name if ctx.actor.collaborator else "")
    sender = Address(local=own.local, domain=own.domain, name=call.full_name or own.name)
    identity = new_message_id(account.address.rpartition("@")[2], now=now, token=os.urandom(8).hex())
    wanted = (address_field("From", [sender]), date_field(now.astimezone()), f"Message-ID: {identity}")
    return completed(message, wanted)
