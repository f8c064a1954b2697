"""docs/provider-quirks.md: what the presets know of each provider."""

from docgen.markdown import code, page, table
from mailctl.domain.provider import MOST_CONNECTIONS, LoginForm, Preset, Provider, ProviderAuth
from mailctl.providers import providers

INTRODUCTION = """\
What `mailctl provider show NAME` shows, for all of them; each is a file in src/mailctl/providers, and a new one is
one more file.

Source: `ispdb/…` is Mozilla's collection of settings, to which providers contribute; *unverified* is common knowledge
that nobody has tried with mailctl yet. Who can, please do, and say so in the file's `source`.

What mailctl does about it: the login is formed from the address as said here (`domain/provider.py`), `password set`
names what a provider wants instead of the password (`services/password.py`), and a copy of what was sent goes into
Sent unless the server files it by itself; where that is not known, mailctl looks for the message first. Where many
folders changed, `fetch` opens so many connections at once, fewer where the server refuses more; `connections` in an
account says otherwise (`domain/provider.py`)."""
FILED = {True: "by the server", False: "by mailctl", None: "looked for first"}
AUTH = {ProviderAuth.PASSWORD: "password", ProviderAuth.APP_PASSWORD: "app password", ProviderAuth.OAUTH2: "OAuth2"}


def text() -> str:
    """The page."""
    known = [one for one in providers() if one.notes]
    said = [f"- **{one.name}** ({code(one.id)}): {one.notes}." for one in known]
    rows = [row(one) for one in providers()]
    header = ("preset", "provider", "IMAP", "SMTP", "login", "logs in with", "copy in Sent", "at once", "source")
    return page("Providers", INTRODUCTION, ["## Oddities\n" + "\n".join(said), "## Presets\n" + table(header, rows)])


def row(one: Provider) -> tuple[str, ...]:
    """A preset's line of the table."""
    login = "before the @" if one.login is LoginForm.LOCAL_PART else "address"
    source = f"*{one.source}*" if one.source == "unverified" else one.source
    most = str(one.connections or MOST_CONNECTIONS)
    servers = (server(one.incoming), server(one.outgoing))
    return (code(one.id), one.name, *servers, login, AUTH[one.auth], FILED[one.files_sent], most, source)


def server(preset: Preset | None) -> str:
    """A server on one line."""
    return f"{preset.host}:{preset.port} {preset.security}" if preset else "each firm's own"
