"""Accounts of the store: added, looked at, changed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, Alias, Kind, Server
from mailctl.domain.address import parse
from mailctl.domain.provider import Provider, incoming_of, outgoing_of
from mailctl.domain.rights import Right, in_order
from mailctl.errors import AlreadyExistsError, BadDataError, StoreError
from mailctl.services.account_mail import follow_renamed
from mailctl.services.context import Context
from mailctl.services.keys import with_keys, without_keys
from mailctl.services.naming import named
from mailctl.store.decode import decode_account

Decode = Callable[[str], Account]


class Row(Struct, frozen=True, kw_only=True):
    """An account as a list shows it; `my_rights` are the actor's."""

    name: str
    address: str
    kind: Kind
    owner: str | None
    checker_only: bool
    my_rights: tuple[Right, ...]


class Shown(Struct, frozen=True, kw_only=True):
    """An account, its servers as they will be used; a server is None where none is known."""

    name: str
    address: str
    display_name: str
    from_name: str
    kind: Kind
    owner: str | None
    provider: str | None
    checker_only: bool
    aliases: tuple[Alias, ...]
    incoming: Server | None
    outgoing: Server | None
    rights: dict[str, tuple[Right, ...]]
    my_rights: tuple[Right, ...]
    has_signature: bool
    notes: str


def row(ctx: Context, account: Account) -> Row:
    """The account as a list shows it."""
    return Row(
        name=account.name,
        address=account.address,
        kind=account.kind,
        owner=account.owner,
        checker_only=account.checker_only,
        my_rights=in_order(ctx.rights_on(account)),
    )


def list_(ctx: Context) -> tuple[Row, ...]:
    """The accounts the actor has a right on; an administrator sees all."""
    found = ctx.visible_accounts()
    return tuple(row(ctx, account) for account in found)


def show(ctx: Context, name: str) -> Shown:
    """One account with its servers; the secrets are not looked up.

    Raises:
        RightMissingError: the actor has no right on it and is no administrator.
    """
    account = ctx.visible(name)
    return shown(ctx, account)


def shown(ctx: Context, account: Account) -> Shown:
    """An account with its servers as they will be used."""
    provider = ctx.provider(account)

    return Shown(
        name=account.name,
        address=account.address,
        display_name=account.display_name,
        from_name=account.from_name,
        kind=account.kind,
        owner=account.owner,
        provider=account.provider,
        checker_only=account.checker_only,
        aliases=account.aliases,
        incoming=known(incoming_of, account, provider),
        outgoing=None if account.checker_only else known(outgoing_of, account, provider),
        rights=account.rights,
        my_rights=in_order(ctx.rights_on(account)),
        has_signature=bool(account.signature and not account.signature.is_empty),
        notes=account.notes,
    )


def known(
    server: Callable[[Account, Provider | None], Server], account: Account, provider: Provider | None
) -> Server | None:
    """A server of an account, where it is known."""
    try:
        return server(account, provider)
    except StoreError:
        return None


def add(
    ctx: Context, account: Account, *, secret: str | None = None, discover: bool = True, test: bool = False
) -> Account:
    """Write a new account; nothing is left of one that is refused.

    Args:
        ctx: who acts, and where.
        account: as the options say it; what the provider knows stays out of the file.
        secret: the password, for the keyring; None leaves the keyring alone.
        discover: whether the provider may be guessed from the address.
        test: log in at the servers first.

    Raises:
        RightMissingError: only an administrator adds accounts.
        AlreadyExistsError: there is one of that name.
        CollaboratorNotFoundError: the owner, or one who is given a right, is nobody.
        ProviderNotFoundError: there is no such preset.
        BadDataError: a bad name or address, or no server is known.
        SecretUnavailableError: the keyring cannot keep the password.
    """
    ctx.require_admin("add accounts")
    follow_renamed(ctx)  # else a former account of that name might be taken for this one
    complete = checked(completed(ctx, account, discover=discover))
    for collaborator in filter(None, (complete.owner, *complete.rights)):
        ctx.store.collaborator(collaborator)
    refuse_taken(ctx, complete.name)
    if test:
        try_servers(ctx, complete, secret)
    with kept_secret(ctx, complete, secret), ctx.change(f"add account '{complete.name}'") as change:
        refuse_taken(ctx, complete.name)
        change.put(complete)
    return complete


def refuse_taken(ctx: Context, name: str) -> None:
    """Refuse a name that an account has already."""
    if name in ctx.store.account_names():
        raise AlreadyExistsError(f"there is an account '{name}' already", hint=f"mailctl account show {name}")


def servers(ctx: Context, account: Account) -> tuple[Server, ...]:
    """The servers an account uses: a checker-only one never submits."""
    return (ctx.incoming(account),) if account.checker_only else (ctx.incoming(account), ctx.outgoing(account))


@contextmanager
def kept_secret(ctx: Context, account: Account, secret: str | None) -> Iterator[None]:
    """Put the password into the keyring; out of it again when what follows fails."""
    if secret is None:
        yield
        return
    from mailctl import secrets

    kept: list[Server] = []
    try:
        for server in servers(ctx, account):
            secrets.store(server, secret, environ=ctx.environ, interactive=ctx.interactive)
            kept.append(server)
        yield
    except BaseException:
        for server in kept:
            secrets.forget(server, environ=ctx.environ, interactive=ctx.interactive)
        raise


def try_servers(ctx: Context, account: Account, secret: str | None) -> None:
    """Log in at each server of an account that is not in the store yet.

    Raises:
        LoginRefusedError: a server refused the login.
        ServerUnreachableError: one could not be reached.
    """
    from mailctl.remote.imap import open_imap
    from mailctl.remote.smtp import open_smtp
    from mailctl.secrets import lookup

    with ExitStack() as sessions:
        for number, server in enumerate(servers(ctx, account)):
            known = secret or lookup(server, account=account.name, environ=ctx.environ, interactive=ctx.interactive)
            with named(account, "outgoing" if number else "incoming"):
                if number:
                    sessions.enter_context(open_smtp(server, known, trace=ctx.trace))
                else:
                    sessions.enter_context(open_imap(server, known, trace=ctx.trace))
            ctx.say(f"logged in at {server.where}")


def completed(ctx: Context, account: Account, *, discover: bool) -> Account:
    """The account with its provider, given or guessed; refused when no server is known for it then."""
    parse(account.address)
    found = account
    if discover and account.provider is None and not (account.incoming.host or account.outgoing.host):
        from mailctl.providers import provider_for

        guess = provider_for(account.address)
        found = replace(account, provider=guess.id) if guess else account
    provider = ctx.provider(found)
    sides = {"imap": found.incoming.host or (provider and provider.incoming)}
    if not found.checker_only:
        sides["smtp"] = found.outgoing.host or (provider and provider.outgoing)
    missing = [side for side, server in sides.items() if not server]
    if missing:
        options = " ".join(f"--{side}-host HOST" for side in missing)
        raise BadDataError(
            f"no {' and no '.join(side.upper() for side in missing)} server is known for '{account.address}'",
            hint=f"{options}, or --provider P; mailctl provider list",
        )
    return found


def checked(account: Account) -> Account:
    """The account, every rule of its file checked; what is wrong is the caller's data."""
    return with_keys(account, (), decode=partial(decode_account, account.name))


def set_keys(ctx: Context, name: str, pairs: tuple[str, ...]) -> Account:
    """Set keys of an account, as `KEY=VALUE` with dotted keys.

    Raises:
        RightMissingError: that takes `manage`.
        BadDataError: no such key, or a value it cannot hold.
    """
    return changed(ctx, name, lambda account, decode: with_keys(account, pairs, decode=decode))


def unset_keys(ctx: Context, name: str, keys: tuple[str, ...]) -> Account:
    """Put keys of an account back to their defaults.

    Raises:
        RightMissingError: that takes `manage`.
        BadDataError: no such key, or one the file cannot do without.
    """
    return changed(ctx, name, lambda account, decode: without_keys(account, keys, decode=decode))


def changed(ctx: Context, name: str, edit: Callable[[Account, Decode], Account]) -> Account:
    """Change one account under the store's lock."""
    with ctx.change(f"change account '{name}'") as change:
        before = ctx.managed(name)
        after = edit(before, partial(decode_account, name))
        refuse_strangers(ctx, before, after)
        change.put(after)
    return after


def refuse_strangers(ctx: Context, before: Account, after: Account) -> None:
    """Refuse an owner or a right that names nobody, or a preset there is none of."""
    new = {after.owner, *after.rights} - {before.owner, *before.rights, None}
    for name in sorted(filter(None, new)):
        ctx.store.collaborator(name)
    if after.provider != before.provider:
        ctx.provider(after)
