"""Copies of what was sent, in the account's folder of sent mail; and whether something lies there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailctl.domain.account import Account
from mailctl.domain.content import Raw
from mailctl.domain.folders import Use, special
from mailctl.domain.outgoing import Entry
from mailctl.errors import MailctlError
from mailctl.services.context import Context
from mailctl.services.servers import Servers

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession

NEW_SENT = "Sent"


class Copies:
    """The folder of sent mail of one account."""

    def __init__(self, ctx: Context, account: Account, servers: Servers) -> None:
        self.ctx = ctx
        self.account = account
        self.servers = servers
        self.folder: str | None = None
        self.next_uid = 1

    def expect(self) -> None:
        """Begin to open the mailbox and look for the folder: there is something to copy soon."""
        self.servers.expect_mailbox(self.look)

    def look(self, session: "ImapSession") -> None:
        """Find the folder where it is not known yet, and where in it new copies begin; None where there is none."""
        if self.folder is None:
            self.folder = special(session.folders(), Use.SENT, chosen=self.account.folders)
            self.next_uid = session.examine(self.folder).uidnext if self.folder is not None else 1

    def lay(self, sent: Sequence[tuple[Entry, Raw, int]]) -> list[MailctlError | None]:
        """Lay copies into the folder, but for those that are there: the provider's own, or one whose answer was lost.

        Args:
            sent: each entry with its message, and what `next_uid` was before it was sent for the first time.

        Returns:
            For each what went wrong, or None.
        """
        from mailctl.remote.imap_copies import Copy, lay_down

        provider = self.ctx.provider(self.account)
        is_ours = provider is not None and provider.files_sent is False
        look = not (is_ours and all(entry.attempts == 1 for entry, *_ in sent))
        copies = [Copy(entry.message_id, raw, entry.created, since) for entry, raw, since in sent]
        try:
            session = self.servers.mailbox()
            self.look(session)
            if self.folder is None:
                self.folder = made(session)
            return lay_down(session, self.folder, copies, look=look)
        except MailctlError as error:
            return [error] * len(copies)

    def has(self, entry: Entry) -> bool:
        """Whether a message whose fate is not known lies there, so that it went out.

        Raises:
            MailctlError: that cannot be seen.
        """
        session = self.servers.mailbox()
        self.look(session)
        return self.folder is not None and session.has_message(self.folder, entry.message_id)


def made(session: "ImapSession") -> str:
    """The first folder of sent mail of a mailbox that has none."""
    name = f"{session.personal_prefix()}{NEW_SENT}"
    session.create(name)
    return name
