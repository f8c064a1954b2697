"""Folders of accounts, as their servers list them; and new ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from mailctl.domain.folders import Folder, Use, special
from mailctl.domain.rights import Right
from mailctl.errors import FolderNotFoundError, nearest
from mailctl.services.asking import ask_each
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


class Known(NamedTuple):
    """The folders of accounts, and the accounts that could not be asked."""

    folders: tuple[Listed, ...]
    failed: tuple[str, ...] = ()


def folders(ctx: Context, accounts: Sequence[str] = ()) -> Known:
    """The folders of accounts, in their servers' order. One that cannot be asked is warned about, beside others.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
        MailctlError: none could be asked.
    """
    chosen = readable(ctx, accounts)

    def ask(account: "Account") -> list[Listed]:
        with ctx.imap(account) as session:
            return listed(ctx, account, session)

    found, failed = ask_each(ctx, chosen, ask)
    return Known(tuple(found), failed)


def no_folder(account: str, name: str, every: Sequence[Folder]) -> FolderNotFoundError:
    """The error for a folder that is not there."""
    names = [one.name for one in every if one.can_select]
    close = nearest(name, names)
    hint = f"did you mean '{close}'?" if close else f"there are {', '.join(names[:10])}"
    return FolderNotFoundError(f"'{account}' has no folder '{name}'", hint=hint)


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
