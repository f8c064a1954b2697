"""No command reaches a secret or a server but through the door: every one is called by somebody without rights."""

import ast
import socket
from pathlib import Path

import pytest
import typer.main

import mailctl
from conftest import ok
from mailctl.cli.app import COMMANDS, module_of
from mailctl.loading import load

SOURCE = Path(mailctl.__file__).parent
# What each command is called with. A new command needs a line here, which is how it gets into this test.
CALLS = {
    "init": [],
    "account add": ["new", "--address", "n@firm.example", "--imap-host", "localhost", "--smtp-host", "localhost",
                    "--test", "--password-command", "PROBE"],
    "account import": ["csv", "-"],
    "account list": [],
    "account show": ["contact"],
    "account set": ["contact", "notes=x"],
    "account unset": ["contact", "notes"],
    "account rename": ["contact", "other"],
    "account remove": ["contact", "--yes"],
    "collaborator add": ["dan", "--name", "Dan", "--email", "dan@firm.example"],
    "collaborator list": [],
    "collaborator show": ["bob"],
    "collaborator set": ["bob", "title=x"],
    "collaborator unset": ["bob", "title"],
    "collaborator remove": ["bob", "--yes"],
    "rights grant": ["contact", "dave", "read"],
    "rights revoke": ["contact", "bob"],
    "rights list": [],
    "rights check": ["contact", "send"],
    "rights report": [],
    "rights diff": ["contact"],
    "rights push": ["contact"],
    "signature show": ["contact"],
    "signature set": ["contact", "--text", "-"],
    "signature edit": ["contact"],
    "signature clear": ["contact", "--yes"],
    "signature check": ["contact"],
    "password set": ["contact"],
    "password check": ["contact"],
    "password delete": ["contact", "--yes"],
    "login": ["contact"],
    "provider list": [],
    "provider show": ["gmail"],
    "apply": ["-"],
    "export": [],
    "store check": [],
    "store log": ["contact"],
    "store sync": [],
    "store path": [],
    "store schema": ["account"],
    "whoami": [],
    "affair add": ["2026-014", "--title", "Hall"],
    "affair list": [],
    "affair show": ["2026-014"],
    "affair set": ["2026-014", "notes=x"],
    "affair unset": ["2026-014", "notes"],
    "affair close": ["2026-014"],
    "affair reopen": ["2026-014"],
    "affair rename": ["2026-014", "2026-015"],
    "affair remove": ["2026-014", "--yes"],
    "affair link": ["2026-014", "1"],
    "affair unlink": ["2026-014", "1"],
    "affair mails": ["2026-014"],
    "affair export": ["2026-014", "handover"],
    "affair auto": [],
    "affair inbox": [],
    "template list": [],
    "template show": ["relance"],
    "template check": [],
    "template render": ["relance", "-a", "contact"],
    "template new": ["other"],
    "template edit": ["relance"],
    "template remove": ["relance", "--yes"],
    "merge": ["relance", "--csv", "/dev/null", "-a", "contact"],
    "send": ["anna@firm.example", "-a", "contact", "-s", "Plans"],
    "reply": ["1", "-a", "contact"],
    "forward": ["1", "anna@firm.example", "-a", "contact"],
    "draft list": ["-a", "contact"],
    "draft send": ["1", "-a", "contact"],
    "draft drop": ["1", "-a", "contact", "--yes"],
    "outbox list": [],
    "outbox show": ["1"],
    "outbox flush": [],
    "outbox retry": ["1"],
    "outbox drop": ["1", "--yes"],
    "outbox install": [],
    "outbox uninstall": [],
    "fetch": ["-a", "contact"],
    "list": ["-a", "contact"],
    "search": ["plans", "-a", "contact"],
    "read": ["1"],
    "save": ["1"],
    "flag": ["1", "--seen"],
    "move": ["1", "Archive"],
    "delete": ["1", "--expunge", "--yes"],
    "folders": ["-a", "contact"],
    "checker status": [],
    "checker once": [],
    "checker run": None,  # lasts until it is told to end: tests/checker, tests/live/test_daemon.py
    "checker test": [],
    "checker install": ["--autostart"],
    "checker uninstall": [],
    "demo": None,  # a firm of its own, on servers of its own: tests/cli/test_demo.py
}  # fmt: skip
# What names an account of which the actor has no right must be refused for that reason
REFUSED = {
    "account add", "account import", "account show", "account set", "account unset", "account rename", "account remove",
    "collaborator add", "collaborator set", "collaborator unset", "collaborator remove", "rights grant",
    "rights revoke", "rights report", "rights diff", "rights push", "signature show", "signature set", "signature edit",
    "signature clear", "signature check", "template list", "template show", "template check", "template render",
    "template new", "template edit", "template remove", "merge", "password set",
    "password check", "password delete", "login", "send", "draft list", "draft send", "draft drop", "fetch",
    "list", "search", "folders", "apply", "store log", "store sync",
}  # fmt: skip


def leaves() -> list[str]:
    found = []
    for name in COMMANDS:
        command = typer.main.get_command(load(f"mailctl.cli.{module_of(name)}:app"))
        inner = getattr(command, "commands", None)
        found += [f"{name} {sub}" for sub in inner] if inner else [name]
    return found


@pytest.fixture
def probe(firm, tmp_path, monkeypatch):
    """Accounts whose secret leaves a trace when it is read, and sockets that do the same."""
    touched = tmp_path / "secret-was-read"
    monkeypatch.setenv("EDITOR", "false")
    for path in (firm / "accounts").glob("*.toml"):
        text = path.read_text()
        path.write_text(
            text.replace(
                'secret = "env"\nenv = "FIRM_PASSWORD"', f'secret = "command"\ncommand = ["touch", "{touched}"]'
            )
        )
    connections = []
    original = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: (connections.append(address), original(self, address))
    )
    return touched, connections


def test_every_command_is_in_the_table():
    assert set(leaves()) <= set(CALLS)


@pytest.mark.parametrize("command", [name for name in leaves() if CALLS.get(name) is not None])
def test_without_a_right_nothing_secret_or_remote_is_reached(cli, firm, probe, command):
    touched, connections = probe
    ok(cli("collaborator", "add", "dave", "--name", "Dave", "--email", "dave@firm.example"))
    words = [word.replace("PROBE", f"touch {touched}") for word in CALLS[command]]

    ran = cli("--as", "dave", *command.split(), *words, input="text\n")

    assert not touched.exists()
    assert not connections
    assert ran.status != 70, ran.err
    assert "Traceback" not in ran.err
    if command in REFUSED:
        assert ran.status == 77, (ran.status, ran.err)


@pytest.mark.parametrize("command", ["send", "fetch", "password check"])
def test_with_the_right_the_probe_would_have_seen_it(cli, firm, probe, command):
    touched, _ = probe

    cli(
        "--as",
        "bob",
        *command.split(),
        *[word.replace("contact", "billing") for word in CALLS[command]],
        input="text\n",
    )

    assert touched.exists()


@pytest.mark.parametrize("command", ["send", "fetch"])
def test_a_watched_account_neither_sends_nor_fetches(cli, firm, probe, command):
    touched, connections = probe
    ok(cli("rights", "grant", "watch", "bob", "manage"))

    ran = cli(
        "--as", "bob", *command.split(), *[word.replace("contact", "watch") for word in CALLS[command]], input="text\n"
    )

    assert ran.status == 77
    assert "checker-only" in ran.err
    assert not touched.exists()
    assert not connections


def test_only_the_door_and_what_tries_a_new_account_open_a_session():
    openers = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and {"open_imap", "open_smtp"} & {name.name for name in node.names}:
                openers.add(str(path.relative_to(SOURCE)))

    assert openers == {"services/context.py", "services/accounts.py"}


def test_only_the_door_looks_a_secret_up():
    readers = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "mailctl.secrets":
                readers |= {str(path.relative_to(SOURCE)) for name in node.names if name.name == "lookup"}

    assert readers == {"services/secret.py", "services/accounts.py"}


def test_only_the_door_and_a_login_get_tokens():
    getters = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and {"oauth", "by_browser", "by_device", "by_itself"} & {
                name.name for name in node.names
            }:
                getters.add(str(path.relative_to(SOURCE)))

    assert getters == {"services/secret.py", "services/login.py"}
