"""`mailctl password` keeps passwords in the keyring, for who may manage the account."""

import os
import sys
from pathlib import Path

import pytest

from conftest import ok
from support import memory_keyring
from support.terminal import on_terminal

HOSTS = ("--imap-host", "imap.firm.example", "--smtp-host", "smtp.firm.example", "--no-discover")
IMAP, SMTP = "contact@firm.example@imap.firm.example", "contact@firm.example@smtp.firm.example"


@pytest.fixture(autouse=True)
def keyring(monkeypatch):
    """The memory keyring, empty."""
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)


@pytest.fixture
def contact(cli, store) -> Path:
    """An account whose password is in the keyring, and which has none yet."""
    ok(cli("account", "add", "contact", "--address", "contact@firm.example", *HOSTS))
    return store


def passwords() -> dict[str, str]:
    """What the keyring holds, by LOGIN@HOST."""
    return {user: secret for (_, user), secret in memory_keyring.kept.items()}


def test_set_keeps_the_password_for_both_servers(cli, contact):
    ran = cli("password", "set", "contact", input="pä55 wörd\n")

    assert ran.status == 0
    assert ran.out == ""
    assert passwords() == {IMAP: "pä55 wörd", SMTP: "pä55 wörd"}


def test_set_shows_the_password_nowhere(cli, contact):
    ran = cli("password", "set", "contact", "--json", input="hunter2")

    assert ran.json == {"account": "contact", "users": [IMAP, SMTP]}
    assert "hunter2" not in ran.out + ran.err
    assert all("hunter2" not in path.read_text() for path in contact.rglob("*.toml"))


def test_a_checker_only_account_has_one_server(cli, store):
    ok(cli("account", "add", "watch", "--address", "watch@firm.example", *HOSTS[:2], "--checker-only"))

    ok(cli("password", "set", "watch", input="secret"))

    assert passwords() == {"watch@firm.example@imap.firm.example": "secret"}


def test_one_host_and_login_is_one_entry(cli, store):
    ok(cli("account", "add", "one", "--address", "a@firm.example", "--imap-host", "mail.x", "--smtp-host", "mail.x"))

    assert ok(cli("password", "set", "one", "--json", input="s")).json["users"] == ["a@firm.example@mail.x"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param("", "the password is empty", id="nothing"),
        pytest.param("\n", "the password is empty", id="an empty line"),
        pytest.param("two\nlines\n", "line break or NUL", id="two lines"),
        pytest.param("a\0b", "line break or NUL", id="a NUL"),
    ],
)
def test_what_no_password_can_be_is_refused(cli, contact, given, said):
    ran = cli("password", "set", "contact", input=given)

    assert ran.status == 65
    assert said in ran.err
    assert passwords() == {}


def test_set_refuses_an_account_whose_password_is_elsewhere(cli, store):
    ok(cli("account", "add", "ci", "--address", "ci@firm.example", *HOSTS, "--password-env", "CI_PASSWORD"))

    ran = cli("password", "set", "ci", input="secret")

    assert ran.status == 2
    assert ran.err.splitlines() == [
        "mailctl: error: auth.secret is 'env': mailctl only reads from there",
        "hint: mailctl account set ci auth.secret=keyring",
    ]


@pytest.mark.parametrize("command", [("set",), ("delete", "--yes")], ids=["set", "delete"])
def test_changing_a_password_takes_the_right_to_manage(cli, contact, command):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))
    ok(cli("rights", "grant", "contact", "bob", "organize,send"))

    ran = cli("--as", "bob", "password", command[0], "contact", *command[1:], input="secret")

    assert ran.status == 77
    assert "the right 'manage' is missing" in ran.err
    assert passwords() == {}


def test_delete_forgets_the_password_of_both_servers(cli, contact):
    ok(cli("password", "set", "contact", input="secret"))

    ok(cli("password", "delete", "contact", "--yes"))

    assert passwords() == {}


def test_deleting_what_is_not_there_is_no_error(cli, contact):
    assert ok(cli("password", "delete", "contact", "--yes", "--json")).json["users"] == [IMAP, SMTP]


def test_delete_needs_yes_where_nobody_can_be_asked(cli, contact):
    ok(cli("password", "set", "contact", input="secret"))

    ran = cli("password", "delete", "contact")

    assert ran.status == 2
    assert len(passwords()) == 2


def test_an_unknown_account_is_guessed(cli, contact):
    ran = cli("password", "set", "contcat", input="secret")

    assert ran.status == 67
    assert "did you mean 'contact'?" in ran.err


def test_on_a_terminal_the_password_is_asked_for_and_not_echoed(contact):
    program = str(Path(sys.executable).with_name("mailctl"))
    environ = {**os.environ, "PYTHONPATH": str(Path(memory_keyring.__file__).parents[1])}

    shown = on_terminal(
        program, "password", "set", "contact", answers={"password of 'contact'": "hunter2"}, environ=environ
    )

    assert shown.status == 0, shown.text
    assert "kept the password for" in shown.text
    assert "hunter2" not in shown.text


@pytest.mark.parametrize("words", [("set",), ("check",), ("delete", "--yes")], ids=" ".join)
def test_without_a_keyring_the_hint_can_be_typed(cli, contact, monkeypatch, words):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    ran = cli("password", words[0], "contact", *words[1:], input="x")

    assert ran.status == 77
    assert "hint: keep it elsewhere: mailctl account set contact auth.secret=command" in ran.err
