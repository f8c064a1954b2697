"""Logging in with OAuth2: somebody agrees in a browser, and the tokens are kept in the keyring."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, AuthMethod, Grant, Server
from mailctl.errors import UsageError
from mailctl.services.context import Context
from mailctl.services.naming import named
from mailctl.services.secret import client_secret, keep

if TYPE_CHECKING:
    from mailctl.domain.oauth import Client, Token


class LoggedIn(Struct, frozen=True, kw_only=True):
    """Whose tokens are kept now: `user` is their name in the keyring; `renewable` when nobody is needed next time."""

    account: str
    user: str
    grant: Grant
    scope: str
    expires: datetime
    renewable: bool


def login(
    ctx: Context,
    name: str,
    *,
    grant: Grant | None = None,
    wait: float | None = None,
    show: Callable[[str, str], None],
) -> LoggedIn:
    """Get tokens for an account, and keep them.

    Args:
        ctx: who acts, and where.
        name: the account's.
        grant: in another way than the account says.
        wait: seconds for somebody to log in; else as long as it usually takes.
        show: told the address to open and the code to type in there, which is empty where none is.

    Raises:
        RightMissingError: the actor has no right on the account.
        UsageError: it logs in with a password.
        StoreError: its settings do not say enough.
        LoginRefusedError: somebody said no, or nobody said anything in time.
        MailctlError: the provider cannot be reached, or gives no tokens; the keyring does not keep them.
    """
    account = ctx.visible(name)
    server = ctx.incoming(account)
    with named(account, "incoming"):
        client = client_for(ctx, account, server, grant)
        secret = client_secret(ctx, account, client)
        made = tokens(ctx, client, secret, wait=wait, show=show)
        keep(ctx, client, made)
    from mailctl.secrets import user_of

    return LoggedIn(
        account=name,
        user=user_of(client.token_place),
        grant=client.grant,
        scope=made.scope,
        expires=datetime.fromtimestamp(made.expires_at, UTC),
        renewable=bool(made.refresh_token) or client.grant is Grant.CLIENT,
    )


def client_for(ctx: Context, account: Account, server: Server, grant: Grant | None) -> "Client":
    """The client that asks for the account's tokens.

    Raises:
        UsageError: the account logs in with a password, or its client acts for itself and needs nobody.
        StoreError: its settings do not say enough.
    """
    from mailctl.domain.oauth import client_of

    provider = ctx.provider(account)
    auth = server.auth
    may = auth.method is AuthMethod.OAUTH2 or (provider is not None and provider.oauth is not None)
    if not may or account.auth.method is AuthMethod.PASSWORD:
        raise UsageError(
            f"'{account.name}' logs in with a password",
            hint=f"mailctl password set {account.name}; or mailctl account set {account.name} auth.method=oauth2 …",
        )
    return client_of(account, replace(server, auth=replace(auth, grant=grant or auth.grant)), provider)


def tokens(
    ctx: Context,
    client: "Client",
    secret: str | None,
    *,
    wait: float | None,
    show: Callable[[str, str], None],
) -> "Token":
    """The tokens, in the way the client asks for them."""
    match client.grant:
        case Grant.CODE:
            from mailctl.remote.oauth_browser import by_browser

            return by_browser(client, secret, show=lambda url: show(url, ""), wait=wait, trace=ctx.trace)
        case Grant.DEVICE:
            from mailctl.remote.oauth_device import by_device

            return by_device(client, secret, show=show, wait=wait, trace=ctx.trace)
        case Grant.CLIENT:
            from mailctl.remote.oauth import by_itself

            return by_itself(client, secret, trace=ctx.trace)
