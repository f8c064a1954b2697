"""An account's servers while mail is handed over: one login at each, both at once, anew when the server hung up."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from mailctl.domain.account import Account, Server
from mailctl.errors import MailctlError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.smtp import SmtpSession

MOST_DEATHS = 2
MOMENT_SECONDS = 2.0
Session = TypeVar("Session")


class Opening(Generic[Session]):
    """A session that is opened in a thread of its own, while there is something else to do."""

    def __init__(
        self, manager: AbstractContextManager[Session], then: Callable[[Session], None] = lambda _: None
    ) -> None:
        self.manager = manager
        self.then = then
        self.session: Session | None = None
        self.error: BaseException | None = None
        self.is_unwanted = False
        self.turn = Lock()
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Open it; who no longer wants it does not get it."""
        try:
            session = self.manager.__enter__()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.error = error
            return
        with suppress(MailctlError):  # what fails here fails again where it is told
            self.then(session)
        with self.turn:
            self.session = session
            is_unwanted = self.is_unwanted
        if is_unwanted:
            self.manager.__exit__(None, None, None)

    def wait(self) -> Session:
        """The session, or the error that came instead."""
        self.thread.join()
        if self.error is not None:
            raise self.error
        assert self.session is not None
        return self.session

    def close(self) -> None:
        """Take leave; a connection that is still on its way up is closed when it has come.

        That is waited for a moment: Python must not end while OpenSSL is at work.
        """
        self.thread.join(MOMENT_SECONDS)
        with self.turn:
            self.is_unwanted = True
            is_there = self.session is not None
        if is_there:
            self.manager.__exit__(None, None, None)


class Servers:
    """The sessions of one account; to be used with `with`, by one thread."""

    def __init__(self, ctx: Context, account: Account) -> None:
        self.ctx = ctx
        self.account = account
        self.outgoing = ctx.outgoing(account)
        self.sessions = ExitStack()
        self.warming: Thread | None = None
        self.early_smtp: Opening[SmtpSession] | None = None
        self.early: Opening[ImapSession] | None = None
        self.smtp: SmtpSession | None = None
        self.imap: ImapSession | None = None
        self.deaths = 0
        self.smtp_error: MailctlError | None = None
        self.imap_error: MailctlError | None = None

    def warm(self, *, copies: bool) -> None:
        """Load what connecting needs while the message is still being made; nobody is reached yet.

        Args:
            copies: whether the mailbox will be wanted too.
        """
        if self.smtp is not None or self.warming is not None:
            return
        self.warming = Thread(target=warm, args=(self.outgoing, copies), daemon=True)
        self.warming.start()

    def expect_submission(self) -> None:
        """Begin to open the submission session, while the message that is ready for it comes onto the disk."""
        if self.ctx.open_trace is None and not (self.early_smtp or self.smtp or self.smtp_error):
            self.early_smtp = Opening(self.ctx.smtp(self.account))
            self.sessions.callback(self.early_smtp.close)

    def expect_mailbox(self, then: "Callable[[ImapSession], None]") -> None:
        """Begin to open the mailbox, which will be wanted when the message is sent.

        Args:
            then: done in the session as soon as it is there.
        """
        if self.ctx.open_trace is None and not (self.early or self.imap or self.imap_error):
            self.early = Opening(self.ctx.imap(self.account), then)
            self.sessions.callback(self.early.close)

    def submission(self) -> "SmtpSession":
        """The submission session; one that could not be had is not tried for each message anew."""
        if self.smtp_error is not None:
            raise self.smtp_error
        if self.smtp is None or self.smtp.is_dead:
            early, self.early_smtp = self.early_smtp, None
            try:
                self.smtp = early.wait() if early else self.sessions.enter_context(self.ctx.smtp(self.account))
            except MailctlError as error:
                self.smtp_error = error
                raise
        return self.smtp

    def mailbox(self) -> "ImapSession":
        """The IMAP session; one that could not be had is not tried for each message anew."""
        if self.imap_error is not None:
            raise self.imap_error
        if self.imap is None:
            early, self.early = self.early, None
            try:
                self.imap = early.wait() if early else self.sessions.enter_context(self.ctx.imap(self.account))
            except MailctlError as error:
                self.imap_error = error
                raise
        return self.imap

    @property
    def has_aged(self) -> bool:
        """Whether the submission session had served before it died: servers close what is idle, or has sent much."""
        return self.smtp is not None and self.smtp.is_dead and self.smtp.served > 0

    def count_death(self, error: MailctlError) -> None:
        """Give the server up when it hangs up on one message after the other."""
        if self.smtp is not None and self.smtp.is_dead:
            self.deaths += 1
            if self.deaths >= MOST_DEATHS:
                self.smtp_error = error

    def close(self) -> None:
        """Take leave of the servers."""
        if self.warming is not None:
            self.warming.join()  # Python must not end while OpenSSL is at work
        self.sessions.close()


def warm(server: Server, copies: bool) -> None:
    """Load the modules for connecting, and the authorities to trust; what fails here fails again where it is told."""
    from mailctl.remote import smtp, tls

    with suppress(MailctlError):
        tls.context(server)
    if copies:
        from mailctl.remote import imap

        del imap
    del smtp
