"""Sending: rights, composition, outbox, server, copy in Sent."""

import os
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, Alias
from mailctl.domain.address import parse, same
from mailctl.domain.content import Raw, blocks, whole
from mailctl.domain.dsn import Dsn
from mailctl.domain.message import Attachment, Draft
from mailctl.domain.outgoing import Entry
from mailctl.domain.rights import Right
from mailctl.errors import (
    BadDataError,
    InputMissingError,
    UsageError,
)
from mailctl.services.context import Context
from mailctl.services.delivery import Courier
from mailctl.services.once import Turn
from mailctl.services.posting import Composed, Posted, post

PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
UNKNOWN_TYPE = "application/octet-stream"


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
    ctx: Context,
    draft: Draft,
    *,
    account: str | None = None,
    sender: str | None = None,
    queue: bool = False,
    at: datetime | None = None,
    key: str | None = None,
) -> Posted:
    """Send a draft; once this returns, the message is on the disk or with the server.

    Args:
        ctx: who acts, and where.
        draft: what is to be sent.
        account: None for the default one.
        sender: an alias for From; None for the account's address.
        queue: leave it in the outbox for the next flush.
        at: leave it there until then.
        key: what was sent with this key before is not sent again.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
        BadDataError: an address or a header cannot be used.
        StorageError: the message could not be kept, and was not sent.
    """
    chosen = sending(ctx, draft, account)
    with Courier(ctx, chosen) as courier, Turn(ctx, chosen.name, key) as turn:
        if (before := turn.before(draft.subject)) is not None:
            return before
        if not (queue or at):
            courier.servers.warm(copies=files_copy(ctx, chosen))
        message = composed(ctx, chosen, draft, sender=sender, key=turn.digest)
        return post(ctx, message, queue=queue, at=at, courier=courier, kept=turn.end)


def preview(ctx: Context, draft: Draft, *, account: str | None = None, sender: str | None = None) -> Preview:
    """What `send` would send; no server is reached, no secret read, nothing kept.

    Raises:
        RightMissingError, BadDataError: as `send` would.
    """
    return previewed(composed(ctx, sending(ctx, draft, account), draft, sender=sender))


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
        message=whole(raw).decode("utf-8", "replace"),
    )


def sending(ctx: Context, draft: Draft, account: str | None) -> Account:
    """The account that sends a draft to somebody.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: it may not.
        UsageError: there is nobody.
        StoreError: it has no server, which is told now and not from the outbox.
    """
    chosen = ctx.account(account, need=Right.SEND)
    if not draft.recipients:
        raise UsageError("nobody to send it to", hint="mailctl send anna@firm.example …, or --to, --cc, --bcc")
    ctx.outgoing(chosen)
    return chosen


def composed(ctx: Context, account: Account, draft: Draft, *, sender: str | None, key: str = "") -> Composed:
    """A draft as the message it becomes, signed by who acts."""
    message_id, raw = written(ctx, account, draft, sender=sender)
    recipients = tuple(address.spec for address in draft.recipients)
    new = entry(ctx, account, raw, message_id, draft.subject, recipients=recipients, dsn=draft.dsn, key=key)
    return Composed(account, for_affairs(ctx, new, draft.affairs), raw)


def for_affairs(ctx: Context, new: Entry, affairs: tuple[str, ...]) -> Entry:
    """The entry of a message that is filed under these affairs once somebody has it.

    Raises:
        AffairNotFoundError: there is none of such a reference.
    """
    if not affairs:
        return new
    from mailctl.domain.affair import normal

    require_all(ctx, affairs)
    refs = dict.fromkeys(normal(ref) for ref in affairs)
    return replace(new, affairs=tuple(refs), filed_by=ctx.actor.name)


def require_all(ctx: Context, affairs: tuple[str, ...]) -> None:
    """Refuse references that are no affairs'.

    Raises:
        AffairNotFoundError: there is none of such a reference.
    """
    if affairs:
        from mailctl.services.links import require

        for ref in affairs:
            require(ctx, ref)


def written(ctx: Context, account: Account, draft: Draft, *, sender: str | None) -> tuple[str, Raw]:
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
    from mailctl.domain.identity import new_message_id

    return new_message_id(account.address.rpartition("@")[2], now=ctx.now(), token=os.urandom(8).hex())


def entry(
    ctx: Context,
    account: Account,
    raw: Raw,
    message_id: str,
    subject: str,
    *,
    recipients: tuple[str, ...],
    sender: str | None = None,
    wants_copy: bool = True,
    dsn: Dsn | None = None,
    key: str = "",
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
        wants_copy: whether a copy in Sent is wanted.
        dsn: the reports that are wanted; without an id of its own, they call the message by its Message-ID.
        key: what is not to go twice.
    """
    now = ctx.now()
    has_copy = wants_copy and files_copy(ctx, account)
    return Entry(
        account=account.name,
        message_id=message_id,
        subject=subject,
        sender=account.address if sender is None else sender,
        recipients=recipients,
        size=len(raw),
        created=now,
        next_attempt=now,
        copied=False if has_copy else None,
        key=key,
        dsn=replace(dsn, id=dsn.id or message_id.strip("<>")) if dsn else None,
    )


def files_copy(ctx: Context, account: Account) -> bool:
    """Whether the copy in Sent is ours to make: the provider does not make it by itself, as far as is known."""
    provider = ctx.provider(account)
    return provider is None or provider.files_sent is not True


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


def attachment(path: Path) -> Attachment:
    """A file to send along.

    Raises:
        InputMissingError: it is missing, unreadable, or no file.
    """
    try:
        if path.is_dir() or path.is_block_device() or path.is_char_device():
            raise InputMissingError(f"{path}: not a file", hint="--attach FILE; a folder can be packed first")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    content = content_of(path)
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Attachment(filename=name, content=content, content_type=type_in(name, content))


def content_of(path: Path) -> Raw:
    """What is in a file; a large one is read when it is sent, and has to stay as it is meanwhile.

    Raises:
        InputMissingError: it is missing or unreadable.
    """
    from mailctl.local.content import file_at

    try:
        return file_at(path, lambda why: InputMissingError(f"{path}: {why}", hint=f"ls -l {path}; then send it again"))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> InputMissingError:
    """The error for a file that cannot be read."""
    return InputMissingError(f"{path}: {getattr(error, 'strerror', None) or error}", hint=f"ls -l {path}")


def type_in(name: str, content: Raw) -> str:
    """The content type of a file: what its name tells, and of a calendar what it is for."""
    from mailctl.domain import calendar

    found = type_of(name)
    return calendar.content_type(next(blocks(content), b"")) if found == calendar.TYPE else found


def type_of(name: str) -> str:
    """The content type that a file's name tells."""
    import mimetypes

    found, packed = mimetypes.guess_type(name)
    return PACKED.get(packed, UNKNOWN_TYPE) if packed else found or UNKNOWN_TYPE
