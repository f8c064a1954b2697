"""`mailctl login`: what is shown, what is kept, and what is refused."""

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import ok
from support import memory_keyring
from support.token_server import CLIENT, add_account, token_server

PROGRAM = Path(sys.executable).with_name("mailctl")
TESTS = Path(__file__).parents[1]


@pytest.fixture
def server():
    with token_server() as made:
        yield made


@pytest.fixture
def account(cli, store, server, monkeypatch):
    """An account that logs in with tokens of the server's."""
    add_account(cli, server, monkeypatch)
    return "contact"


def test_a_code_is_shown_and_the_tokens_are_kept(cli, account, server):
    ran = ok(cli("login", account, "--device", "--json"))

    assert f"open {server.url}/here and type in the code WDJB-MJHT" in ran.err
    assert ran.json["user"] == "contact@firm.example@127.0.0.1"
    assert ran.json["renewable"]
    assert not any(token in ran.out + ran.err for token in server.given)
    assert server.given[-1] in memory_keyring.kept["mailctl", "contact@firm.example@127.0.0.1"]


def test_nobody_comes(cli, account):
    ran = cli("login", account, "--wait", "1")

    assert ran.status == 77
    assert "nobody logged in within 1 s" in ran.err
    assert "hint: mailctl login contact" in ran.err
    assert memory_keyring.kept == {}


def running(account: str, *more: str) -> subprocess.Popen[str]:
    """`mailctl login` in a process of its own, without a terminal."""
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(
        [PROGRAM, "login", account, *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environ,
    )  # fmt: skip


def address_of(program: subprocess.Popen[str]) -> str:
    """The address that it says to open."""
    found = re.search(r"http://\S+", program.stderr.readline())
    assert found
    return found[0]


def test_a_browser_anywhere_may_bring_the_code_back(account, server):
    with running(account, "--json") as program:
        parts = urlsplit(server.agree(address_of(program)))
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connection.request("GET", f"/?{parts.query}")
        assert b"You are logged in" in connection.getresponse().read()
        connection.close()
        out, err = program.communicate(timeout=30)

    assert program.returncode == 0, err
    assert '"grant": "code"' in out
    assert not any(token in out + err for token in server.given)


def test_ctrl_c_ends_the_waiting_with_130(account):
    with running(account) as program:
        address_of(program)
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=30)

    assert program.returncode == 130, err
    assert out == ""


def test_an_account_with_a_password_is_not_logged_in(cli, firm):
    ran = cli("login", "contact")

    assert ran.status == 2
    assert "logs in with a password" in ran.err


def test_a_provider_wants_a_client_id_first(cli, store):
    ok(cli("account", "add", "me", "--address", "me@gmail.com"))

    ran = cli("login", "me")

    assert ran.status == 78
    assert "auth.client_id is missing" in ran.err
    assert "hint: mailctl account set me auth.client_id=…" in ran.err


def test_a_client_that_must_have_a_secret_says_how_it_is_kept(cli, store, monkeypatch):
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)
    ok(cli("account", "add", "me", "--address", "me@gmail.com"))
    ok(cli("account", "set", "me", "auth.client_id=123.apps"))

    ran = cli("login", "me", "--wait", "1")

    assert ran.status == 77
    assert "hint: mailctl password set me" in ran.err
    ok(cli("password", "set", "me", input="the client's secret"))
    assert memory_keyring.kept == {("mailctl", "123.apps@oauth2.googleapis.com"): "the client's secret"}


def test_forgetting_forgets_the_tokens_and_leaves_the_client_to_the_others(cli, account, server):
    ok(cli("login", account, "--device"))
    ok(cli("password", "set", account, input="client's"))

    ok(cli("password", "delete", account, "--yes"))

    assert list(memory_keyring.kept) == [("mailctl", f"{CLIENT}@127.0.0.1")]


def test_removing_an_account_forgets_its_tokens(cli, account, server):
    ok(cli("login", account, "--device"))

    ok(cli("account", "remove", account, "--yes"))

    assert memory_keyring.kept == {}
