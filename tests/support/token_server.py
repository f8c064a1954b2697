"""A provider's OAuth2 endpoints on loopback, scripted: tokens that the tests' Dovecot accepts, and every refusal."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from mailctl.domain.account import Auth, Grant
from mailctl.domain.oauth import Client
from support import memory_keyring

CLIENT = "mailctl-tests"
ENDPOINTS = {"token": "token", "authorization": "authorize", "device": "device"}


def client_at(server: "TokenServer", **more: object) -> Client:
    """A client of the server's."""
    fields: dict[str, Any] = {
        "id": CLIENT,
        "grant": Grant.CODE,
        "login": "alice@firm.example",
        "token_url": f"{server.url}/token",
        "authorization_url": f"{server.url}/authorize",
        "device_url": f"{server.url}/device",
        "redirect_url": "http://127.0.0.1",
        "scopes": ("mail", "offline_access"),
        "auth": Auth(),
    }
    return Client(**{**fields, **more})


def add_account(cli, server: "TokenServer", monkeypatch: pytest.MonkeyPatch) -> None:
    """The account `contact`, which logs in with tokens of the server's; the keyring is a test's own, and empty."""
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)
    urls = (f"auth.{name}_url={server.url}/{path}" for name, path in ENDPOINTS.items())
    for words in (
        ("add", "contact", "--address", "contact@firm.example", "--imap-host", "localhost", "--smtp-host", "localhost",
         "--auth", "oauth2", "--no-discover"),
        ("set", "contact", f"auth.client_id={CLIENT}", *urls),
    ):  # fmt: skip
        ran = cli("account", *words)
        assert ran.status == 0, ran.err


def part(data: bytes) -> str:
    """Base64 as a JWT has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer:
    """What it gives and what it was asked; `script` holds answers that come before it is itself again.

    An entry of `script` is (status, answer); one that is text goes out as it is. `life` is the seconds a token lasts.
    """

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.life = 3600
        self.user = "alice"
        self.asked: list[dict[str, str]] = []
        self.script: deque[tuple[int, dict | str]] = deque()
        self.refresh_tokens = {"first"}
        self.challenges: dict[str, str] = {}
        self.rotates = False
        self.delay = 0.0
        self.given: list[str] = []
        self.lock = threading.Lock()
        self.url = ""

    def asked_for(self, grant: str) -> list[dict[str, str]]:
        """The forms that asked for one grant."""
        return [form for form in list(self.asked) if form.get("grant_type") == grant]

    def jwt(self, user: str = "", life: float | None = None) -> str:
        """An access token that Dovecot accepts; no two are the same."""
        now = time.time()
        claims = {"sub": user or self.user, "iat": int(now) - 60, "nbf": int(now) - 60, "n": len(self.given)}
        claims["exp"] = int(now + (self.life if life is None else life))
        signed = ".".join(part(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": "HS256"}, claims))
        token = f"{signed}.{part(hmac.digest(self.key, signed.encode(), hashlib.sha256))}"
        self.given.append(token)
        return token

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict | str]:
        """What a form is answered."""
        with self.lock:
            self.asked.append({**form, "path": path})
            time.sleep(self.delay)
            if self.script:
                return self.script.popleft()
            if path == "/device":
                return 200, {"device_code": "dev", "user_code": "WDJB-MJHT", "verification_uri": f"{self.url}/here",
                             "expires_in": 60, "interval": 0.1}  # fmt: skip
            return self.granted(form)

    def granted(self, form: dict[str, str]) -> tuple[int, dict | str]:
        """Tokens, or why not."""
        match form.get("grant_type"):
            case "refresh_token" if form["refresh_token"] not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            case "authorization_code" if not self.proved(form):
                return 400, {"error": "invalid_grant", "error_description": "bad verifier"}
            case "client_credentials":
                return 200, {"access_token": self.jwt(), "token_type": "Bearer", "expires_in": self.life}
        fresh = {}
        if self.rotates or form["grant_type"] != "refresh_token":
            fresh = {"refresh_token": f"refresh-{len(self.given)}"}
            self.refresh_tokens = {fresh["refresh_token"]}
        return 200, {"access_token": self.jwt(), "token_type": "Bearer", "expires_in": self.life, **fresh}

    def proved(self, form: dict[str, str]) -> bool:
        """Whether a code comes from whoever began (RFC 7636, 4.6)."""
        challenge = self.challenges.pop(form.get("code", ""), None)
        return challenge == part(hashlib.sha256(form.get("code_verifier", "").encode()).digest())

    def agree(self, url: str) -> str:
        """Agree in a browser: gives the address the browser is sent back to."""
        asks = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = asks["code_challenge"]
        return f"{asks['redirect_uri']}?code={code}&state={asks['state']}"


@contextmanager
def token_server(key: bytes = b"k" * 32) -> Iterator[TokenServer]:
    """The endpoints on a free port, over HTTP, which is for loopback only."""
    made = TokenServer(key)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, said = made.answer(urlsplit(self.path).path, dict(parse_qsl(body.decode())))
            data = (said if isinstance(said, str) else json.dumps(said)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at `asked`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
