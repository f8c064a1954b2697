"""Passwords in the keyring: kept, tried at the servers, forgotten."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from msgspec import Struct

from mailctl import secrets
from mailctl.domain.account import Account, Grant, SecretPlace, Server
from mailctl.domain.provider import Provider, ProviderAuth
from mailctl.domain.rights import Right
from mailctl.errors import LoginRefusedError, MailctlError
from mailctl.services.accounts import servers
from mailctl.services.context import Context
from mailctl.services.naming import named

ADVICE = {
    ProviderAuth.APP_PASSWORD: "wants an app password, made in the settings of its web mail",
    ProviderAuth.OAUTH2: "takes OAuth2, or an app password where it still offers one",
}


class Kept(Struct, frozen=True, kw_only=True):
    """The names in the keyring under which an account's password is kept: LOGIN@HOST."""

    account: str
    users: tuple[str, ...]


class Login(Struct, frozen=True, kw_only=True):
    """One login that was tried; `code` and `error` say why it failed."""

    account: str
    service: str
    server: str
    login: str
    ok: bool
    code: str | None = None
    error: str | None = None


def places(ctx: Context, name: str) -> Kept:
    """Where the password of an account is kept, or would be.

    Raises:
        RightMissingError: that takes `manage`.
        UsageError: `auth.secret` is not the keyring.
    """
    return Kept(account=name, users=tuple(in_keyring(ctx, ctx.managed(name))))


def set_(ctx: Context, name: str, secret: str) -> Kept:
    """Keep the password of an account, for each of its servers.

    Raises:
        RightMissingError: that takes `manage`.
        UsageError: `auth.secret` is not the keyring.
        BadDataError: it is empty, or holds what no password can.
        SecretUnavailableError: there is no keyring, or a locked one.
    """
    account = ctx.managed(name)
    found = in_keyring(ctx, account)
    for server in found.values():
        with named(account, "incoming"):
            secrets.store(server, secret, environ=ctx.environ, interactive=ctx.interactive)
    return Kept(account=name, users=tuple(found))


def forgettable(ctx: Context, name: str) -> Kept:
    """What `delete` would forget.

    Raises:
        RightMissingError: that takes `manage`.
        UsageError: the keyring has nothing of the account's.
    """
    return Kept(account=name, users=tuple(own_places(ctx, ctx.managed(name))))


def delete(ctx: Context, name: str) -> Kept:
    """Forget the password of an account, or its tokens; not an error if there is none.

    Raises:
        RightMissingError: that takes `manage`.
        UsageError: the keyring has nothing of the account's.
        SecretUnavailableError: there is no keyring, or a locked one.
    """
    account = ctx.managed(name)
    found = own_places(ctx, account)
    for server in found.values():
        with named(account, "incoming"):
            secrets.forget(server, environ=ctx.environ, interactive=ctx.interactive)
    return Kept(account=name, users=tuple(found))


def in_keyring(ctx: Context, account: Account) -> dict[str, Server]:
    """The servers whose secret the keyring keeps, one for each LOGIN@HOST.

    Raises:
        UsageError: there is none.
    """
    every = [secret_place(ctx, account, server) for server in servers(ctx, account)]
    found = {secrets.user_of(one): one for one in every if one.auth.secret is SecretPlace.KEYRING}
    if not found:
        raise secrets.not_writable(every[0].auth.secret, account.name)
    return found


def secret_place(ctx: Context, account: Account, server: Server) -> Server:
    """Where the secret for a server is kept: a password beside its login, for OAuth2 the client's own secret."""
    if not server.auth.renews:
        return server
    from mailctl.services.secret import client_for

    return client_for(ctx, account, server).secret_place


def own_places(ctx: Context, account: Account) -> dict[str, Server]:
    """What the keyring keeps of an account alone: passwords and tokens, not the secret of a client that others use.

    Raises:
        UsageError: nothing.
    """
    every = servers(ctx, account)
    found = [place for server in every for place in places_at(ctx, account, server)]
    if not found:
        raise secrets.not_writable(every[0].auth.secret, account.name)
    return {secrets.user_of(one): one for one in found}


def places_at(ctx: Context, account: Account, server: Server) -> tuple[Server, ...]:
    """The same for one server."""
    if not server.auth.renews:
        return (server,) if server.auth.secret is SecretPlace.KEYRING else ()
    from mailctl.services.secret import client_for, in_keyring

    client = client_for(ctx, account, server)
    if not in_keyring(client):
        return ()
    return (client.token_place, client.secret_place) if client.grant is Grant.CLIENT else (client.token_place,)


def check(ctx: Context, name: str) -> tuple[tuple[Login, ...], MailctlError | None]:
    """Log in at each server of an account with the secret it has: what came of it, and the first failure.

    Raises:
        RightMissingError: that takes `read`.
    """
    account = ctx.account(name, need=Right.READ, watched=True)
    sessions: tuple[tuple[str, Server, Callable[[Account], AbstractContextManager[object]]], ...] = (
        ("imap", ctx.incoming(account), ctx.imap),
    )
    if not account.checker_only:
        sessions += (("smtp", ctx.outgoing(account), ctx.smtp),)
    preset = ctx.provider(account)
    tried = [
        (service, server, failure(account, opened, None if server.auth.renews else preset))
        for service, server, opened in sessions
    ]
    logins = tuple(
        Login(
            account=account.name,
            service=service,
            server=server.where,
            login=server.login,
            ok=error is None,
            code=error.code if error else None,
            error=str(error) if error else None,
        )
        for service, server, error in tried
    )
    return logins, next((error for _, _, error in tried if error), None)


def failure(
    account: Account, opened: Callable[[Account], AbstractContextManager[object]], preset: Provider | None
) -> MailctlError | None:
    """Why a login failed, with what is known of the provider; None when it did not fail."""
    try:
        with opened(account):
            return None
    except LoginRefusedError as error:
        if preset and preset.auth in ADVICE:
            error.hint = f"{preset.name} {ADVICE[preset.auth]}"
        return error
    except MailctlError as error:
        return error
