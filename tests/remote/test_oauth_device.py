"""A code that is typed in elsewhere (RFC 8628): waited for, slower when asked, and not for ever."""

import pytest

from mailctl.errors import LoginRefusedError, ProtocolError
from mailctl.remote import oauth_device
from mailctl.remote.oauth_device import by_device
from support.token_server import client_at, token_server

PENDING = (400, {"error": "authorization_pending"})
BEGUN = (200, {"device_code": "dev", "user_code": "WDJB-MJHT", "verification_url": "https://g.co/device",
               "expires_in": "60", "interval": 0.1})  # fmt: skip


@pytest.fixture
def server():
    with token_server() as made:
        yield made


def test_whoever_types_in_the_code_gives_the_tokens(server):
    server.script.extend([BEGUN, PENDING, PENDING])
    shown = []

    token = by_device(client_at(server), "s3cret", show=lambda *words: shown.append(words))

    assert shown == [("https://g.co/device", "WDJB-MJHT")]
    assert token.refresh_token.startswith("refresh-")
    assert [form["path"] for form in server.asked] == ["/device", "/token", "/token", "/token"]
    assert server.asked[-1]["device_code"] == "dev"
    assert server.asked[0]["scope"] == "mail offline_access"


def test_the_server_may_ask_for_patience_or_be_away_for_a_while(server, monkeypatch):
    monkeypatch.setattr(oauth_device, "MORE", 0.05)
    server.script.extend([BEGUN, (400, {"error": "slow_down"}), (503, "later")])

    assert by_device(client_at(server), None, show=lambda *_: None).access_token


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "authorization_declined"])
def test_a_no_ends_it(server, error):
    server.script.extend([BEGUN, (400, {"error": error})])

    with pytest.raises(LoginRefusedError, match=error):
        by_device(client_at(server), None, show=lambda *_: None)


def test_nobody_comes(server):
    server.script.extend([BEGUN, *[PENDING] * 20])

    with pytest.raises(LoginRefusedError, match="nobody logged in within 1 s"):
        by_device(client_at(server), None, show=lambda *_: None, wait=1)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"device_code": "d", "user_code": "u"},
        {"device_code": "d", "user_code": "u", "verification_uri": "file:///x"},
    ],
)
def test_what_is_no_device_endpoint(server, answer):
    server.script.append((200, answer))

    with pytest.raises(ProtocolError, match="is it a device endpoint"):
        by_device(client_at(server), None, show=lambda *_: None)
