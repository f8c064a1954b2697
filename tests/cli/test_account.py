"""Accounts are added, looked at, changed, renamed and removed as the command line's contract says."""

import stat
import tomllib

import pytest

from conftest import ok

SERVERS = ("--imap-host", "mail.firm.example", "--smtp-host", "mail.firm.example")


def file_of(store, name):
    return tomllib.loads((store / f"accounts/{name}.toml").read_text())


def test_an_account_is_one_file_that_only_its_owner_reads(cli, store):
    ok(cli("account", "add", "contact", "--address", "contact@firm.example", *SERVERS, "--login", "c"))

    path = store / "accounts/contact.toml"
    assert file_of(store, "contact") == {
        "address": "contact@firm.example",
        "login": "c",
        "incoming": {"host": "mail.firm.example"},
        "outgoing": {"host": "mail.firm.example"},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_preset_is_found_by_the_address(cli, store):
    shown = ok(cli("account", "add", "me", "--address", "someone@gmail.com", "--json")).json

    assert shown["provider"] == "gmail"
    assert shown["incoming"]["host"] == "imap.gmail.com"
    assert "incoming" not in file_of(store, "me")


def test_no_discover_leaves_the_preset_alone(cli, store):
    ran = cli("account", "add", "me", "--address", "someone@gmail.com", "--no-discover")

    assert ran.status == 65
    assert "--imap-host" in ran.err
    assert not list((store / "accounts").iterdir())


def test_a_personal_account_belongs_to_its_owner(cli, firm):
    ok(cli("account", "add", "bob", "--address", "bob@firm.example", "--owner", "bob", *SERVERS))

    assert file_of(firm, "bob")["kind"] == "personal"
    assert ok(cli("rights", "check", "bob", "manage", "-c", "bob")).out == "yes\n"


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--address", "no-at-sign"), 65, "no @"),
        (("--address", "a@b\r\nBcc: x@y"), 65, "control character"),
        (("--address", "a@firm.example", "--owner", "nobody"), 67, "no collaborator 'nobody'"),
        (("--address", "a@firm.example", "--grant", "bbo:read"), 67, "no collaborator 'bbo'"),
        (("--address", "a@firm.example", "--grant", "bob:fly"), 65, "no right 'fly'"),
        (("--address", "a@firm.example", "--grant", "bob"), 65, "no grant"),
        (("--address", "a@firm.example", "--provider", "gmial"), 67, "gmail"),
        (("--address", "a@firm.example", "--imap-port", "0"), 65, "incoming.port"),
        (("--address", "a@firm.example", "--password-env", "A-B"), 65, "auth.env"),
        (("--address", "a@firm.example", "--password-env", "A", "--password-command", "b"), 2, "one place"),
        (("--address", "a@firm.example", "--kind", "team"), 2, "team"),
        (("--address", "a@firm.example", "--kind", "personal"), 65, "owner"),
        ((), 2, "--address"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(cli, firm, options, status, said):
    before = {path: path.read_bytes() for path in firm.rglob("*") if path.is_file()}

    ran = cli("account", "add", "new", *SERVERS, *options)

    assert ran.status == status, ran.err
    assert said in ran.err
    assert len(ran.err.splitlines()) <= 2
    assert {path: path.read_bytes() for path in firm.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "", "a\nb", "x" * 200, "é"])
def test_a_name_that_no_file_should_have_is_refused(cli, store, name):
    ran = cli("account", "add", name, "--address", "a@firm.example", *SERVERS)

    assert ran.status == 65
    assert not list((store / "accounts").iterdir())


def test_a_taken_name_is_refused(cli, firm):
    ran = cli("account", "add", "contact", "--address", "other@firm.example", *SERVERS)

    assert ran.status == 73
    assert file_of(firm, "contact")["address"] == "contact@firm.example"


def test_a_password_without_a_keyring_adds_nothing(cli, firm):
    ran = cli("account", "add", "new", "--address", "n@firm.example", *SERVERS, "--password-stdin", input="secret\n")

    assert ran.status == 77
    assert "secret" not in ran.err
    assert not (firm / "accounts/new.toml").exists()


def test_an_unknown_account_is_guessed(cli, firm):
    ran = cli("account", "show", "contcat")

    assert ran.status == 67
    assert ran.err == "mailctl: error: no account 'contcat'\nhint: did you mean 'contact'? mailctl account list\n"


def test_the_list_is_tab_separated_in_a_pipe_and_an_array_in_json(cli, firm):
    rows = ok(cli("account", "list")).rows
    documents = ok(cli("account", "list", "--json")).json

    assert [row[0] for row in rows] == ["billing", "carol", "contact", "watch"]
    assert documents[2] == {
        "name": "contact",
        "address": "contact@firm.example",
        "kind": "group",
        "owner": None,
        "checker_only": False,
        "my_rights": ["read", "organize", "send"],
    }


def test_a_colleague_sees_only_what_is_hers(cli, firm):
    rows = ok(cli("--as", "carol", "account", "list")).rows

    assert [row[0] for row in rows] == ["carol"]
    assert cli("--as", "carol", "account", "show", "contact").status == 77


def test_dotted_keys_are_set_and_unset(cli, firm):
    ok(cli("account", "set", "contact", "incoming.port=143", "notes=rented", "auth.command=pass show 'my mail'"))

    changed = file_of(firm, "contact")
    assert changed["incoming"]["port"] == 143
    assert changed["auth"]["command"] == ["pass", "show", "my mail"]

    ok(cli("account", "unset", "contact", "incoming.port", "notes"))

    assert "port" not in file_of(firm, "contact")["incoming"]
    assert "notes" not in file_of(firm, "contact")


@pytest.mark.parametrize(
    ("pair", "status", "said"),
    [
        ("incoming.prot=143", 65, "did you mean 'port'"),
        ("incoming.port=abc", 65, "whole number"),
        ("checker_only=perhaps", 65, "true or false"),
        ("kind=team", 65, "group, personal"),
        ("rights.nobody=read", 67, "no collaborator 'nobody'"),
        ("owner=bob", 65, "group account has no owner"),
        ("provider=gmial", 67, "gmail"),
        ("name=other", 65, "unknown key"),
        ("no-equals", 2, "KEY=VALUE"),
    ],
)
def test_a_wrong_key_or_value_changes_nothing(cli, firm, pair, status, said):
    before = (firm / "accounts/contact.toml").read_bytes()

    ran = cli("account", "set", "contact", pair)

    assert ran.status == status, ran.err
    assert said in ran.err
    assert (firm / "accounts/contact.toml").read_bytes() == before


def test_changing_an_account_takes_manage_or_an_administrator(cli, firm):
    refused = cli("--as", "bob", "account", "set", "contact", "notes=mine")
    allowed = cli("--as", "bob", "account", "set", "billing", "notes=mine")

    assert refused.status == 77
    assert "'manage'" in refused.err
    assert allowed.status == 0


def test_a_renamed_account_keeps_its_place_everywhere(cli, firm):
    ok(cli("collaborator", "set", "bob", "default_account=contact"))

    ok(cli("account", "rename", "contact", "hello"))

    assert not (firm / "accounts/contact.toml").exists()
    assert ok(cli("collaborator", "show", "bob", "--json")).json["default_account"] == "hello"
    assert cli("account", "rename", "hello", "billing").status == 73


def test_removing_asks_and_without_a_terminal_wants_yes(cli, firm):
    refused = cli("account", "remove", "contact")
    done = cli("account", "remove", "contact", "--yes")

    assert refused.status == 2
    assert done.status == 0
    assert not (firm / "accounts/contact.toml").exists()


def test_a_lost_comment_is_told_and_kept_aside(cli, firm):
    path = firm / "accounts/contact.toml"
    path.write_text(path.read_text() + "# renewed each March\n")

    ran = ok(cli("account", "set", "contact", "notes=x"))

    assert "comments are gone" in ran.err
    assert "renewed each March" in (firm / ".former/accounts/contact.toml").read_text()


def test_a_name_with_a_line_break_at_its_end_is_refused(cli, firm):
    ran = cli("account", "add", "new\n", "--address", "new@firm.example", "--provider", "ovh", "--no-discover")

    assert ran.status == 65
    assert not [path for path in (firm / "accounts").iterdir() if "new" in path.name]
