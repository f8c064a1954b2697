"""Logging in in a browser here, which comes back to a port of this machine (RFC 6749, 4.1; RFC 7636; RFC 8252, 7.3)."""

import base64
import hashlib
import hmac
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit

from mailctl.domain.oauth import Client, Token
from mailctl.errors import LoginRefusedError, ServerUnreachableError, StoreError, TlsUnavailableError
from mailctl.remote.oauth import Answer, asked, said, where
from mailctl.remote.tls import is_loopback
from mailctl.remote.trace import Trace

WAIT = 300.0  # seconds for somebody to log in
REQUEST_SECONDS = 2.0  # browsers connect ahead, and then say nothing
LONGEST_REQUEST = 16 * 1024
DONE = "You are logged in. This window can be closed."
FAILED = "You are not logged in: the terminal says why. This window can be closed."
ELSEWHERE = "Nothing here."


def by_browser(
    client: Client,
    secret: str | None,
    *,
    show: Callable[[str], None],
    wait: float | None = None,
    trace: Trace | None = None,
) -> Token:
    """The tokens of whoever logs in in a browser.

    Args:
        client: the firm's program.
        secret: its own, where it has one.
        show: told the address to open.
        wait: seconds at most.
        trace: where the conversation is written.

    Raises:
        LoginRefusedError: it was denied, or not done in time.
        StoreError: `redirect_url` is not this machine's.
        MailctlError: as for any token.
    """
    with listening(client) as listener:
        redirect = redirect_of(client, listener)
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        show(address(client, redirect=redirect, verifier=verifier, state=state))
        code = awaited(listener, client, state, urlsplit(redirect).path, wait or WAIT)
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": verifier,
    }
    return asked(client, secret, fields, trace=trace)


def listening(client: Client) -> socket.socket:
    """The port that the browser comes back to; any free one where `redirect_url` names none."""
    parts = urlsplit(client.redirect_url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not is_loopback(host):
        raise StoreError(
            f"auth.redirect_url '{client.redirect_url}' is not on this machine",
            hint="mailctl account set ACCOUNT auth.redirect_url=http://127.0.0.1",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            ("::1" if family is socket.AF_INET6 else "127.0.0.1", parts.port or 0), family=family
        )
    except OSError as error:
        raise ServerUnreachableError(
            f"cannot listen where '{client.redirect_url}' says: {(error.strerror or '').lower()}",
            hint="mailctl account unset ACCOUNT auth.redirect_url",
        ) from error


def redirect_of(client: Client, listener: socket.socket) -> str:
    """The address that the browser comes back to, with its port."""
    parts = urlsplit(client.redirect_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"http://{host}:{listener.getsockname()[1]}{parts.path}"


def address(client: Client, *, redirect: str, verifier: str, state: str) -> str:
    """The address to open: what is asked for, and a challenge only this process can answer (RFC 7636, 4)."""
    url = client.authorization_url or ""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise TlsUnavailableError(
            f"'{url}' would be opened in clear", hint="mailctl account set ACCOUNT auth.authorization_url=https://…"
        )
    digest = hashlib.sha256(verifier.encode()).digest()
    asks = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect,
        "scope": " ".join(client.scopes),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "login_hint": client.login,
        **dict(client.parameters),
    }
    query = urlencode({name: value for name, value in asks.items() if value})
    return f"{url}{'&' if parts.query else '?'}{query}"


def awaited(listener: socket.socket, client: Client, state: str, path: str, wait: float) -> str:
    """The code that the browser brings; whoever else knocks is sent away, and does not end the waiting.

    Raises:
        LoginRefusedError: the browser brings a refusal, or nothing in time.
    """
    deadline = time.monotonic() + wait
    while (left := deadline - time.monotonic()) > 0:
        listener.settimeout(left)
        try:
            visitor, _ = listener.accept()
        except TimeoutError:
            break
        with visitor, suppress(OSError):
            brought = request(visitor, path or "/", state)
            if brought is None:
                answer(visitor, 404, ELSEWHERE)
                continue
            answer(visitor, 200, DONE if "code" in brought else FAILED)
            return code_in(brought, client)
    raise LoginRefusedError(f"nobody logged in within {wait:.0f} s", hint="mailctl login ACCOUNT")


def request(visitor: socket.socket, path: str, state: str) -> dict[str, str] | None:
    """What a browser brings, when it is sent by whom we asked: it says our `state`; None for others."""
    visitor.settimeout(REQUEST_SECONDS)
    data, deadline = b"", time.monotonic() + REQUEST_SECONDS
    while b"\r\n\r\n" not in data and len(data) < LONGEST_REQUEST and time.monotonic() < deadline:
        piece = visitor.recv(4096)
        if not piece:
            break
        data += piece
    words = data.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
    if len(words) < 2 or words[0] != "GET":
        return None
    target = urlsplit(words[1])
    brought = dict(parse_qsl(target.query, keep_blank_values=True))
    is_ours = hmac.compare_digest(brought.get("state", "").encode(), state.encode())
    return brought if is_ours and (target.path or "/") == path else None


def answer(visitor: socket.socket, status: int, text: str) -> None:
    """Answer a browser with a line of text, and let no other page learn the address it is under."""
    body = f"<!doctype html><meta charset=utf-8><title>mailctl</title><p>{text}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Not Found'}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    with suppress(OSError):
        visitor.sendall(head.encode() + body)


def code_in(brought: dict[str, str], client: Client) -> str:
    """The code among what the browser brought.

    Raises:
        LoginRefusedError: there is a refusal instead.
    """
    if brought.get("code"):
        return brought["code"]
    words = said(Answer(error=brought.get("error", ""), error_description=brought.get("error_description")))
    raise LoginRefusedError(
        f"{where(client.authorization_url or '')} gave no tokens: {words or 'it gave no reason'}",
        hint="mailctl login ACCOUNT",
    )
