"""What is said to a server to log in: a password as it is kept, or an access token that is renewed in time."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol, TypeVar

from mailctl.domain.account import Account, Grant, SecretPlace, Server
from mailctl.errors import (
    LoginRefusedError,
    RightMissingError,
    SecretLockedError,
    SecretUnavailableError,
    ServerUnreachableError,
    TemporaryError,
)
from mailctl.secrets import lookup
from mailctl.services.context import Context

if TYPE_CHECKING:
    from pathlib import Path

    from mailctl.domain.oauth import Client, Token
    from mailctl.remote.trace import Trace

JUST_NOW = 60.0  # seconds: a token as young as this is not refused for its age
PATIENCE = 90.0  # seconds to wait for another process that renews
Session = TypeVar("Session", covariant=True)


class Opened(Protocol[Session]):
    """What opens a session at a server."""

    def __call__(self, server: Server, secret: str, /, *, trace: "Trace | None") -> Session:
        """A session, logged in."""


def secret_of(ctx: Context, account: Account, server: Server) -> str:
    """What is said to a server: the password, or an access token that lasts.

    Raises:
        SecretUnavailableError: the place is locked or absent, or does not have it.
        LoginNeededError: the tokens are renewed no longer.
        TemporaryError, ServerUnreachableError: nor can they be now.
    """
    if not server.auth.renews:
        return looked_up(ctx, account, server)
    return token_for(ctx, account, server).access_token


def kept(ctx: Context, account: Account, server: Server) -> str:
    """What is kept, whether it works or not, to tell it from what it was; nobody is asked for a token.

    Raises:
        RightMissingError: nobody asked for the account through the door.
        SecretUnavailableError: the place is locked or absent, or does not have it.
    """
    if not server.auth.renews:
        return ctx.secret(account, server)
    if account.name not in ctx.admitted:
        raise RightMissingError(f"'{account.name}' was not asked for through the door")
    client = client_for(ctx, account, server)
    if client.grant is Grant.CLIENT:
        return looked_up(ctx, account, client.secret_place)
    found = stored(ctx, client)
    if found is None:
        raise not_logged_in(account, client)
    return found.refresh_token or found.access_token


def logged_in(
    ctx: Context,
    account: Account,
    server: Server,
    opened: Opened[Session],
    *,
    noted: Callable[[str], None] = lambda _: None,
) -> Session:
    """A session; a token that a server refuses before its time is renewed once.

    Args:
        ctx: the outside world.
        account: an admitted account.
        server: one of its servers.
        opened: opens the session.
        noted: is told what is said to log in; last, what the login went well with.

    Raises:
        MailctlError: as looking up and opening do.
    """
    said = ctx.secret(account, server)
    noted(said)
    try:
        return opened(server, said, trace=ctx.trace)
    except LoginRefusedError as error:
        if not server.auth.renews:
            raise
        error.hint = f"mailctl login {account.name}"
        fresh = token_for(ctx, account, server, refused=said).access_token
        if fresh == said:
            raise
        noted(fresh)
    try:
        return opened(server, fresh, trace=ctx.trace)
    except LoginRefusedError as error:
        error.hint = f"mailctl login {account.name}"
        raise


def looked_up(ctx: Context, account: Account, server: Server) -> str:
    """A secret out of its place; nobody is asked to unlock the keyring twice at once."""
    with ctx.asking if server.auth.secret is SecretPlace.KEYRING else nullcontext():
        return lookup(server, account=account.name, environ=ctx.environ, interactive=ctx.interactive)


def client_for(ctx: Context, account: Account, server: Server) -> "Client":
    """The OAuth2 client for one of an account's servers."""
    from mailctl.domain.oauth import client_of

    return client_of(account, server, ctx.provider(account))


def token_for(ctx: Context, account: Account, server: Server, *, refused: str = "") -> "Token":
    """Tokens that last: those that are kept, else new ones; one process at a time renews, the others find them then.

    Args:
        ctx: who acts, and where.
        account: whose.
        server: which of its servers.
        refused: an access token that a server did not take, and that is not worth keeping unless it is quite new.
    """
    client = client_for(ctx, account, server)
    found = stored(ctx, client)
    if found is not None and is_good(ctx, found, refused):
        return found
    from mailctl.local.locks import held

    with held(lock_file(ctx, client), patience=PATIENCE, too_late=lambda: TemporaryError("another one is renewing")):
        found = stored(ctx, client)
        if found is not None and is_good(ctx, found, refused):
            return found
        return renewed(ctx, account, client, found)


def is_good(ctx: Context, found: "Token", refused: str) -> bool:
    """Whether an access token may be said to a server."""
    now = ctx.now().timestamp()
    if found.access_token == refused:
        return now - found.issued_at < JUST_NOW
    return found.lasts(now)


def renewed(ctx: Context, account: Account, client: "Client", found: "Token | None") -> "Token":
    """New tokens, kept; the former one, while it holds, where nobody gives new ones now."""
    from mailctl.remote import oauth

    secret = client_secret(ctx, account, client)
    try:
        if client.grant is Grant.CLIENT:
            made = oauth.by_itself(client, secret, trace=ctx.trace)
        elif found is None or not found.refresh_token:
            raise not_logged_in(account, client)
        else:
            made = oauth.renewed(client, secret, found.refresh_token, trace=ctx.trace)
    except (TemporaryError, ServerUnreachableError):
        if found is not None and found.expires_at > ctx.now().timestamp():
            return found
        raise
    try:
        keep(ctx, client, made)
    except SecretUnavailableError as error:
        ctx.warn(f"'{account.name}' goes on with a token that cannot be kept: {error}")
    return made


def client_secret(ctx: Context, account: Account, client: "Client") -> str | None:
    """The client's own secret; None for one that has none.

    Raises:
        SecretUnavailableError: it must have one.
    """
    try:
        return looked_up(ctx, account, client.secret_place)
    except SecretLockedError:
        raise
    except SecretUnavailableError as error:
        if client.auth.secret is not SecretPlace.KEYRING:
            raise
        if client.needs_secret:
            raise SecretUnavailableError(
                f"the client '{client.id}' needs a secret of its own: {error}", hint=error.hint
            ) from error
        return None


def stored(ctx: Context, client: "Client") -> "Token | None":
    """The tokens that are kept for a client; None when there are none of that client's."""
    from mailctl import secrets
    from mailctl.domain.oauth import token_of

    if not in_keyring(client):
        found = ctx.tokens.get(secrets.user_of(client.token_place))
    else:
        with ctx.asking:
            backend = secrets.backend(client.token_place, environ=ctx.environ, interactive=ctx.interactive)
            found = token_of(backend.get(client.token_place))
    return found if found is not None and found.client_id == client.id else None


def keep(ctx: Context, client: "Client", made: "Token") -> None:
    """Keep tokens: in the keyring; those of a program whose secret is elsewhere, for as long as this process lasts.

    Raises:
        SecretUnavailableError: the keyring is locked or absent, or did not keep them.
    """
    from mailctl import secrets

    if not in_keyring(client):
        ctx.tokens[secrets.user_of(client.token_place)] = made
        return
    with ctx.asking:
        secrets.store(client.token_place, made.kept(), environ=ctx.environ, interactive=ctx.interactive)


def in_keyring(client: "Client") -> bool:
    """Whether a client's tokens are kept in the keyring."""
    return client.grant is not Grant.CLIENT or client.auth.secret is SecretPlace.KEYRING


def lock_file(ctx: Context, client: "Client") -> "Path":
    """What whoever renews holds."""
    from hashlib import blake2b

    from mailctl.secrets import user_of

    name = blake2b(user_of(client.token_place).encode("utf-8", "replace"), digest_size=8).hexdigest()
    return ctx.paths.state / "oauth" / f"{name}.lock"


def not_logged_in(account: Account, client: "Client") -> SecretUnavailableError:
    """The error of an account whose user did not log in yet."""
    return SecretUnavailableError(
        f"'{client.login}' is not logged in for '{account.name}' here", hint=f"mailctl login {account.name}"
    )
