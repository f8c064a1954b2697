"""Drafts: kept in the account's Drafts folder, where other mail programs find them, and sent from there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mailctl.domain import dsn
from mailctl.domain.account import Account
from mailctl.domain.content import Raw
from mailctl.domain.decoding import header_text, message_id, sent_at
from mailctl.domain.fields import address_field, folded, text_field, usable_ids
from mailctl.domain.folders import Use, special
from mailctl.domain.line_ends import in_crlf
from mailctl.domain.local_mail import Message, completed, taken_apart, without
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.message import Draft, Flag, Forwarded
from mailctl.domain.rights import Right
from mailctl.errors import AlreadyExistsError, MailctlError, MessageNotFoundError, UsageError
from mailctl.services.account_mail import has_index
from mailctl.services.context import Context
from mailctl.services.posting import Composed, Posted, post
from mailctl.services.ready import finished, recipients_in, refuse_stranger
from mailctl.services.send import for_affairs, require_all, written

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_drafts import Outline

NEW_DRAFTS = "Drafts"
FLAGS = frozenset({str(Flag.DRAFT), str(Flag.SEEN)})
REPORTS = "X-Mailctl-Dsn"
AFFAIR = "X-Mailctl-Affair"
PASSED_ON = "X-Forwarded-Message-Id"  # as Thunderbird writes it
# What mail programs note in a draft for themselves, and what is written anew when it goes
NOTES = ("x-mozilla-draft-info", "x-mozilla-status", "x-mozilla-status2", "x-mozilla-keys", "x-identity-key",
         "x-account-key", "fcc", "x-unsent", "x-draft-info", "x-apple-base-url", "x-universally-unique-identifier",
         "x-uniform-type-identifier", "x-apple-mail-remote-attachments", REPORTS.lower(), AFFAIR.lower(),
         PASSED_ON.lower(), "date")  # fmt: skip


class Kept(Struct, frozen=True, kw_only=True):
    """A draft as it was laid into its folder; `id` is None where the server is slow to show it."""

    id: int | None
    account: str
    folder: str
    message_id: str
    subject: str
    recipients: tuple[str, ...]
    size: int


class Row(Struct, frozen=True, kw_only=True):
    """A draft as a list shows it; `id` is its UID in the folder."""

    id: int
    account: str
    folder: str
    to: str
    subject: str
    date: datetime
    size: int


class Drafts(NamedTuple):
    """An account's folder of drafts, in a session; `folder` is None where there is none."""

    account: Account
    session: "ImapSession"
    folder: str | None


@contextmanager
def drafts_of(ctx: Context, name: str | None) -> Iterator[Drafts]:
    """The drafts of an account one may send with.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
    """
    account = ctx.account(name, need=Right.SEND)
    with ctx.imap(account) as session:
        yield Drafts(account, session, special(session.folders(), Use.DRAFTS, chosen=account.folders))


# -- keeping


def keep(ctx: Context, draft: Draft, *, account: str | None = None, sender: str | None = None) -> Kept:
    """Lay a draft into the account's Drafts folder, with all that was said of it, Bcc too; nothing is sent.

    Args:
        ctx: who acts, and where.
        draft: what its writer said; recipients may lack.
        account: None for the default one.
        sender: an alias for From; None for the account's address.

    Raises:
        BadDataError: an address or a header cannot be used.
        RightMissingError: before anything is opened.
    """
    from mailctl.remote.imap_drafts import uid_of

    chosen = ctx.account(account, need=Right.SEND)
    require_all(ctx, draft.affairs)
    identity, message = written(ctx, chosen, draft, sender=sender)
    raw = with_notes(message, draft)
    with drafts_of(ctx, chosen.name) as (_, session, folder):
        home = folder or made_folder(session)
        session.append(home, raw, flags=FLAGS, when=ctx.now())
        uid = uid_of(session, home, identity)
    return Kept(
        id=uid,
        account=chosen.name,
        folder=home,
        message_id=identity,
        subject=draft.subject,
        recipients=tuple(one.spec for one in draft.recipients),
        size=len(raw),
    )


def made_folder(session: "ImapSession") -> str:
    """The first folder of drafts of a mailbox that has none."""
    name = f"{session.personal_prefix()}{NEW_DRAFTS}"
    session.create(name)
    return name


def with_notes(raw: Raw, draft: Draft) -> Raw:
    """A message with what only its sender is to know: Bcc, reports that are wanted, its affairs, what it passes on."""
    notes = [address_field("Bcc", draft.bcc)] if draft.bcc else []
    notes += [f"{REPORTS}: {draft.dsn}"] if draft.dsn else []
    notes += [text_field(AFFAIR, ref) for ref in draft.affairs]
    if isinstance(draft.quoted, Forwarded) and (passed_on := usable_ids((draft.quoted.message_id,))):
        notes.append(folded(PASSED_ON, passed_on))
    return completed(taken_apart(raw), tuple(notes)).raw


# -- looking, sending, dropping


def list_(ctx: Context, account: str | None = None) -> tuple[Row, ...]:
    """The drafts of an account, as they lie on the server."""
    from mailctl.remote.imap_drafts import outlines

    with drafts_of(ctx, account) as (chosen, session, folder):
        if folder is None:
            return ()
        session.examine(folder)
        return tuple(row(one, chosen, folder) for one in outlines(session))


def row(one: "Outline", account: Account, folder: str) -> Row:
    """A draft as a list shows it."""
    message = taken_apart(one.header)
    return Row(
        id=one.uid,
        account=account.name,
        folder=folder,
        to=mailboxes(", ".join(message.values("to"))),
        subject=header_text(message.value("subject")),
        date=sent_at(message.value("date")) or one.received,
        size=one.size,
    )


def send(
    ctx: Context,
    id: int,
    *,
    account: str | None = None,
    queue: bool = False,
    at: datetime | None = None,
    doubt: Callable[[str], None],
) -> Posted:
    """Send a draft as it lies there; it leaves the folder once it is safe in the outbox.

    It keeps its Message-ID: one that lies in the outbox or in Sent already, as after a crash, is not sent once more.
    What it answers or passes on is marked so once somebody has it, as far as it was fetched.

    Args:
        ctx: who acts, and where.
        id: its number, as `list_` gives it.
        account: None for the default one.
        queue: leave it in the outbox for the next flush.
        at: leave it there until then.
        doubt: is told what its writer may have forgotten, and may stop it.

    Raises:
        MessageNotFoundError: there is no such draft.
        BadDataError: From is no address the account may send as, or a recipient is none.
        UsageError: nobody to send it to.
        AlreadyExistsError: it is in the outbox, or was sent.
    """
    with drafts_of(ctx, account) as drafts:
        message = taken_apart(content(ctx, drafts, id))
        ready = composed(ctx, drafts.account, message)
        if not ready.entry.subject.strip():
            doubt("the subject is empty")
        refuse_twice(ctx, drafts, id, ready)
        posted = post(ctx, ready, queue=queue, at=at)
        try:
            take_away(drafts, id)
        except MailctlError as error:
            ctx.warn(f"draft {id} is on its way, and could not be taken out of '{drafts.folder}': {error}")
    if posted.sent.sent:
        mark_originals(ctx, drafts.account, message)
    return posted


def mark_originals(ctx: Context, account: Account, message: Message) -> None:
    """Mark what a draft answered and passed on, in the mail that was fetched from its account."""
    if Right.READ not in ctx.rights_on(account) or not has_index(ctx):
        return
    from mailctl.local.shown import copies
    from mailctl.services.forward import mark_forwarded
    from mailctl.services.reply import mark_answered

    for field, mark in (("in-reply-to", mark_answered), (PASSED_ON.lower(), mark_forwarded)):
        identity = message_id(message.value(field))
        for one in copies(ctx.index, account.name, {identity}) if identity else ():
            mark(ctx, one.id)


def composed(ctx: Context, account: Account, message: Message) -> Composed:
    """A draft as the message it becomes: without its notes, and dated now."""
    refuse_stranger(account, message)
    recipients = {one.spec.casefold(): one.spec for one in recipients_in(message)}
    if not recipients:
        raise UsageError("nobody to send it to: the draft has no recipients", hint="mailctl draft list")
    wanted = message.value(REPORTS.lower())
    from mailctl.domain.fields import date_field

    dated = completed(without(message, NOTES), (date_field(ctx.now().astimezone()),))
    reports = dsn.parse(wanted) if wanted else None
    ready = finished(ctx, account, dated, recipients=tuple(recipients.values()), dsn=reports)
    affairs = tuple(header_text(value) for value in message.values(AFFAIR.lower()))
    return ready._replace(entry=for_affairs(ctx, ready.entry, affairs))


def refuse_twice(ctx: Context, drafts: Drafts, id: int, ready: Composed) -> None:
    """Refuse a draft that is on its way or was sent.

    Raises:
        AlreadyExistsError: its Message-ID lies in the outbox, or in Sent.
    """
    identity, hint = ready.entry.message_id, f"mailctl draft drop {id} -a {drafts.account.name}"
    waiting = next((one.id for one in ctx.outbox.entries() if one.message_id == identity), None)
    if waiting is not None:
        raise AlreadyExistsError(f"draft {id} is in the outbox already, as {waiting}", hint=hint)
    sent = special(drafts.session.folders(), Use.SENT, chosen=drafts.account.folders)
    if sent is not None and drafts.session.has_message(sent, identity):
        raise AlreadyExistsError(f"draft {id} was sent already: it lies in '{sent}'", hint=hint)


def drop(ctx: Context, id: int, *, account: str | None = None) -> Row:
    """Take a draft away; it is not sent.

    Raises:
        MessageNotFoundError: there is no such draft.
    """
    with drafts_of(ctx, account) as drafts:
        found = outline_of(drafts, id)
        take_away(drafts, id)
    return found


def show(ctx: Context, id: int, *, account: str | None = None) -> Row:
    """One draft as a list shows it.

    Raises:
        MessageNotFoundError: there is no such draft.
    """
    with drafts_of(ctx, account) as drafts:
        return outline_of(drafts, id)


def outline_of(drafts: Drafts, id: int) -> Row:
    """One draft as a list shows it."""
    from mailctl.remote.imap_drafts import outlines

    if drafts.folder is not None:
        drafts.session.examine(drafts.folder)
        for one in outlines(drafts.session):
            if one.uid == id:
                return row(one, drafts.account, drafts.folder)
    raise missing(drafts, id)


def content(ctx: Context, drafts: Drafts, id: int) -> Raw:
    """A draft's bytes, CRLF at its lines' ends."""
    from mailctl.remote.imap_drafts import pieces

    found: Raw = b""
    if drafts.folder is not None:
        drafts.session.examine(drafts.folder)
        found = ctx.outbox.aside(in_crlf(pieces(drafts.session, id)))
    if len(found) == 0:
        raise missing(drafts, id)
    return found


def take_away(drafts: Drafts, id: int) -> None:
    """Take a draft out of its folder."""
    from mailctl.remote.imap_drafts import remove

    assert drafts.folder is not None
    drafts.session.select(drafts.folder)
    remove(drafts.session, id)


def missing(drafts: Drafts, id: int) -> MessageNotFoundError:
    """The error for a draft that there is not."""
    where = f"'{drafts.folder}'" if drafts.folder else f"the mailbox of '{drafts.account.name}'"
    return MessageNotFoundError(f"no draft {id} in {where}", hint=f"mailctl draft list -a {drafts.account.name}")
