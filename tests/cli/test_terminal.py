"""On a terminal there are tables and questions; nothing is asked that was given or is known."""

import os
import sys
import tomllib

from conftest import ok
from support.terminal import Shown, on_terminal


def run_on_terminal(*words: str, **answers: str) -> Shown:
    return on_terminal(
        sys.executable, "-m", "mailctl", *words, answers=answers, environ={**os.environ, "TERM": "xterm"}
    )


def test_the_form_asks_for_what_is_missing(cli, store):
    shown = run_on_terminal(
        "account", "add", "contact", "--password-env", "X",
        **{"address": "contact@firm.example", "name in From": "Firm", "IMAP server": "", "SMTP server": "out.example"},
    )  # fmt: skip

    assert shown.status == 0, shown.text
    made = tomllib.loads((store / "accounts/contact.toml").read_text())
    assert made["incoming"]["host"] == "imap.firm.example"
    assert made["outgoing"]["host"] == "out.example"
    assert made["display_name"] == "Firm"


def test_what_is_no_address_is_asked_for_again(cli, store):
    shown = run_on_terminal(
        "account", "add", "contact", "--password-env", "X", "--imap-host", "x", "--smtp-host", "x",
        **{"address: ": "bad address", "Error: ": "contact@firm.example", "name in From": ""},
    )  # fmt: skip

    assert shown.status == 0, shown.text
    assert "Error: bad address 'bad address'" in shown.text
    assert tomllib.loads((store / "accounts/contact.toml").read_text())["address"] == "contact@firm.example"


def test_the_form_asks_nothing_that_a_preset_knows(cli, store):
    shown = run_on_terminal("account", "add", "me", "--address", "me@gmail.com", password="")

    assert shown.status == 0, shown.text
    assert "password set me" in shown.text


def test_removing_asks_first(cli, firm):
    shown = run_on_terminal("account", "remove", "contact", **{"remove the account": "n"})

    assert shown.status == 130
    assert (firm / "accounts/contact.toml").exists()


def test_a_list_is_a_table_with_a_header(cli, firm):
    shown = run_on_terminal("account", "list")

    assert "checker only" in shown.text
    assert "contact@firm.example" in shown.text


def test_rights_are_a_matrix(cli, firm):
    shown = run_on_terminal("rights", "list")

    [header, *_] = shown.text.splitlines()
    assert all(name in header for name in ("alice", "bob", "carol"))


def test_no_color_is_obeyed(cli, firm, monkeypatch):
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")

    assert "\x1b[3" not in run_on_terminal("account", "list").text


def test_help_is_grouped(cli):
    shown = run_on_terminal("--help")

    assert "Store" in shown.text
    assert ok(cli("--help")).out
