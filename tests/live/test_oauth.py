"""OAuth2 against real servers that check the tokens: sending, fetching and watching, while tokens expire and end."""

import base64
import subprocess
import time

import pytest
from msgspec.structs import replace

from conftest import ok
from mailctl.domain.oauth import token_of
from support import memory_keyring
from support.rig import TOKEN_KEY
from support.token_server import CLIENT, token_server
from support.watching import checking, note, settings

pytestmark = pytest.mark.live
USER = ("mailctl", "alice@127.0.0.1")


@pytest.fixture
def tokens(mail):
    key = base64.b64decode((mail.home / TOKEN_KEY).read_text())
    with token_server(key) as made:
        yield made


@pytest.fixture
def account(cli, store, mail, tokens, monkeypatch):
    """An account of alice's that logs in with tokens, and has logged in."""
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)
    settings(store)
    ok(cli("account", "add", "alice", "--address", mail.address("alice"), "--login", "alice", "--imap-host", mail.host,
           "--imap-port", str(mail.imaps_port), "--imap-security", "tls", "--smtp-host", mail.host, "--smtp-port",
           str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file), "--auth", "oauth2",
           "--no-discover"))  # fmt: skip
    ok(cli("account", "set", "alice", f"auth.client_id={CLIENT}", "auth.grant=device", "checker.enabled=true",
           f"auth.token_url={tokens.url}/token", f"auth.device_url={tokens.url}/device"))  # fmt: skip
    ok(cli("login", "alice"))
    tokens.asked.clear()
    return "alice"


def test_a_token_logs_in_at_both_servers(cli, account, tokens, tmp_path):
    ran = ok(cli("--trace", str(tmp_path / "trace"), "password", "check", account))

    assert [(row[0], row[3]) for row in ran.rows] == [("imap", "yes"), ("smtp", "yes")]
    assert tokens.asked == []
    assert not any(token in (tmp_path / "trace").read_text() for token in tokens.given)


@pytest.mark.parametrize("words", [("send", "bob@mail.test", "-s", "Plans"), ("fetch",)])
def test_a_token_that_expired_meanwhile_is_renewed_by_whoever_needs_it(cli, account, tokens, mail, words):
    tokens.life = 1
    ok(cli("login", account))
    expired = tokens.given[-1]
    tokens.life = 3600
    until = time.time() + 2.1
    while time.time() < until:
        time.sleep(0.05)

    ok(cli(*words, "-a", account, input="Hi"))

    assert tokens.asked[-1]["grant_type"] == "refresh_token"
    assert tokens.given[-1] != expired
    assert tokens.given[-1] in memory_keyring.kept[USER]


def test_a_token_that_a_server_no_longer_takes_is_renewed_once(cli, account, tokens):
    age(access_token=tokens.given[-1][:-3] + "AAA", issued_at=time.time() - 600)

    ok(cli("fetch", "-a", account))

    assert len(tokens.asked_for("refresh_token")) == 1


def test_a_consent_that_was_taken_back_ends_a_fetch_with_77(cli, account, tokens, mail):
    tokens.refresh_tokens = {"none of yours"}
    age(expires_at=time.time() - 1)

    ran = cli("fetch", "-a", account, "--json")

    assert ran.status == 77, ran.err
    assert "expired or revoked" in ran.err
    assert "mailctl login alice" in ran.err


def test_the_checker_goes_on_with_new_tokens_while_the_old_ones_expire(cli, account, tokens, mail):
    tokens.life = 2
    ok(cli("login", account))
    ok(cli("account", "set", account, "checker.mode=idle"))
    with checking(idle_period=0.5) as checker:
        checker.until(lambda: checker.states() == {"idling"})
        for round_ in range(3):
            given = len(tokens.given)
            checker.until(lambda given=given: drop(mail) and len(tokens.given) > given)
            checker.until(lambda: checker.states() == {"idling"})
            mail.deliver("alice", note(f"Plans {round_}"))
            checker.until(lambda round_=round_: sum(one["fresh"] for one in checker.named("told")) > round_)

    assert len(tokens.asked_for("refresh_token")) >= 3
    assert not [one for one in checker.named("failed") if one["state"] == "refused"]


def age(**changed: object) -> None:
    """Change what is kept of alice's tokens."""
    token = token_of(memory_keyring.kept[USER])
    assert token is not None
    memory_keyring.kept[USER] = replace(token, **changed).kept()


def drop(mail) -> bool:
    """Have Dovecot end alice's sessions, as servers do when a token ends."""
    subprocess.run(["doveadm", "-c", str(mail.home / "dovecot/dovecot.conf"), "kick", "alice"], check=False,
                   capture_output=True)  # fmt: skip
    return True


def test_a_consent_that_was_taken_back_stops_the_checker_until_somebody_logs_in(cli, account, tokens, mail):
    tokens.refresh_tokens = {"none of yours"}
    age(expires_at=time.time() - 1)
    with checking() as checker:
        checker.until(lambda: checker.states() == {"refused"})
        checker.until(lambda: any("log in again" in line or "alice" in line for line in checker.told))
        asked = len(tokens.asked)
        checker.until(lambda: checker.daemon.watches["alice"].due > time.monotonic() + 0.15)
        told = list(checker.told)

        ok(cli("login", account))
        mail.deliver("alice", note("Plans"))

        checker.until(lambda: checker.states() == {"idling"})
        checker.until(lambda: "alice: 1 new message" in checker.told)
    assert len(told) == 1
    assert len([form for form in tokens.asked[:asked] if form["grant_type"] == "refresh_token"]) == 1
