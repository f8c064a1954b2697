"""Listing what servers' folders hold just now, without fetching it."""

from collections.abc import Sequence

from mailctl.domain.account import Account
from mailctl.domain.folders import INBOX, find
from mailctl.domain.query import Is, State
from mailctl.errors import FolderNotFoundError
from mailctl.services.asking import ask_each
from mailctl.services.context import Context
from mailctl.services.folders import no_folder
from mailctl.services.read import readable
from mailctl.services.search import Found, Hit, newest_on_server


def list_live(ctx: Context, accounts: Sequence[str], *, folder: str, unread: bool, limit: int) -> Found:
    """The newest messages of one folder as the servers have it, newest first; nothing is changed, here or there.

    Args:
        ctx: the outside world.
        accounts: whose mail; empty for all that the actor may read.
        folder: its name on the server.
        unread: whether to leave out what is read.
        limit: how many at most.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
        FolderNotFoundError: none of the accounts has the folder.
        MailctlError: no server could be asked.
    """
    chosen = readable(ctx, accounts)
    lacking: list[FolderNotFoundError] = []

    def ask(account: Account) -> list[Hit]:
        try:
            return in_account(ctx, account, folder, unread=unread, limit=limit)
        except FolderNotFoundError as error:
            lacking.append(error)
            return []

    found, failed = ask_each(ctx, chosen, ask)
    if lacking and len(lacking) + len(failed) == len(chosen):
        raise lacking[0]
    newest = sorted(found, key=lambda one: (one.date, one.uid or 0), reverse=True)
    return Found(tuple(newest[:limit]), failed)


def in_account(ctx: Context, account: Account, folder: str, *, unread: bool, limit: int) -> list[Hit]:
    """What one server's folder holds.

    Raises:
        FolderNotFoundError: it has no such folder.
    """
    with ctx.imap(account) as session:
        name = INBOX
        if folder.upper() != INBOX:
            every = session.folders()
            meant = find(every, folder)
            if meant is None or not meant.can_select:
                raise no_folder(account.name, folder, every)
            name = meant.name
        wanted = Is(State.UNREAD) if unread else None
        return newest_on_server(ctx, session, account.name, name, wanted, limit=limit)
