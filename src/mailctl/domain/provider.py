"""A provider: a preset of servers, security, login form and authentication; and what it fills in."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, Auth, AuthMethod, Connections, Endpoint, Host, Port, Security, Server
from mailctl.errors import StoreError


class LoginForm(StrEnum):
    """How a provider makes the login of an address."""

    ADDRESS = "address"
    LOCAL_PART = "local-part"


class ProviderAuth(StrEnum):
    """How a provider wants one to log in."""

    PASSWORD = "password"  # noqa: S105 - the word, not a password
    APP_PASSWORD = "app-password"  # noqa: S105 - the same
    OAUTH2 = "oauth2"


class Preset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A provider's server."""

    host: Host
    port: Port
    security: Security


class OAuth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider's OAuth2 endpoints; `{tenant}` in an address stands for the firm."""

    token_url: str
    authorization_url: str | None = None
    device_url: str | None = None
    redirect_url: Annotated[str, Meta(description="where a browser comes back to; without a port, any")] = (
        "http://127.0.0.1"
    )
    scopes: Annotated[tuple[str, ...], Meta(description="for a person's mail")] = ()
    client_scopes: Annotated[tuple[str, ...], Meta(description="for `client_credentials`")] = ()
    parameters: Annotated[dict[str, str], Meta(description="said along when a person is asked")] = {}
    client_secret: Annotated[bool, Meta(description="whether its clients have a secret")] = False


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of a provider, and where that comes from."""

    id: Annotated[str, Meta(description="the file's name")]
    name: str
    domains: tuple[str, ...] = ()
    login: LoginForm = LoginForm.ADDRESS
    auth: ProviderAuth = ProviderAuth.PASSWORD
    files_sent: Annotated[
        bool | None, Meta(description="whether the server files the copy in Sent by itself; None: not known")
    ] = None
    incoming: Preset | None = None
    outgoing: Preset | None = None
    oauth: OAuth | None = None
    connections: Annotated[Connections | None, Meta(description="how many fetching opens at once; 4")] = None
    notes: str = ""
    source: str = "unverified"


MOST_CONNECTIONS = 4  # for fetching; servers count those of one's other mail programs too, many allow ten
STANDARD_PORTS = {
    "incoming": {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143},
    "outgoing": {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 587},
}
SECURITY_OF_PORT = {143: Security.STARTTLS, 587: Security.STARTTLS, 25: Security.STARTTLS}


def login_of(account: Account, provider: Provider | None) -> str:
    """The account's login: as written, else as its provider forms it from the address."""
    if account.login:
        return account.login
    if provider is not None and provider.login is LoginForm.LOCAL_PART:
        return account.address.rpartition("@")[0]
    return account.address


def auth_of(account: Account, endpoint: Endpoint, provider: Provider | None) -> Auth:
    """How to log in at one of an account's servers, the method filled in."""
    auth = endpoint.auth or account.auth
    wants_token = provider is not None and provider.auth is ProviderAuth.OAUTH2
    says_token = auth.client_id or auth.grant or (wants_token and auth.command)
    method = auth.method or (AuthMethod.OAUTH2 if says_token else AuthMethod.PASSWORD)
    return replace(auth, method=method)


def connections_of(account: Account, provider: Provider | None) -> int:
    """How many connections fetching an account opens at once: as written, else the provider's, else a few."""
    return account.connections or (provider and provider.connections) or MOST_CONNECTIONS


def incoming_of(account: Account, provider: Provider | None) -> Server:
    """The IMAP server of an account."""
    return server_of(account, account.incoming, provider, provider.incoming if provider else None, "incoming")


def outgoing_of(account: Account, provider: Provider | None) -> Server:
    """The submission server of an account."""
    return server_of(account, account.outgoing, provider, provider.outgoing if provider else None, "outgoing")


def server_of(
    account: Account, endpoint: Endpoint, provider: Provider | None, preset: Preset | None, side: str
) -> Server:
    """One server of an account: what the file says, then the provider's, then the standard ports (RFC 8314).

    Raises:
        StoreError: neither the account nor its provider says the host.
    """
    host = endpoint.host or (preset.host if preset else None)
    if host is None:
        raise StoreError(
            f"accounts/{account.name}.toml: {side}.host is missing",
            hint=f"mailctl account set {account.name} {side}.host=…, or provider=…",
        )
    known = preset if preset and host == preset.host else None
    port = endpoint.port or (None if endpoint.security else known and known.port)
    security = endpoint.security or (known.security if known and port == known.port else None)
    security = security or SECURITY_OF_PORT.get(port or 0, Security.TLS)
    return Server(
        host=host,
        port=port or STANDARD_PORTS[side][security],
        security=security,
        login=endpoint.login or login_of(account, provider),
        auth=auth_of(account, endpoint, provider),
        ca_file=endpoint.ca_file,
        fingerprint=endpoint.fingerprint,
        allow_plaintext=endpoint.allow_plaintext,
    )
