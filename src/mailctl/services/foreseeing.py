"""What an account's server was asked first the last time: it is asked along with the login."""

from datetime import timedelta
from typing import TYPE_CHECKING

from mailctl.domain.account import Server
from mailctl.errors import LoginRefusedError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailctl.domain.foresight import Foresight
    from mailctl.remote.dialling import Dialling
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.trace import Trace

APART = timedelta(days=1)  # for which a server that did not take both at once is asked one by one


class Foreseeing:
    """What is known of one server before it is reached, and what it was told to know the next time."""

    def __init__(self, ctx: Context, server: Server, opened: "Callable[..., ImapSession]") -> None:
        """Name it.

        Args:
            ctx: the outside world.
            server: which one.
            opened: what opens a session there.
        """
        self.ctx = ctx
        self.opened = opened
        self.name = f"{server.login}@{server.where}"
        self.known: Foresight | None = None
        self.is_apart = False

    def open(
        self, server: Server, secret: str, /, *, trace: "Trace | None", dialling: "Dialling | None" = None
    ) -> "ImapSession":
        """A session; what will be asked is on its way when the login has gone well.

        Raises:
            MailctlError: as opening one does; one refused the login is asked nothing along with it the next time.
        """
        from mailctl.local import foresights

        found = foresights.recalled(self.ctx.index, self.name)
        if found is not None:
            self.known, since = found
            self.is_apart = not self.known.commands and self.ctx.now() - since < APART
        try:
            return self.opened(server, secret, trace=trace, foresight=self.known, dialling=dialling)
        except LoginRefusedError:
            if self.known is not None and self.known.commands:
                foresights.forget(self.ctx.index, self.name)
            raise

    def note(self, session: "ImapSession") -> None:
        """Remember what the server was asked first, where that is something else than before."""
        from mailctl.local import foresights

        now = session.foresight
        if now == self.known or (self.is_apart and self.known is not None and self.known.greeted == now.greeted):
            return
        self.known = now
        foresights.note(self.ctx.index, self.name, now, self.ctx.now())
