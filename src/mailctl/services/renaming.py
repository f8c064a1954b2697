"""An account renamed or removed, with every mention of it in the store and what lies on this machine."""

from collections import Counter
from collections.abc import Collection

from msgspec.structs import replace

from mailctl.domain.account import Account, Server
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings
from mailctl.errors import BadDataError, MailctlError, SecretUnavailableError
from mailctl.services.account_mail import bringing_along, follow_renamed, refuse_leftover
from mailctl.services.accounts import checked, refuse_taken
from mailctl.services.context import Context


def rename(ctx: Context, name: str, new: str) -> Account:
    """Give an account another name, in every file that mentions it; its mail on this machine follows.

    A password in the keyring is kept under the login and the server, so it stays where it is. Done again after a crash,
    it goes on where that one stopped.

    Raises:
        RightMissingError: only an administrator renames.
        AlreadyExistsError: the new name is taken, by an account or by the mail of a former one.
        BadDataError: it is no name.
        TemporaryError: its mail is being fetched or sent for too long; it follows with the next command.
    """
    ctx.require_admin("rename accounts")
    if (name, new) in follow_renamed(ctx):
        return ctx.store.account(new)
    account = ctx.store.account(name)
    refuse_taken(ctx, new)
    checked(replace(account, name=new))
    refuse_leftover(ctx, new)
    with bringing_along(ctx, name, new), ctx.change(f"rename account '{name}' to '{new}'") as change:
        refuse_taken(ctx, new)
        after = replace(ctx.store.account(name), name=new)
        change.remove_account(name)
        change.put(after)
        for value in mentioning(ctx, name, new):
            change.put(value)
    return after


def remove(ctx: Context, name: str) -> Account:
    """Take an account out of the store, and its password out of the keyring; fetched mail stays where it lies.

    Raises:
        RightMissingError: only an administrator removes.
        BadDataError: mail of it waits in the outbox.
    """
    ctx.require_admin("remove accounts")
    follow_renamed(ctx)
    with ctx.change(f"remove account '{name}'") as change:
        account = ctx.store.account(name)
        refuse_waiting(ctx, (name,))
        change.remove_account(name)
        for value in mentioning(ctx, name, None):
            change.put(value)
    forget_secrets(ctx, (account,))
    return account


def refuse_waiting(ctx: Context, names: Collection[str]) -> None:
    """Refuse to take accounts away whose mail has not gone yet.

    Raises:
        BadDataError: such mail is in the outbox.
    """
    waiting = Counter(entry.account for entry in ctx.outbox.entries() if entry.account in names)
    for name, number in waiting.items():
        what = f"{number} messages of '{name}' are" if number > 1 else f"1 message of '{name}' is"
        raise BadDataError(f"{what} in the outbox", hint="mailctl outbox flush, or drop N")


def mentioning(ctx: Context, name: str, new: str | None) -> tuple[Settings | Collaborator, ...]:
    """The settings and collaborators that mention an account, with its new name, or without it."""
    settings, found = ctx.settings, []
    after = replace(
        settings,
        default_account=swapped(settings.default_account, name, new),
        sendmail=replace(
            settings.sendmail,
            account=swapped(settings.sendmail.account, name, new),
            fallback=swapped(settings.sendmail.fallback, name, new),
        ),
    )
    if after != settings:
        found.append(after)
    everybody, _ = ctx.store.collaborators()
    changed = [replace(one, default_account=new) for one in everybody if one.default_account == name]
    return (*found, *changed)


def swapped(value: str | None, name: str, new: str | None) -> str | None:
    """The value, or the new one where it was the old name."""
    return new if value == name else value


def forget_secrets(ctx: Context, gone: Collection[Account]) -> None:
    """Delete the passwords of accounts that are gone from the keyring, unless another account logs in with them."""
    own = {user: place for account in gone for user, place in kept_places(ctx, account).items()}
    if not own:
        return
    from mailctl import secrets

    others = {user for other in ctx.store.accounts()[0] for user in kept_places(ctx, other)}
    for user in own.keys() - others:
        try:
            secrets.forget(own[user], environ=ctx.environ)
        except SecretUnavailableError as error:
            ctx.warn(f"the password for '{user}' may still be in the keyring: {error}")


def kept_places(ctx: Context, account: Account) -> dict[str, Server]:
    """What the keyring may keep of an account; nothing where its file does not say enough."""
    from mailctl.services.password import own_places

    try:
        return own_places(ctx, account)
    except MailctlError:
        return {}
