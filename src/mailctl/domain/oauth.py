"""An OAuth2 client: what an account and its provider say of it, and the tokens it is given."""

from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from mailctl.domain.account import Account, Auth, Grant, SecretPlace, Security, Server
from mailctl.domain.provider import OAuth, Provider
from mailctl.errors import StoreError

ANY_TENANT = "common"  # Microsoft's name for "whoever's"
DEFAULT_PORTS = {"https": 443, "http": 80}
LEAST_LEFT = 300.0  # seconds of an access token's life that a login and what follows may take
PART_LEFT = 5  # of a short life, one fifth


class Client(Struct, frozen=True, kw_only=True):
    """The firm's program, as it asks for tokens of one person, or of its own."""

    id: str
    grant: Grant
    login: str
    token_url: str
    authorization_url: str | None = None
    device_url: str | None = None
    redirect_url: str
    scopes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    needs_secret: bool = False
    ca_file: str | None = None
    auth: Auth

    @property
    def token_place(self) -> Server:
        """Where its tokens are kept: in the keyring, under the name of who logged in and the host that gave them."""
        return place(self.login, self.token_url, Auth(secret=SecretPlace.KEYRING))

    @property
    def secret_place(self) -> Server:
        """Where its own secret is looked up: as `auth.secret` says, in the keyring under its own name."""
        return place(self.id, self.token_url, self.auth)


class Token(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens as they are kept; the moments are seconds since 1970."""

    client_id: str
    access_token: str
    issued_at: float
    expires_at: float
    refresh_token: str = ""
    scope: str = ""

    def __repr__(self) -> str:  # a token in a traceback would be a token in a log
        return f"Token(client_id={self.client_id!r}, …)"

    def lasts(self, now: float) -> bool:
        """Whether the access token lasts long enough to begin with."""
        return self.expires_at - now > min(LEAST_LEFT, (self.expires_at - self.issued_at) / PART_LEFT)

    def kept(self) -> str:
        """As one text, for a place where secrets are kept."""
        return msgspec.json.encode(self).decode()


def token_of(text: str | None) -> Token | None:
    """The tokens in a text; None when it holds none."""
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Token)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def client_of(account: Account, server: Server, provider: Provider | None) -> Client:
    """The client that gets the tokens for one of an account's servers.

    Raises:
        StoreError: the account says no client, or neither it nor its provider says where tokens are had.
    """
    auth, preset = server.auth, provider.oauth if provider else None
    grant = auth.grant or Grant.CODE
    found = {
        "client_id": auth.client_id,
        "token_url": auth.token_url or filled(preset.token_url if preset else None, auth),
        "authorization_url": auth.authorization_url or filled(preset.authorization_url if preset else None, auth),
        "device_url": auth.device_url or filled(preset.device_url if preset else None, auth),
    }
    for key in needed(grant):
        if not found[key]:
            raise missing(account, key)
    return Client(
        id=found["client_id"] or "",
        grant=grant,
        login=auth.token_login or server.login,
        token_url=found["token_url"] or "",
        authorization_url=found["authorization_url"],
        device_url=found["device_url"],
        redirect_url=auth.redirect_url or (preset.redirect_url if preset else "http://127.0.0.1"),
        scopes=auth.scopes or scopes_of(preset, grant),
        parameters=tuple(preset.parameters.items()) if preset else (),
        needs_secret=grant is Grant.CLIENT or (preset is not None and preset.client_secret),
        ca_file=server.ca_file,
        auth=auth,
    )


def needed(grant: Grant) -> tuple[str, ...]:
    """The keys of an account that a grant cannot do without."""
    more = {Grant.CODE: ("authorization_url",), Grant.DEVICE: ("device_url",), Grant.CLIENT: ()}[grant]
    return ("client_id", "token_url", *more)


def missing(account: Account, key: str) -> StoreError:
    """The error of an account that does not say enough."""
    return StoreError(
        f"accounts/{account.name}.toml: auth.{key} is missing, and its provider has none",
        hint=f"mailctl account set {account.name} auth.{key}=…",
    )


def scopes_of(preset: OAuth | None, grant: Grant) -> tuple[str, ...]:
    """What a provider wants to be asked for."""
    if preset is None:
        return ()
    return preset.client_scopes if grant is Grant.CLIENT else preset.scopes


def filled(url: str | None, auth: Auth) -> str | None:
    """A provider's address with the firm in it."""
    return url.replace("{tenant}", auth.tenant or ANY_TENANT) if url else None


def place(login: str, url: str, auth: Auth) -> Server:
    """A name at the host of an address, as places of secrets know it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
    return Server(host=host, port=port, security=Security.TLS, login=login, auth=auth)
