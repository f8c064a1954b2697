"""PLAIN, LOGIN, XOAUTH2, OAUTHBEARER: which one, and its bytes (RFC 4616, 7628)."""

import base64
from collections.abc import Iterable

from mailctl.domain.account import AuthMethod, Security, Server
from mailctl.errors import LoginRefusedError

PREFERRED = {
    AuthMethod.PASSWORD: ("PLAIN", "LOGIN"),
    AuthMethod.OAUTH2: ("OAUTHBEARER", "XOAUTH2"),
}
WORDS = {AuthMethod.PASSWORD: "a password", AuthMethod.OAUTH2: "an OAuth2 token"}


def mechanism(server: Server, offered: Iterable[str]) -> str:
    """The way to log in that both sides know.

    Raises:
        LoginRefusedError: there is none.
    """
    names = {name.upper() for name in offered}
    method = server.auth.method or AuthMethod.PASSWORD
    found = next((name for name in PREFERRED[method] if name in names), None)
    if found is None:
        listed = f"only {', '.join(sorted(names))}" if names else "none at all"
        hint = "mailctl account set ACCOUNT auth.method=password, or oauth2"
        if server.security is Security.NONE:
            hint = "it may want TLS before: mailctl account set ACCOUNT incoming.security=starttls"
        raise LoginRefusedError(f"{server.where} offers no login with {WORDS[method]}, {listed}", hint=hint)
    return found


def answers(name: str, server: Server, secret: str) -> tuple[bytes, ...]:
    """All that the client says, each to one of the server's questions."""
    match name:
        case "LOGIN":
            return (server.login.encode(), raw(secret))
        case "OAUTHBEARER":  # RFC 7628, 3.2.3: the second ends an exchange that failed
            return (oauthbearer(server.login, secret, host=server.host, port=server.port), b"\x01")
        case "XOAUTH2":
            return (xoauth2(server.login, secret), b"")
        case _:
            return (plain(server.login, secret),)


def plain(login: str, password: str) -> bytes:
    """The message of PLAIN (RFC 4616, 2)."""
    return b"\0".join((b"", login.encode(), raw(password)))


def xoauth2(login: str, token: str) -> bytes:
    """The message of XOAUTH2, as Google and Microsoft describe it."""
    return b"user=%b\x01auth=Bearer %b\x01\x01" % (login.encode(), raw(token))


def oauthbearer(login: str, token: str, *, host: str, port: int) -> bytes:
    """The message of OAUTHBEARER (RFC 7628, 3.1)."""
    identity = login.replace("=", "=3D").replace(",", "=2C").encode()
    return b"n,a=%b,\x01host=%b\x01port=%d\x01auth=Bearer %b\x01\x01" % (identity, host.encode(), port, raw(token))


def raw(secret: str) -> bytes:
    """A secret's bytes: those it came in, where the environment or a pipe held something else than UTF-8."""
    return secret.encode("utf-8", "surrogateescape")


def encoded(data: bytes) -> str:
    """As it goes over the wire; nothing as an empty line, for no mechanism here opens with nothing (RFC 4954, 4)."""
    return base64.b64encode(data).decode("ascii")
