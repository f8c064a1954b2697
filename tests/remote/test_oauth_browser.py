"""A browser that comes back to a port of this machine: with a code, a refusal, or as somebody else."""

import http.client
import socket
import threading
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec.structs import replace

from mailctl.errors import LoginNeededError, LoginRefusedError, ServerUnreachableError, StoreError, TlsUnavailableError
from mailctl.remote.oauth_browser import by_browser
from support.token_server import client_at, token_server


@pytest.fixture
def server():
    with token_server() as made:
        yield made


def visit(url: str) -> int:
    """Open an address, and give the status of the page."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", f"{parts.path or '/'}?{parts.query}")
    status = connection.getresponse().status
    connection.close()
    return status


class Browser:
    """A browser that does one thing after the other once it is told an address, in a thread of its own."""

    def __init__(self, *steps) -> None:
        self.steps = steps
        self.seen: list[int] = []
        self.shown = ""
        self.thread = threading.Thread(target=self.run)

    def show(self, url: str) -> None:
        self.shown = url
        self.thread.start()

    def run(self) -> None:
        for step in self.steps:
            self.seen.append(step(self.shown))

    @property
    def asks(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.shown).query))


def back_with(**fields):
    """Come back as the address says, with these fields and the right state."""

    def go(url: str) -> int:
        asks = dict(parse_qsl(urlsplit(url).query))
        query = "&".join(f"{name}={value}" for name, value in {"state": asks["state"], **fields}.items())
        return visit(f"{asks['redirect_uri']}?{query}")

    return go


def test_who_agrees_gives_the_tokens(server):
    browser = Browser(lambda url: visit(server.agree(url)))

    token = by_browser(client_at(server), "s3cret", show=browser.show)

    browser.thread.join()
    assert browser.seen == [200]
    assert token.access_token == server.given[-1]
    assert token.refresh_token.startswith("refresh-")


def test_what_the_browser_is_sent_with(server):
    browser = Browser(lambda url: visit(server.agree(url)))

    by_browser(client_at(server, parameters=(("access_type", "offline"),)), None, show=browser.show)

    asks = browser.asks
    assert asks["response_type"] == "code"
    assert asks["code_challenge_method"] == "S256"
    assert asks["login_hint"] == "alice@firm.example"
    assert asks["access_type"] == "offline"
    assert urlsplit(asks["redirect_uri"]).hostname == "127.0.0.1"
    form = server.asked_for("authorization_code")[0]
    assert form["redirect_uri"] == asks["redirect_uri"]
    assert 43 <= len(form["code_verifier"]) <= 128
    assert form["code_verifier"] not in browser.shown


def test_others_who_knock_do_not_end_the_waiting(server):
    def silent(url: str) -> int:
        port = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"]).port
        socket.create_connection(("127.0.0.1", port)).close()
        return 0

    browser = Browser(
        silent,
        lambda url: visit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"] + "/favicon.ico"),
        back_with(state="guessed", code="evil"),
        lambda url: visit(server.agree(url)),
    )

    by_browser(client_at(server), None, show=browser.show)

    browser.thread.join()
    assert browser.seen == [0, 404, 404, 200]
    assert [form["code"] for form in server.asked_for("authorization_code")] == ["code-0"]


def test_who_says_no_ends_it(server):
    browser = Browser(back_with(error="access_denied", error_description="The+user+said+no"))

    with pytest.raises(LoginRefusedError, match="access_denied: The user said no"):
        by_browser(client_at(server), None, show=browser.show)

    browser.thread.join()


def test_a_code_of_somebody_elses_is_worth_nothing(server):
    browser = Browser(back_with(code="stolen"))

    with pytest.raises(LoginNeededError, match="bad verifier"):
        by_browser(client_at(server), None, show=browser.show)

    browser.thread.join()


def test_nobody_comes(server):
    with pytest.raises(LoginRefusedError, match="nobody logged in within 0 s") as caught:
        by_browser(client_at(server), None, show=lambda _: None, wait=0.2)

    assert caught.value.hint == "mailctl login ACCOUNT"


def test_a_port_that_was_registered_is_the_one(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        client = replace(client_at(server), redirect_url=f"http://localhost:{port}/back")
        with pytest.raises(ServerUnreachableError, match="already in use"):
            by_browser(client, None, show=lambda _: None)
    browser = Browser(lambda url: visit(server.agree(url)))

    by_browser(client, None, show=browser.show)

    assert browser.asks["redirect_uri"] == f"http://localhost:{port}/back"


@pytest.mark.parametrize("url", ["https://firm.example/back", "http://firm.example", "https://127.0.0.1/"])
def test_a_way_back_that_is_not_this_machines_is_refused(server, url):
    with pytest.raises(StoreError, match="is not on this machine"):
        by_browser(client_at(server, redirect_url=url), None, show=lambda _: None)


def test_an_address_in_clear_is_not_opened(server):
    with pytest.raises(TlsUnavailableError, match="opened in clear"):
        by_browser(client_at(server, authorization_url="http://sso.firm.example/"), None, show=lambda _: None)
