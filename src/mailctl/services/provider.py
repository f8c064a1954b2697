"""The presets, as one looks at them; they need neither store nor right."""

from msgspec import Struct

from mailctl.domain.provider import MOST_CONNECTIONS, LoginForm, OAuth, Preset, Provider, ProviderAuth
from mailctl.providers import provider, providers


class Shown(Struct, frozen=True, kw_only=True):
    """A preset; a server is None where each firm has its own, `files_sent` and `oauth` where nothing is known.

    `connections` is how many fetching opens at once, unless the account says otherwise.
    """

    id: str
    name: str
    domains: tuple[str, ...]
    login: LoginForm
    auth: ProviderAuth
    incoming: Preset | None
    outgoing: Preset | None
    files_sent: bool | None
    connections: int
    oauth: OAuth | None
    notes: str
    source: str

    @property
    def imap(self) -> str:
        """The IMAP server on one line."""
        return on_one_line(self.incoming)

    @property
    def tokens(self) -> str:
        """Where OAuth2 tokens are had."""
        return self.oauth.token_url if self.oauth else ""

    @property
    def smtp(self) -> str:
        """The submission server on one line."""
        return on_one_line(self.outgoing)


def on_one_line(server: Preset | None) -> str:
    """`host:port security`."""
    return f"{server.host}:{server.port} {server.security}" if server else ""


def list_() -> tuple[Shown, ...]:
    """All presets, by name."""
    return tuple(shown(one) for one in providers())


def show(name: str) -> Shown:
    """One preset.

    Raises:
        ProviderNotFoundError: there is none of that name.
    """
    return shown(provider(name))


def shown(preset: Provider) -> Shown:
    """A preset with every key, whether its file says it or not."""
    return Shown(
        id=preset.id,
        name=preset.name,
        domains=preset.domains,
        login=preset.login,
        auth=preset.auth,
        incoming=preset.incoming,
        outgoing=preset.outgoing,
        files_sent=preset.files_sent,
        connections=preset.connections or MOST_CONNECTIONS,
        oauth=preset.oauth,
        notes=preset.notes,
        source=preset.source,
    )
