"""The token endpoint: what it is asked, and what each of its answers means."""

import pytest

from mailctl.domain.account import Grant
from mailctl.errors import (
    LoginNeededError,
    LoginRefusedError,
    ProtocolError,
    ServerRefusedError,
    TemporaryError,
)
from mailctl.remote.oauth import by_itself, renewed
from support.token_server import CLIENT, client_at, token_server


@pytest.fixture
def server():
    with token_server() as made:
        yield made


def test_a_refresh_token_brings_an_access_token_and_stays(server):
    token = renewed(client_at(server), "s3cret", "first")

    assert token.access_token == server.given[-1]
    assert token.refresh_token == "first"
    assert 3590 < token.expires_at - token.issued_at <= 3600
    assert server.asked == [{"grant_type": "refresh_token", "refresh_token": "first", "client_id": CLIENT,
                             "client_secret": "s3cret", "path": "/token"}]  # fmt: skip


def test_a_refresh_token_that_is_replaced_is_the_new_one(server):
    server.rotates = True

    assert renewed(client_at(server), None, "first").refresh_token in server.refresh_tokens
    assert "client_secret" not in server.asked[0]


def test_a_program_asks_for_itself(server):
    token = by_itself(client_at(server, grant=Grant.CLIENT), "s3cret")

    assert token.refresh_token == ""
    assert server.asked[0]["grant_type"] == "client_credentials"
    assert server.asked[0]["scope"] == "mail offline_access"


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": "AADSTS7:\r\n gone"}, LoginNeededError, "AADSTS7: gone"),
        (400, {"error": "interaction_required"}, LoginNeededError, "log in again"),
        (401, {"error": "invalid_client"}, LoginRefusedError, f"refused the client '{CLIENT}'"),
        (400, {"error": "invalid_scope"}, ServerRefusedError, "invalid_scope"),
        (400, {"error": "x\x1b[31m\x00y"}, ServerRefusedError, r"x\\x1b\[31m\\x00y"),
        (503, "<html>later</html>", TemporaryError, "it answered 503"),
        (429, "", TemporaryError, "it answered 429"),
        (400, {"error": "temporarily_unavailable"}, TemporaryError, "temporarily_unavailable"),
        (404, "not here", ServerRefusedError, "it answered 404"),
        (302, "", ServerRefusedError, "it answered 302"),
        (200, "<html>a captive portal</html>", ProtocolError, "is it a token endpoint"),
        (200, {"access_token": ["x"]}, ProtocolError, "is it a token endpoint"),
        (200, {}, ProtocolError, "no usable access token"),
        (200, {"access_token": "a\r\nb"}, ProtocolError, "no usable access token"),
        (200, {"access_token": "tökn"}, ProtocolError, "no usable access token"),
        (200, {"access_token": "a", "refresh_token": "b\x00"}, ProtocolError, "no usable access token"),
        (200, {"access_token": "a", "token_type": "mac"}, ProtocolError, "another kind"),
    ],
)  # fmt: skip
def test_each_refusal_in_words(server, status, answer, error, words):
    server.script.append((status, answer))

    with pytest.raises(error, match=words) as caught:
        renewed(client_at(server), "s3cret", "first-r3fresh")

    assert type(caught.value) is error
    assert "s3cret" not in str(caught.value)
    assert "r3fresh" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "life"),
    [
        (120, 120),
        ("120", 120),
        (None, 3600),
        ("soon", 3600),
        (-5, 3600),
        (0, 3600),
        (1e300, 366 * 86400),
        ("nan", 3600),
    ],
)
def test_how_long_a_token_lasts(server, told, life):
    server.script.append((200, {"access_token": "a", "expires_in": told}))

    token = renewed(client_at(server), None, "first")

    assert token.expires_at - token.issued_at == life


def test_a_long_quote_is_cut(server):
    server.script.append((400, {"error": "invalid_grant", "error_description": "x" * 5000}))

    with pytest.raises(LoginNeededError) as caught:
        renewed(client_at(server), None, "first")

    assert len(str(caught.value)) < 500
