"""An account's session while it is fetched, opened again when it breaks, and others beside it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING

from mailctl.domain.account import Account, Security, Server
from mailctl.errors import InterruptedByUserError, LoginRefusedError, MailctlError, ProtocolError, TemporaryError
from mailctl.services.context import Context
from mailctl.services.foreseeing import Foreseeing
from mailctl.services.naming import named

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import FolderState
    from mailctl.remote.imap_resync import Question

MOST_LOST = 20  # connections of one account: more is no odd message, but a broken server
GOOD_SECONDS = 600.0  # for which an access token that was good is not looked up again


@contextmanager
def prepared(ctx: Context, accounts: Sequence[Account]) -> Iterator[None]:
    """Connect to the servers of admitted accounts, and make their TLS settings, while there is else to do.

    Nothing is said on these connections; those that nobody takes are closed at the end.
    """
    for account in accounts:
        with suppress(MailctlError):  # told when the account is opened
            prepare(ctx, account)
    try:
        yield
    finally:
        for one in ctx.diallings.values():
            one.close()
        ctx.diallings.clear()


def prepare(ctx: Context, account: Account) -> None:
    """Begin to connect to an account's server; to read all authorities takes 20 ms, so that is done beside too."""
    server = ctx.incoming(account)
    if server.security is Security.NONE:
        return
    from mailctl.remote.dialling import Dialling

    ctx.diallings[account.name] = Dialling(server)
    from mailctl.remote import tls

    Thread(target=tls.prepare, args=(server,), daemon=True).start()


class Secret:
    """What the first session of an account logged in with, for those beside it: nobody is asked for it twice."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.text = ""
        self.noted = 0.0

    def note(self, text: str) -> None:
        """Keep it, in memory only."""
        self.text, self.noted = text, time.monotonic()

    def said(self, ctx: Context, account: Account, server: Server) -> str:
        """What is said to the server; a token that was noted long ago is looked up, since it may have ended.

        Raises:
            MailctlError: as looking up does.
        """
        with self.turn:
            is_old = server.auth.renews and time.monotonic() - self.noted > GOOD_SECONDS
            if is_old or not self.text:
                self.note(ctx.secret(account, server))
            return self.text


class Link:
    """An account's session, opened again when it breaks."""

    def __init__(
        self,
        ctx: Context,
        account: Account,
        *,
        stays: bool = False,
        beside: "Link | None" = None,
        foresees: bool = False,
    ) -> None:
        """Name it.

        Args:
            ctx: the outside world.
            account: an admitted account.
            stays: whether it stays open while nothing is asked of it.
            beside: the account's first link, which knows for all how folders are written, the secret, what was lost.
            foresees: whether all folders will be asked for: that goes along with the login where the server takes it.
        """
        self.ctx = ctx
        self.account = account
        self.stays = stays
        self.first = beside or self
        self.foresees = foresees
        self.foreseeing: Foreseeing | None = None
        self.secret = Secret()
        self.names: dict[str, bytes] = {}
        self.is_refused = self.is_cut = False
        self.stack = ExitStack()
        self.opened: ImapSession | None = None
        self.state: FolderState | None = None
        self.lost = 0

    def __enter__(self) -> "Link":
        self.session()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Take leave of the server."""
        self.stack.close()
        self.opened = None

    def rest(self) -> None:
        """Let the server go where nothing more will be asked of it soon."""
        if not self.stays:
            self.close()

    def session(self) -> "ImapSession":
        """The session there is."""
        if self.opened is None:
            self.opened = self.stack.enter_context(self.logged_in())
            self.opened.wire_names = self.first.names
        return self.opened

    def logged_in(self) -> "ImapSession":
        """A new session; one beside another says what that one said, and is not tried again once that is refused."""
        server = self.ctx.incoming(self.account)
        opened = self.ctx.imap_opener(self.account)
        from mailctl.services.secret import logged_in

        with named(self.account, "incoming"):
            if self.first is self:
                dialling = self.ctx.diallings.pop(self.account.name, None)
                opened = partial(self.foreseen(server, opened), dialling=dialling)
                try:
                    return logged_in(self.ctx, self.account, server, opened, noted=self.secret.note)
                finally:
                    if dialling is not None:  # nobody took it where there was no secret to say
                        dialling.close()
            try:
                said = self.first.secret.said(self.ctx, self.account, server)
                return opened(server, said, trace=self.ctx.trace)
            except LoginRefusedError:
                self.first.is_refused = True
                raise

    def foreseen(self, server: Server, opened: "Callable[..., ImapSession]") -> "Callable[..., ImapSession]":
        """What opens a session, and the first time asks for the folders along with the login where that is foreseen."""
        if not self.foresees:
            return opened
        self.foresees = False
        self.foreseeing = Foreseeing(self.ctx, server, opened)
        return self.foreseeing.open

    def remember(self) -> None:
        """Remember what the server was asked first, where that was to be foreseen."""
        if self.foreseeing is not None and self.opened is not None:
            self.foreseeing.note(self.opened)
            self.foreseeing = None

    def another(self) -> "Link":
        """A further link of the account, not opened yet."""
        return Link(self.ctx, self.account, beside=self.first)

    def cut(self) -> None:
        """Let whoever waits for the server wait no longer, nor open it again."""
        self.is_cut = True
        session = self.opened
        if session is not None:
            with suppress(OSError):
                session.lines.wire.shutdown(2)

    def examine(self, folder: str, *, question: "Question | None" = None) -> "FolderState":
        """Open a folder for reading only, and ask along with that what changed there."""
        from mailctl.remote import imap_resync

        self.state = imap_resync.examine(self.session(), folder, question=question)
        return self.state

    def is_alive(self) -> bool:
        """Whether the server still answers."""
        try:
            self.session().ask_nothing()
        except MailctlError:
            return False
        return True

    def again(self) -> "ImapSession":
        """A new session in the place of one that broke, the same folder open.

        Raises:
            ServerUnreachableError: there is none to be had.
            ProtocolError: it broke too often, or the folder is another now.
            InterruptedByUserError: it was cut here.
        """
        if self.is_cut:
            raise InterruptedByUserError("interrupted")
        self.first.lost += 1
        self.stack.close()
        self.opened = None
        before = self.state
        if self.first.lost > MOST_LOST:
            raise ProtocolError(f"the server of '{self.account.name}' broke off {self.first.lost} times")
        if before is not None and self.examine(before.name).uidvalidity != before.uidvalidity:
            raise TemporaryError(f"'{before.name}' was numbered anew meanwhile", hint="mailctl fetch")
        return self.session()
