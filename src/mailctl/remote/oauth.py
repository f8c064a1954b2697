"""Getting and renewing tokens: what a token endpoint is asked and what it answers (RFC 6749, 5 and 6)."""

import re
import time

import msgspec
from msgspec import Struct

from mailctl.domain.oauth import Client, Token
from mailctl.errors import (
    LoginNeededError,
    LoginRefusedError,
    MailctlError,
    ProtocolError,
    ServerRefusedError,
    TemporaryError,
)
from mailctl.remote.https import Reply, post, server_of
from mailctl.remote.trace import Trace, printable

VISIBLE = re.compile(r"[\x20-\x7e]+")  # RFC 6749, A.12 and A.17
UNTOLD_LIFE = 3600.0  # seconds, where the server does not say (RFC 6749, 5.1 recommends that it does)
LONGEST_LIFE = 366 * 86400.0
LONGEST_QUOTE = 300
LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
ASKS_AGAIN = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
BAD_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
DENIED = frozenset({"access_denied", "authorization_declined", "expired_token", "bad_verification_code"})
TRY_LATER = frozenset({408, 425, 429})
SERVERS_FAULT = 500
OK = 200


class Answer(Struct, frozen=True):
    """What a token or device endpoint says; some say numbers as text, and one calls the address by another name."""

    access_token: str = ""
    token_type: str = "bearer"  # noqa: S105 - the word, not a token
    expires_in: float | str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    error: str = ""
    error_description: str | None = None
    device_code: str = ""
    user_code: str = ""
    verification_uri: str = ""
    verification_url: str = ""
    verification_uri_complete: str | None = None
    interval: float | str | None = None

    def __repr__(self) -> str:  # a token in a traceback would be a token in a log
        return f"Answer(error={self.error!r}, …)"


def renewed(client: Client, secret: str | None, refresh_token: str, *, trace: Trace | None = None) -> Token:
    """New tokens for a refresh token (RFC 6749, 6).

    Raises:
        LoginNeededError: it holds no longer.
        LoginRefusedError: the client is refused.
        TemporaryError, ServerUnreachableError: it may work later.
        ServerRefusedError, ProtocolError: it will not.
    """
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return asked(client, secret, fields, former=refresh_token, trace=trace)


def by_itself(client: Client, secret: str | None, *, trace: Trace | None = None) -> Token:
    """A token for a client that acts for itself (RFC 6749, 4.4).

    Raises:
        LoginRefusedError: the client is refused.
        TemporaryError, ServerUnreachableError: it may work later.
        ServerRefusedError, ProtocolError: it will not.
    """
    fields = {"grant_type": "client_credentials"}
    if client.scopes:
        fields["scope"] = " ".join(client.scopes)
    return asked(client, secret, fields, trace=trace)


def asked(
    client: Client, secret: str | None, fields: dict[str, str], *, former: str = "", trace: Trace | None = None
) -> Token:
    """The tokens that a form brings; `former` is the refresh token that stays where no other one comes."""
    began = time.time()
    return token(client, told(client, client.token_url, identified(client, secret, fields), trace), began, former)


def identified(client: Client, secret: str | None, fields: dict[str, str]) -> dict[str, str]:
    """A form that says whose it is; in the body, which all providers take (RFC 6749, 2.3.1)."""
    return {**fields, "client_id": client.id, **({"client_secret": secret} if secret else {})}


def told(client: Client, url: str, fields: dict[str, str], trace: Trace | None = None) -> Answer:
    """What an endpoint answers, when it is no error.

    Raises:
        MailctlError: as its error says.
    """
    reply = post(url, fields, ca_file=client.ca_file, trace=trace)
    answer = decoded(reply, url)
    if answer.error or reply.status != OK:
        raise failure(reply, answer, client, url)
    return answer


def decoded(reply: Reply, url: str) -> Answer:
    """An answer taken apart; an empty one where a failure brings no JSON.

    Raises:
        ProtocolError: a success that is none.
    """
    try:
        return msgspec.json.decode(reply.body, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if reply.status != OK:
            return Answer()
        # `from None`: the foreign exception quotes what came
        raise ProtocolError(f"{where(url)} answered without tokens: is it a token endpoint?") from None


def failure(reply: Reply, answer: Answer, client: Client, url: str) -> MailctlError:
    """The error for what an endpoint refuses, by its code (RFC 6749, 5.2; RFC 8628, 3.5)."""
    words = said(answer) or f"it answered {reply.status}"
    if answer.error in ASKS_AGAIN:
        return LoginNeededError(
            f"{where(url)} wants '{client.login}' to log in again: {words}", hint="mailctl login ACCOUNT"
        )
    if answer.error in BAD_CLIENT:
        return LoginRefusedError(
            f"{where(url)} refused the client '{client.id}': {words}",
            hint="mailctl account show ACCOUNT; its secret: mailctl password set ACCOUNT",
        )
    if answer.error in DENIED:
        return LoginRefusedError(f"{where(url)} gave no tokens: {words}", hint="mailctl login ACCOUNT")
    if answer.error in LATER or reply.status >= SERVERS_FAULT or reply.status in TRY_LATER:
        return TemporaryError(f"{where(url)} gives no tokens now: {words}")
    return ServerRefusedError(f"{where(url)} refused to give tokens: {words}", hint="mailctl account show ACCOUNT")


def said(answer: Answer) -> str:
    """The endpoint's own words, harmless and short."""
    words = ": ".join(filter(None, (answer.error, " ".join((answer.error_description or "").split()))))
    return printable(words)[:LONGEST_QUOTE]


def where(url: str) -> str:
    """`host:port` of an address."""
    return server_of(url, None).where


def token(client: Client, answer: Answer, began: float, former: str = "") -> Token:
    """The tokens in an answer.

    Raises:
        ProtocolError: there are none, or not such as a mail server could be told.
    """
    refresh = answer.refresh_token or former
    if not VISIBLE.fullmatch(answer.access_token) or (refresh and not VISIBLE.fullmatch(refresh)):
        raise ProtocolError(f"{where(client.token_url)} gave no usable access token")
    if answer.token_type.lower() != "bearer":
        raise ProtocolError(f"{where(client.token_url)} gave a token of another kind than 'bearer'")
    return Token(
        client_id=client.id,
        access_token=answer.access_token,
        issued_at=began,
        expires_at=began + seconds(answer.expires_in, UNTOLD_LIFE),
        refresh_token=refresh,
        scope=(answer.scope or " ".join(client.scopes))[:LONGEST_QUOTE],
    )


def seconds(told_life: float | str | None, otherwise: float) -> float:
    """A duration as a server says it."""
    try:
        found = float(told_life) if told_life is not None else otherwise
    except ValueError:
        return otherwise
    return min(found, LONGEST_LIFE) if found > 0 else otherwise
