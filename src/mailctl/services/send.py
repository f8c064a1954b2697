"""Sending: rights, composition, outbox, server, copy in Sent."""

import os
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, Alias
from mailctl.domain.address import parse, same
from mailctl.domain.dsn import Dsn
from mailctl.domain.message import Attachment, Draft, Sent, State
from mailctl.domain.outgoing import Entry
from mailctl.domain.rights import Right
from mailctl.errors import (
    BadDataError,
    CertificateError,
    FateUnknownError,
    InputMissingError,
    MailctlError,
    MessageRefusedError,
    ServerUnreachableError,
    TemporaryError,
    TlsUnavailableError,
    UsageError,
)
from mailctl.services.context import Context

PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
UNKNOWN_TYPE = "application/octet-stream"


class Composed(NamedTuple):
    """A message ready for the outbox."""

    account: Account
    entry: Entry
    raw: bytes


class Posted(NamedTuple):
    """What became of a message, and the failure to tell, if any; it is in the outbox then or was not accepted."""

    sent: Sent
    failure: MailctlError | None


class Preview(Struct, frozen=True, kw_only=True):
    """A message as it would go out."""

    account: str
    message_id: str
    subject: str
    sender: str
    recipients: tuple[str, ...]
    size: int
    message: str


def send(
    ctx: Context, draft: Draft, *, account: str | None = None, sender: str | None = None, queue: bool = False
) -> Posted:
    """Send a draft; once this returns, the message is on the disk or with the server.

    Args:
        ctx: who acts, and where.
        draft: what is to be sent.
        account: None for the default one.
        sender: an alias for From; None for the account's address.
        queue: leave it in the outbox for the next flush.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
        BadDataError: an address or a header cannot be used.
        StorageError: the message could not be kept, and was not sent.
    """
    return post(ctx, composed(ctx, draft, account=account, sender=sender), queue=queue)


def preview(ctx: Context, draft: Draft, *, account: str | None = None, sender: str | None = None) -> Preview:
    """What `send` would send; no server is reached, no secret read, nothing kept.

    Raises:
        RightMissingError, BadDataError: as `send` would.
    """
    return previewed(composed(ctx, draft, account=account, sender=sender))


def previewed(message: Composed) -> Preview:
    """A message as it would go out."""
    _, entry, raw = message
    return Preview(
        account=entry.account,
        message_id=entry.message_id,
        subject=entry.subject,
        sender=entry.sender,
        recipients=entry.recipients,
        size=entry.size,
        message=raw.decode("utf-8", "replace"),
    )


def composed(ctx: Context, draft: Draft, *, account: str | None, sender: str | None) -> Composed:
    """A draft as the message it becomes, signed by who acts."""
    chosen = ctx.account(account, need=Right.SEND)
    if not draft.recipients:
        raise UsageError("nobody to send it to", hint="mailctl send anna@firm.example …, or --to, --cc, --bcc")
    ctx.outgoing(chosen)  # an account without a server is told now, not from the outbox
    message_id, raw = written(ctx, chosen, draft, sender=sender)
    recipients = tuple(address.spec for address in draft.recipients)
    new = entry(ctx, chosen, raw, message_id, draft.subject, recipients=recipients, dsn=draft.dsn)
    return Composed(chosen, new, raw)


def written(ctx: Context, account: Account, draft: Draft, *, sender: str | None) -> tuple[str, bytes]:
    """The Message-ID and the bytes of a draft as an account sends it, signed by who acts."""
    from mailctl.domain.compose import compose
    from mailctl.services.signature import rendered

    alias = alias_of(account, sender)
    message_id = new_id(ctx, account)
    signature = rendered(ctx, account, alias=alias) if draft.signed else None
    own = ctx.actor.collaborator.name if ctx.actor.collaborator else ""
    author, date = account.sender(alias, own), ctx.now().astimezone()
    return message_id, compose(draft, sender=author, date=date, message_id=message_id, signature=signature)


def new_id(ctx: Context, account: Account) -> str:
    """A Message-ID of the account's that nobody else makes."""
    from mailctl.domain.compose import new_message_id

    return new_message_id(account.address.rpartition("@")[2], now=ctx.now(), token=os.urandom(8).hex())


def entry(
    ctx: Context,
    account: Account,
    raw: bytes,
    message_id: str,
    subject: str,
    *,
    recipients: tuple[str, ...],
    sender: str | None = None,
    files_copy: bool = True,
    dsn: Dsn | None = None,
) -> Entry:
    """A message as it enters the outbox.

    Args:
        ctx: where the provider is looked up, and the clock.
        account: that sends it.
        raw: the message.
        message_id: with its angle brackets.
        subject: for lists.
        recipients: the envelope's, Bcc included.
        sender: the envelope's; None for the account's address, empty for the null sender.
        files_copy: whether a copy in Sent is wanted.
        dsn: the reports that are wanted; without an id of its own, they call the message by its Message-ID.
    """
    provider = ctx.provider(account)
    is_filed_there = provider is not None and provider.files_sent is True
    now = ctx.now()
    return Entry(
        account=account.name,
        message_id=message_id,
        subject=subject,
        sender=account.address if sender is None else sender,
        recipients=recipients,
        size=len(raw),
        created=now,
        next_attempt=now,
        copied=None if is_filed_there or not files_copy else False,
        dsn=replace(dsn, id=dsn.id or message_id.strip("<>")) if dsn else None,
    )


def alias_of(account: Account, sender: str | None) -> Alias | None:
    """The alias to stand in From; None for the account's own address.

    Raises:
        BadDataError: the address is not the account's, or receives only.
    """
    if sender is None:
        return None
    address = parse(sender).spec
    if same(address, account.address):
        return None
    if not account.may_send_as(address):
        may = ", ".join(one for one in account.addresses if account.may_send_as(one))
        why = "receives only" if account.alias(address) else f"is no address of '{account.name}'"
        raise BadDataError(f"'{address}' {why}", hint=f"'{account.name}' may send as {may}")
    return account.alias(address)


def post(ctx: Context, message: Composed, *, queue: bool = False) -> Posted:
    """Put a message on the disk, then hand it over.

    Raises:
        StorageError: it could not be kept; nothing was sent.
    """
    account, new, raw = message
    with ctx.outbox.entering(new, raw) as kept:
        if queue:
            return Posted(as_sent(kept, is_kept=True), None)
        from mailctl.services.delivery import Courier

        try:
            with Courier(ctx, account) as courier:
                outcome = courier.deliver(kept)
        except KeyboardInterrupt:
            ctx.warn(f"the message is in the outbox as {kept.id}")
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


def attachment(path: Path) -> Attachment:
    """A file to send along.

    Raises:
        InputMissingError: it is missing, unreadable, or no file.
    """
    try:
        if path.is_dir() or path.is_block_device() or path.is_char_device():
            raise InputMissingError(f"{path}: not a file", hint="--attach FILE; a folder can be packed first")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputMissingError(f"{path}: {getattr(error, 'strerror', None) or error}", hint=f"ls -l {path}") from error
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Attachment(filename=name, content=content, content_type=type_in(name, content))


def type_in(name: str, content: bytes) -> str:
    """The content type of a file: what its name tells, and of a calendar what it is for."""
    from mailctl.domain import calendar

    found = type_of(name)
    return calendar.content_type(content) if found == calendar.TYPE else found


def type_of(name: str) -> str:
    """The content type that a file's name tells."""
    import mimetypes

    found, packed = mimetypes.guess_type(name)
    return PACKED.get(packed, UNKNOWN_TYPE) if packed else found or UNKNOWN_TYPE
