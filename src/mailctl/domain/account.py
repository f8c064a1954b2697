"""An account: one mailbox with one address, its servers, its rights and its signature."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from mailctl.domain.address import Address, same
from mailctl.domain.rights import Right
from mailctl.domain.signature import Signature
from mailctl.domain.watching import Checker

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$(?!\n)"  # `$` alone stands before a last line break too

Name = Annotated[str, Meta(pattern=NAME_PATTERN, description="a short name: letters, digits, . _ + -")]
Text = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", max_length=1000)]
Host = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f\x7f/@]+$(?!\n)", max_length=255)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Connections = Annotated[int, Meta(ge=1, le=8)]
Variable = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$(?!\n)")]
Credential = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]+$(?!\n)")]
Tenant = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$(?!\n)", max_length=255)]
Scope = Annotated[str, Meta(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$(?!\n)", max_length=500)]  # RFC 6749, 3.3
Url = Annotated[str, Meta(pattern=r"^https?://[^\s\x00-\x20\x7f\"<>\\^`{|}#]+$(?!\n)", max_length=1000)]
Fingerprint = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$(?!\n)")]


class Kind(StrEnum):
    """Whose mailbox it is: the firm's, or one collaborator's."""

    GROUP = "group"
    PERSONAL = "personal"


class Security(StrEnum):
    """How a connection is secured."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class AuthMethod(StrEnum):
    """What the secret is: a password, or an OAuth2 access token."""

    PASSWORD = "password"  # noqa: S105 - the word, not a password
    OAUTH2 = "oauth2"


class Grant(StrEnum):
    """How OAuth2's tokens are had: in a browser here, in one anywhere, or for a program that acts for itself."""

    CODE = "code"
    DEVICE = "device"
    CLIENT = "client_credentials"


class SecretPlace(StrEnum):
    """Where a secret is kept; never in the store."""

    KEYRING = "keyring"
    COMMAND = "command"
    ENV = "env"
    CREDENTIAL = "credential"


class FromName(StrEnum):
    """Whose name stands in From."""

    ACCOUNT = "account"
    COLLABORATOR = "collaborator"
    BOTH = "both"


class Auth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one logs in, and where the secret is looked up."""

    method: Annotated[AuthMethod | None, Meta(description="the provider's, or `password`")] = None
    secret: Annotated[SecretPlace, Meta(description="where the secret is kept")] = SecretPlace.KEYRING
    command: Annotated[tuple[str, ...], Meta(description="for `command`: program and arguments; no shell")] = ()
    env: Annotated[Variable | None, Meta(description="for `env`: the variable's name")] = None
    credential: Annotated[Credential | None, Meta(description="for `credential`: its name, as in LoadCredential=")] = (
        None
    )
    grant: Annotated[Grant | None, Meta(description="for `oauth2`: how the tokens are had; `code`")] = None
    client_id: Annotated[Text | None, Meta(description="for `oauth2`: the firm's program, as registered there")] = None
    token_login: Annotated[Text | None, Meta(description="for `oauth2`: whose token, if not the login's own")] = None
    tenant: Annotated[Tenant | None, Meta(description="for `oauth2` at Microsoft: the firm's; `common`")] = None
    scopes: Annotated[tuple[Scope, ...], Meta(description="for `oauth2`: else the provider's")] = ()
    token_url: Annotated[Url | None, Meta(description="for `oauth2`: else the provider's")] = None
    authorization_url: Annotated[Url | None, Meta(description="for `code`: else the provider's")] = None
    redirect_url: Annotated[Url | None, Meta(description="for `code`: on loopback, as registered")] = None
    device_url: Annotated[Url | None, Meta(description="for `device`: else the provider's")] = None

    @property
    def renews(self) -> bool:
        """Whether access tokens are had and renewed by mailctl; else the secret is what is said to the server."""
        return self.method is AuthMethod.OAUTH2 and bool(self.grant or self.client_id)

    @property
    def asks_keyring(self) -> bool:
        """Whether logging in asks the keyring, where tokens are kept too."""
        return self.secret is SecretPlace.KEYRING or (self.renews and self.grant is not Grant.CLIENT)


class Endpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One server as the file says it; what is left out, the provider fills."""

    host: Annotated[Host | None, Meta(description="DNS name, as on the server's certificate")] = None
    port: Annotated[Port | None, Meta(description="TCP port")] = None
    security: Annotated[Security | None, Meta(description="how the connection is secured")] = None
    ca_file: Annotated[Text | None, Meta(description="certificates of a private authority (PEM)")] = None
    fingerprint: Annotated[Fingerprint | None, Meta(description="SHA-256 of the one certificate to accept")] = None
    allow_plaintext: Annotated[bool, Meta(description="with `none`: beyond loopback too")] = False
    login: Annotated[Text | None, Meta(description="its own login; else the account's")] = None
    auth: Annotated[Auth | None, Meta(description="its own way to log in; else the account's")] = None


class Server(Struct, frozen=True, kw_only=True):
    """All that a connection needs, file and provider taken together."""

    host: str
    port: int
    security: Security
    login: str
    auth: Auth
    ca_file: str | None = None
    fingerprint: str | None = None
    allow_plaintext: bool = False

    @property
    def where(self) -> str:
        """`host:port`, for messages."""
        return f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.where} ({self.security}) as {self.login}, {self.auth.method} from {self.auth.secret}"


class Alias(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Another address of the same mailbox."""

    address: Annotated[Text, Meta(description="the whole address")]
    send: Annotated[bool, Meta(description="whether it may stand in From")] = True
    display_name: Annotated[Text | None, Meta(description="the name in From; else the account's")] = None
    signature: Annotated[Signature | None, Meta(description="its own signature; else the account's")] = None

    def __str__(self) -> str:
        return self.address if self.send else f"{self.address} (receives only)"


class Folders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names of special folders, only where SPECIAL-USE and the localised names do not find them."""

    sent: Annotated[Text | None, Meta(description="where copies of what was sent go")] = None
    drafts: Annotated[Text | None, Meta(description="where drafts are kept")] = None
    trash: Annotated[Text | None, Meta(description="where deleted mail goes")] = None
    junk: Annotated[Text | None, Meta(description="where unwanted mail goes")] = None
    archive: Annotated[Text | None, Meta(description="where mail that is done with goes")] = None


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One mailbox with one address and its servers."""

    name: Annotated[Name, Meta(description="the file's name")]
    display_name: Annotated[Text, Meta(description="the name in From")] = ""
    address: Annotated[Text, Meta(description="the whole address")]
    from_name: Annotated[FromName, Meta(description="whose name stands in From")] = FromName.ACCOUNT
    kind: Annotated[Kind, Meta(description="the firm's, or one collaborator's")] = Kind.GROUP
    owner: Annotated[Name | None, Meta(description="the one collaborator a personal account belongs to")] = None
    provider: Annotated[Name | None, Meta(description="the preset that fills what is left out")] = None
    login: Annotated[Text | None, Meta(description="else as the provider forms it from the address")] = None
    connections: Annotated[
        Connections | None, Meta(description="how many `fetch` opens at the server at once; the provider's, or 4")
    ] = None
    checker_only: Annotated[bool, Meta(description="watched only: neither sends nor fetches")] = False
    notes: Annotated[str, Meta(description="whatever one wants to remember")] = ""
    aliases: Annotated[tuple[Alias, ...], Meta(description="other addresses of the mailbox")] = ()
    auth: Annotated[Auth, Meta(description="how one logs in")] = field(default_factory=Auth)
    incoming: Annotated[Endpoint, Meta(description="the IMAP server")] = field(default_factory=Endpoint)
    outgoing: Annotated[Endpoint, Meta(description="the SMTP submission server")] = field(default_factory=Endpoint)
    folders: Annotated[Folders, Meta(description="names of special folders")] = field(default_factory=Folders)
    checker: Annotated[Checker, Meta(description="how it is watched")] = field(default_factory=Checker)
    rights: Annotated[dict[Name, tuple[Right, ...]], Meta(description="who may do what: collaborator = [rights]")] = (
        field(default_factory=dict)
    )
    signature: Annotated[Signature | None, Meta(description="added to every mail sent")] = None

    @property
    def is_watched(self) -> bool:
        """Whether the checker looks at it."""
        return self.checker_only if self.checker.enabled is None else self.checker.enabled

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its address and its aliases."""
        return (self.address, *(alias.address for alias in self.aliases))

    def alias(self, address: str) -> Alias | None:
        """The alias with that address, if it is one."""
        return next((alias for alias in self.aliases if same(alias.address, address)), None)

    def may_send_as(self, address: str) -> bool:
        """Whether an address may stand in From."""
        if same(address, self.address):
            return True
        alias = self.alias(address)
        return alias is not None and alias.send

    def sender_name(self, alias: Alias | None, collaborator_name: str) -> str:
        """The name in From, as `from_name` says."""
        own = (alias.display_name if alias else None) or self.display_name
        match self.from_name:
            case FromName.COLLABORATOR if collaborator_name:
                return collaborator_name
            case FromName.BOTH if collaborator_name and own:
                return f"{collaborator_name}, {own}"
            case _:
                return own

    def sender(self, alias: Alias | None, collaborator_name: str) -> Address:
        """The address for From."""
        local, _, domain = (alias.address if alias else self.address).rpartition("@")
        return Address(local=local, domain=domain, name=self.sender_name(alias, collaborator_name))
