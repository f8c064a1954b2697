"""An account's session while it is fetched, opened again when it breaks."""

from contextlib import ExitStack, suppress
from threading import Thread
from typing import TYPE_CHECKING

from mailctl.domain.account import Account, Security
from mailctl.errors import MailctlError, ProtocolError, TemporaryError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import FolderState

MOST_LOST = 20  # connections of one account: more is no odd message, but a broken server


def prepare(ctx: Context, account: Account) -> None:
    """Begin to make the TLS settings for an account, in a thread beside: to read all authorities takes 20 ms."""
    with suppress(MailctlError):  # told when the account is opened
        server = ctx.incoming(account)
        if server.security is not Security.NONE:
            from mailctl.remote import tls

            Thread(target=tls.prepare, args=(server,), daemon=True).start()


class Link:
    """An account's session, opened again when it breaks."""

    def __init__(self, ctx: Context, account: Account, *, stays: bool = False) -> None:
        """Name it.

        Args:
            ctx: the outside world.
            account: an admitted account.
            stays: whether it stays open while nothing is asked of it.
        """
        self.ctx = ctx
        self.account = account
        self.stays = stays
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
            self.opened = self.stack.enter_context(self.ctx.imap(self.account))
        return self.opened

    def examine(self, folder: str) -> "FolderState":
        """Open a folder for reading only."""
        from mailctl.remote import imap_resync

        self.state = imap_resync.examine(self.session(), folder)
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
        """
        self.lost += 1
        self.stack.close()
        self.opened = None
        before = self.state
        if self.lost > MOST_LOST:
            raise ProtocolError(f"the server of '{self.account.name}' broke off {self.lost} times")
        if before is not None and self.examine(before.name).uidvalidity != before.uidvalidity:
            raise TemporaryError(f"'{before.name}' was numbered anew meanwhile", hint="mailctl fetch")
        return self.session()
