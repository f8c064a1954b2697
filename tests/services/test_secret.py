"""Access tokens: had in time, by one process at a time, kept in the keyring and nowhere else."""

import threading
import time

import pytest

from conftest import LOGIN, ok
from mailctl.domain.oauth import Token
from mailctl.domain.rights import Right
from mailctl.errors import LoginNeededError, SecretUnavailableError, TemporaryError
from mailctl.services.opening import opened
from mailctl.services.secret import kept
from support import memory_keyring
from support.token_server import CLIENT, add_account, token_server


@pytest.fixture
def server():
    with token_server() as made:
        yield made


@pytest.fixture
def ctx(cli, store, server, monkeypatch):
    """A context in which `contact` logs in with tokens of the server's."""
    add_account(cli, server, monkeypatch)
    return context()


def context():
    import os

    return opened(os.environ, login=LOGIN, tell=lambda *_: None)


def remembered(**more) -> Token:
    now = time.time()
    fields = {"client_id": CLIENT, "access_token": "old", "refresh_token": "first", "issued_at": now - 3500,
              "expires_at": now + 100, **more}  # fmt: skip
    token = Token(**fields)
    memory_keyring.kept["mailctl", "contact@firm.example@127.0.0.1"] = token.kept()
    return token


def said(ctx) -> str:
    account = ctx.account("contact", need=Right.READ)
    return ctx.secret(account, ctx.incoming(account))


def test_a_token_that_lasts_is_used_as_it_is(ctx, server):
    remembered(issued_at=time.time(), expires_at=time.time() + 3600)

    assert said(ctx) == "old"
    assert server.asked == []


def test_a_token_is_renewed_before_it_expires_and_kept(ctx, server):
    remembered()

    first = said(ctx)

    assert first == server.given[-1]
    assert said(context()) == first
    assert len(server.asked) == 1
    assert list(memory_keyring.kept) == [("mailctl", "contact@firm.example@127.0.0.1")]


def test_many_at_once_renew_once(ctx, server):
    server.rotates, server.delay = True, 0.2
    remembered()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(said(context()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.asked) == 1
    assert set(found) == {server.given[-1]}
    assert len(found) == 8


def test_while_nobody_gives_new_ones_the_old_one_serves_until_it_ends(ctx, server):
    remembered()
    server.script.append((503, "later"))
    assert said(ctx) == "old"

    remembered(expires_at=time.time() - 1)
    server.script.append((503, "later"))
    with pytest.raises(TemporaryError, match="gives no tokens now"):
        said(ctx)


def test_a_consent_that_was_taken_back_says_what_to_type(ctx, server):
    remembered(refresh_token="another")

    with pytest.raises(LoginNeededError, match="expired or revoked") as caught:
        said(ctx)

    assert caught.value.hint == "mailctl login contact"
    assert caught.value.exit_status == 77


@pytest.mark.parametrize("kept_text", [None, "hunter2", "{}"])
def test_who_never_logged_in_is_told_so(ctx, server, kept_text):
    if kept_text:
        memory_keyring.kept["mailctl", "contact@firm.example@127.0.0.1"] = kept_text

    with pytest.raises(SecretUnavailableError, match="is not logged in") as caught:
        said(ctx)

    assert caught.value.hint == "mailctl login contact"
    assert server.asked == []


def test_tokens_of_another_client_are_not_taken(ctx, server):
    remembered(client_id="former", expires_at=time.time() + 3600)

    with pytest.raises(SecretUnavailableError, match="is not logged in"):
        said(ctx)


def test_a_program_whose_secret_is_elsewhere_keeps_its_token_for_itself(cli, ctx, server, monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", "s3cret")
    ok(cli("account", "set", "contact", "auth.grant=client_credentials", "auth.secret=env", "auth.env=CLIENT_SECRET"))
    ctx = context()

    assert said(ctx) == said(ctx) == server.given[-1]

    assert [form["client_secret"] for form in server.asked] == ["s3cret"]
    assert memory_keyring.kept == {}


def test_what_is_kept_tells_a_new_login_from_the_former_without_asking_anybody(ctx, server):
    account = ctx.account("contact", need=Right.READ)
    remembered()
    before = kept(ctx, account, ctx.incoming(account))
    remembered(refresh_token="second")

    assert kept(ctx, account, ctx.incoming(account)) != before
    assert server.asked == []


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("auth.token_url=ftp://x", "expected an address such as https://"),
        ("auth.scopes=a b", "expected a"),
        ("auth.tenant=../x", "expected a firm's domain or number"),
        ("auth.grant=devce", "one of code, device, client_credentials"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_words(cli, ctx, pair, said):
    ran = cli("account", "set", "contact", pair)

    assert ran.status == 65
    assert said in ran.err
