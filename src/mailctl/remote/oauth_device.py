"""Logging in on another device: a code is shown, and typed in wherever there is a browser (RFC 8628)."""

import time
from collections.abc import Callable

from mailctl.domain.oauth import Client, Token
from mailctl.errors import LoginRefusedError, ProtocolError, TemporaryError
from mailctl.remote.https import post
from mailctl.remote.oauth import Answer, decoded, failure, identified, seconds, token, told, where
from mailctl.remote.trace import Trace, printable

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PENDING, SLOWER = "authorization_pending", "slow_down"
INTERVAL = 5.0  # seconds between two questions, where the server says nothing (RFC 8628, 3.2)
LEAST_INTERVAL = 0.2
MORE = 5.0  # seconds that `slow_down` adds (RFC 8628, 3.5)
LIFE = 900.0
LONGEST_CODE = 100


def by_device(
    client: Client,
    secret: str | None,
    *,
    show: Callable[[str, str], None],
    wait: float | None = None,
    trace: Trace | None = None,
) -> Token:
    """The tokens of whoever types in the code.

    Args:
        client: the firm's program.
        secret: its own, where it has one.
        show: told the address to open, and the code to type in there.
        wait: seconds at most; else as long as the code lasts.
        trace: where the conversation is written.

    Raises:
        LoginRefusedError: it was denied, or not done in time.
        MailctlError: as for any token.
    """
    assert client.device_url is not None
    fields = identified(client, None, {"scope": " ".join(client.scopes)} if client.scopes else {})
    begun = told(client, client.device_url, fields, trace)
    address = begun.verification_uri or begun.verification_url
    if not (begun.device_code and begun.user_code and address.startswith(("https://", "http://"))):
        raise ProtocolError(f"{where(client.device_url)} gave no code: is it a device endpoint?")
    show(printable(begun.verification_uri_complete or address), printable(begun.user_code)[:LONGEST_CODE])
    life = seconds(begun.expires_in, LIFE)
    return awaited(client, secret, begun, min(life, wait or life), trace)


def awaited(client: Client, secret: str | None, begun: Answer, wait: float, trace: Trace | None) -> Token:
    """The tokens, asked for again and again until somebody has agreed."""
    fields = identified(client, secret, {"grant_type": GRANT, "device_code": begun.device_code})
    pause, deadline = max(LEAST_INTERVAL, seconds(begun.interval, INTERVAL)), time.monotonic() + wait
    while time.monotonic() + pause < deadline:
        time.sleep(pause)
        began = time.time()
        reply = post(client.token_url, fields, ca_file=client.ca_file, trace=trace)
        answer = decoded(reply, client.token_url)
        if answer.access_token and not answer.error:
            return token(client, answer, began)
        if answer.error == SLOWER:
            pause += MORE
        elif answer.error != PENDING:
            error = failure(reply, answer, client, client.token_url)
            if not isinstance(error, TemporaryError):
                raise error
    raise LoginRefusedError(f"nobody logged in within {wait:.0f} s", hint="mailctl login ACCOUNT")
