"""Handing over what waits in the outbox: to the server, into Sent, and out of the outbox."""

from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain import outgoing
from mailctl.domain.account import Account
from mailctl.domain.folders import Use, special
from mailctl.domain.message import Flag, State
from mailctl.domain.outgoing import Entry
from mailctl.errors import (
    BadDataError,
    FateUnknownError,
    MailctlError,
    MessageRefusedError,
    StorageError,
    TemporaryError,
)
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.smtp import SmtpSession

NEW_SENT = "Sent"
MOST_DEATHS = 2


class Outcome(Struct, frozen=True, kw_only=True):
    """What an attempt made of an entry; `kept` False: nothing was left to do, and it is out of the outbox."""

    entry: Entry
    kept: bool
    error: MailctlError | None = None
    warnings: tuple[str, ...] = ()


class Courier:
    """Takes entries of one account to its servers: one login at each, when it is first needed."""

    def __init__(self, ctx: Context, account: Account) -> None:
        self.ctx = ctx
        self.account = account
        self.sessions = ExitStack()
        self.smtp: SmtpSession | None = None
        self.imap: ImapSession | None = None
        self.deaths = 0
        self.smtp_error: MailctlError | None = None
        self.imap_error: MailctlError | None = None

    def __enter__(self) -> "Courier":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take leave of the servers."""
        self.sessions.close()

    # -- one entry

    def deliver(self, entry: Entry) -> Outcome:
        """Do what is left to do for an entry that the caller holds; each step is on the disk before the next."""
        try:
            raw = self.ctx.outbox.raw(entry)
            if entry.state is State.UNKNOWN and entry.recipients and self.is_in_sent(entry):
                entry = outgoing.found_sent(entry, self.ctx.now())
        except MailctlError as fault:
            return self.settle(outgoing.postponed(entry, fault, self.ctx.now()), error=fault)
        if not entry.recipients:
            return self.settle(*self.with_copy(replace(entry, attempts=entry.attempts + 1), raw))
        after, error = self.handed_over(entry, raw)
        if not after.owes_copy:
            return self.settle(after, error=error)
        unsaved = self.save(after)
        after, warnings = self.with_copy(after, raw)
        return self.settle(after, (*unsaved, *warnings), error=error)

    def handed_over(self, entry: Entry, raw: bytes) -> tuple[Entry, MailctlError | None]:
        """The entry after the server has answered, and what went wrong, if anything."""
        said: list[str] = []

        def before_last() -> None:
            self.ctx.outbox.update(replace(entry, state=State.SENDING))
            said.append("all but the final dot")

        try:
            session = self.submission()
            delivery = session.send(entry.envelope, raw, before_last=before_last)
        except (MessageRefusedError, BadDataError) as error:
            return outgoing.rejected(entry, error, self.ctx.now()), error
        except MailctlError as error:
            self.count_death(error)
            has_answer = isinstance(error, TemporaryError) and not isinstance(error, FateUnknownError)
            became = outgoing.lost if said and not has_answer else outgoing.postponed
            return became(entry, error, self.ctx.now()), error
        self.deaths = 0
        after = outgoing.delivered(entry, delivery, self.ctx.now())
        return after, shortfall(entry, after)

    def with_copy(self, entry: Entry, raw: bytes) -> tuple[Entry, tuple[str, ...]]:
        """The entry after its copy was laid into Sent; where that fails, a warning, and it is tried again later."""
        if not entry.owes_copy:
            return entry, ()
        try:
            self.file_copy(entry, raw)
        except MailctlError as error:
            words = f"sent, but there is no copy in Sent yet: {error}"
            return outgoing.settled(replace(entry, last_reply=words), self.ctx.now()), (words,)
        return outgoing.settled(replace(entry, copied=True), self.ctx.now()), ()

    def settle(self, entry: Entry, warnings: tuple[str, ...] = (), *, error: MailctlError | None = None) -> Outcome:
        """Keep what is left of an entry, or let it go."""
        warnings = (*self.unheard(entry), *warnings)
        if entry.is_done:
            self.ctx.outbox.remove(entry)
        else:
            warnings = (*warnings, *self.save(entry))
        return Outcome(entry=entry, kept=not entry.is_done, error=error, warnings=tuple(dict.fromkeys(warnings)))

    def unheard(self, entry: Entry) -> tuple[str, ...]:
        """That the server that took a message does not know the reports it was to send, if so (RFC 3461)."""
        if entry.dsn is None or not entry.accepted or self.smtp is None or "DSN" in self.smtp.features:
            return ()
        return (f"sent, but {self.smtp.server.where} offers no DSN: it reports as it does by itself",)

    def save(self, entry: Entry) -> tuple[str, ...]:
        """Write how far an entry has come; a full disk is a warning, for what was sent is sent."""
        try:
            self.ctx.outbox.update(entry)
        except StorageError as error:
            return (f"the outbox could not note what became of {entry.id}: {error}",)
        return ()

    # -- the copy

    def file_copy(self, entry: Entry, raw: bytes) -> None:
        """Lay a copy into Sent, unless one is there: the provider's own, or one whose answer was lost."""
        session = self.mailbox()
        folder = self.sent_folder(session) or self.made_sent_folder(session)
        provider = self.ctx.provider(self.account)
        is_ours_alone = provider is not None and provider.files_sent is False and entry.attempts == 1
        if is_ours_alone or not session.has_message(folder, entry.message_id):
            session.append(folder, raw, flags=frozenset({Flag.SEEN}), when=entry.created)

    def is_in_sent(self, entry: Entry) -> bool:
        """Whether a message whose fate is not known lies in Sent, so that it went out."""
        session = self.mailbox()
        folder = self.sent_folder(session)
        return folder is not None and session.has_message(folder, entry.message_id)

    def sent_folder(self, session: "ImapSession") -> str | None:
        """The folder of sent mail; None where there is none."""
        return special(session.folders(), Use.SENT, chosen=self.account.folders)

    def made_sent_folder(self, session: "ImapSession") -> str:
        """The first folder of sent mail of a mailbox that has none."""
        name = f"{session.personal_prefix()}{NEW_SENT}"
        session.create(name)
        return name

    # -- the servers

    def submission(self) -> "SmtpSession":
        """The submission session; one that could not be had is not tried for each entry anew."""
        if self.smtp_error is not None:
            raise self.smtp_error
        if self.smtp is None or self.smtp.is_dead:
            try:
                self.smtp = self.sessions.enter_context(self.ctx.smtp(self.account))
            except MailctlError as error:
                self.smtp_error = error
                raise
        return self.smtp

    def count_death(self, error: MailctlError) -> None:
        """Give the server up when it hangs up on one entry after the other."""
        if self.smtp is not None and self.smtp.is_dead:
            self.deaths += 1
            if self.deaths >= MOST_DEATHS:
                self.smtp_error = error

    def mailbox(self) -> "ImapSession":
        """The IMAP session; one that could not be had is not tried for each entry anew."""
        if self.imap_error is not None:
            raise self.imap_error
        if self.imap is None:
            try:
                self.imap = self.sessions.enter_context(self.ctx.imap(self.account))
            except MailctlError as error:
                self.imap_error = error
                raise
        return self.imap


def shortfall(before: Entry, after: Entry) -> MailctlError | None:
    """What is to be told of recipients the server did not take the message for; None when it took all."""
    refused = after.refused[len(before.refused) :]
    if refused:
        names = ", ".join(f"'{one.recipient}'" for one in refused)
        return MessageRefusedError(f"refused for {names}: {refused[0].reply}")
    if after.recipients:
        names = ", ".join(f"'{one}'" for one in after.recipients)
        return TemporaryError(f"not taken yet for {names}: {after.last_reply}")
    return None
