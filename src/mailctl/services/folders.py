"""Folders of accounts, as their servers list them; and new ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.folders import Folder, Use, special
from mailctl.domain.rights import Right
from mailctl.errors import MailctlError, SomeFailedError
from mailctl.services.context import Context
from mailctl.services.read import readable

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.remote.imap import ImapSession


class Listed(Struct, frozen=True, kw_only=True):
    """A folder; `use` says what it is for, `fetched` whether its mail is here; without numbers it holds none."""

    account: str
    name: str
    use: str | None
    messages: int | None
    unseen: int | None
    fetched: bool


def folders(ctx: Context, accounts: Sequence[str] = ()) -> tuple[Listed, ...]:
    """The folders of accounts, in their servers' order.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
        MailctlError: the only account failed.
        SomeFailedError: of several, each is warned about; all of them failed.
    """
    chosen = readable(ctx, accounts)
    found: list[Listed] = []
    failed: list[str] = []
    for account in chosen:
        try:
            with ctx.imap(account) as session:
                found += listed(ctx, account, session)
        except MailctlError as error:
            if len(chosen) == 1:
                raise
            ctx.warn(f"'{account.name}': {error}")
            failed.append(account.name)
    if failed and not found:
        raise SomeFailedError("no server could be asked", hint=f"mailctl password check {failed[0]}")
    return tuple(found)


def create(ctx: Context, account: str | None, name: str) -> Listed:
    """Make a folder, subscribed to, and give it.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: before anything is opened.
        AlreadyExistsError, ServerRefusedError: the server does not make it.
    """
    from mailctl.remote.imap_organize import make_folder

    owner = ctx.account(account, need=Right.ORGANIZE)
    with ctx.imap(owner) as session:
        made = make_folder(session, name)
        return next(one for one in listed(ctx, owner, session) if one.name == made)


def listed(ctx: Context, account: "Account", session: "ImapSession") -> list[Listed]:
    """The folders of one account."""
    every = session.folders()
    states = session.states([one.name for one in every if one.can_select])
    here = {one.name for one in ctx.index.folders(account.name)}
    uses = {special(every, use, chosen=account.folders): str(use) for use in Use}
    return [
        Listed(
            account=account.name,
            name=one.name,
            use=use_of(one, uses),
            messages=states[one.name].messages if one.name in states else None,
            unseen=states[one.name].unseen if one.name in states else None,
            fetched=one.name in here,
        )
        for one in every
    ]


def use_of(folder: Folder, uses: dict[str | None, str]) -> str | None:
    """What a folder is for."""
    return "inbox" if folder.name == "INBOX" else uses.get(folder.name)
