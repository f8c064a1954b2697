"""Where secrets are kept: what each place must be able to do, the table of places, and looking one up."""

import shlex
from collections.abc import Mapping
from typing import Protocol, cast

from mailctl.domain.account import SecretPlace, Server
from mailctl.errors import BadDataError, SecretUnavailableError, UsageError
from mailctl.loading import load

BACKENDS = {
    SecretPlace.KEYRING: "mailctl.secrets.keyring:Keyring",
    SecretPlace.COMMAND: "mailctl.secrets.command:Command",
    SecretPlace.ENV: "mailctl.secrets.env:Env",
    SecretPlace.CREDENTIAL: "mailctl.secrets.credential:Credential",
}
WRITABLE = frozenset({SecretPlace.KEYRING})
FORBIDDEN = "\x00\r\n"  # no protocol can carry them in a password


class SecretBackend(Protocol):
    """One place where secrets are kept."""

    def get(self, server: Server) -> str | None:
        """The secret for a server; None when the place works and has none."""


class WritableBackend(SecretBackend, Protocol):
    """A place that mailctl itself fills."""

    def set(self, server: Server, secret: str) -> None:
        """Keep a secret; an older one is replaced."""

    def delete(self, server: Server) -> None:
        """Forget the secret; not an error if there is none."""


def backend(server: Server, *, environ: Mapping[str, str], interactive: bool = False) -> SecretBackend:
    """The place that a server's `auth.secret` names.

    Args:
        server: whose secret is meant.
        environ: the caller's environment.
        interactive: whether somebody is there to answer a prompt.
    """
    made = load(BACKENDS[server.auth.secret])(environ=environ, interactive=interactive)
    return cast(SecretBackend, made)


def writable(server: Server, *, environ: Mapping[str, str], interactive: bool = False) -> WritableBackend:
    """The same place, to write to.

    Raises:
        UsageError: others fill it.
    """
    if server.auth.secret not in WRITABLE:
        raise not_writable(server.auth.secret)
    return cast(WritableBackend, backend(server, environ=environ, interactive=interactive))


def not_writable(place: SecretPlace, account: str = "ACCOUNT") -> UsageError:
    """The error of a place that others fill."""
    return UsageError(
        f"auth.secret is '{place}': mailctl only reads from there",
        hint=f"mailctl account set {account} auth.secret=keyring",
    )


def lookup(server: Server, *, account: str, environ: Mapping[str, str], interactive: bool) -> str:
    """The secret for a server.

    Raises:
        SecretUnavailableError: the place is locked or absent, or does not have it.
        BadDataError: it holds what no password can.
    """
    secret = backend(server, environ=environ, interactive=interactive).get(server)
    if not secret:
        what = missing(server) if secret is None else empty(server)
        raise SecretUnavailableError(f"no password for '{account}': {what}", hint=advice(server, account))
    return usable(secret, server)


def store(server: Server, secret: str, *, environ: Mapping[str, str], interactive: bool = False) -> None:
    """Keep the secret for a server, and know that it is kept.

    Raises:
        UsageError: its place is not one mailctl can write to.
        BadDataError: it is empty, or holds what no password can.
        SecretUnavailableError: the place is locked or absent, or did not keep it.
    """
    if not secret:
        raise BadDataError("the password is empty")
    place = writable(server, environ=environ, interactive=interactive)
    place.set(server, usable(secret, server))
    if place.get(server) != secret:
        raise SecretUnavailableError(
            f"the keyring did not keep the password for '{user_of(server)}'", hint="unset PYTHON_KEYRING_BACKEND"
        )


def forget(server: Server, *, environ: Mapping[str, str], interactive: bool = False) -> None:
    """Forget the secret for a server; not an error if there is none.

    Raises:
        UsageError: its place is not one mailctl can write to.
        SecretUnavailableError: the place is locked or absent.
    """
    writable(server, environ=environ, interactive=interactive).delete(server)


def user_of(server: Server) -> str:
    """The name a secret is kept under."""
    return f"{server.login}@{server.host}"


def usable(secret: str, server: Server) -> str:
    """The secret itself.

    Raises:
        BadDataError: NUL, CR or LF is in it.
    """
    if any(letter in secret for letter in FORBIDDEN):
        raise BadDataError(
            f"the password for '{user_of(server)}' has a line break or NUL in it", hint="mailctl password set ACCOUNT"
        )
    return secret


def missing(server: Server) -> str:
    """What was looked for and is not there."""
    return {
        SecretPlace.KEYRING: f"the keyring has none for '{user_of(server)}'",
        SecretPlace.COMMAND: "there is no command",
        SecretPlace.ENV: f"the variable '{server.auth.env}' is not set",
        SecretPlace.CREDENTIAL: f"there is no credential '{server.auth.credential}'",
    }[server.auth.secret]


def empty(server: Server) -> str:
    """What was found and has nothing in it."""
    return {
        SecretPlace.KEYRING: f"the one for '{user_of(server)}' in the keyring is empty",
        SecretPlace.COMMAND: f"the command '{' '.join(server.auth.command[:1])}' printed nothing",
        SecretPlace.ENV: f"the variable '{server.auth.env}' is empty",
        SecretPlace.CREDENTIAL: f"the credential '{server.auth.credential}' is empty",
    }[server.auth.secret]


def advice(server: Server, account: str) -> str:
    """What to type so that it is there."""
    return {
        SecretPlace.KEYRING: f"mailctl password set {account}",
        SecretPlace.COMMAND: f"try it: {shlex.join(server.auth.command)}",
        SecretPlace.ENV: f"export {server.auth.env}=…",
        SecretPlace.CREDENTIAL: f"LoadCredential={server.auth.credential}:FILE",
    }[server.auth.secret]
