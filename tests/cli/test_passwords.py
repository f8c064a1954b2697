"""`password set --from-json` keeps many passwords at once, or none; and no file of the store ever holds one."""

import pytest

from conftest import ok
from support import memory_keyring

HOSTS = ("--imap-host", "mail.firm.example", "--smtp-host", "mail.firm.example", "--no-discover")


@pytest.fixture(autouse=True)
def keyring(monkeypatch):
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)


@pytest.fixture
def accounts(cli, store):
    for name in ("contact", "billing"):
        ok(cli("account", "add", name, "--address", f"{name}@firm.example", *HOSTS))
    ok(cli("account", "add", "ci", "--address", "ci@firm.example", *HOSTS, "--password-env", "CI"))
    return store


def passwords():
    return {user.partition("@")[0]: secret for (_, user), secret in memory_keyring.kept.items()}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('{"contact": "pä55 wörd", "billing": "b"}', id="an object"),
        pytest.param(
            '[{"account": "contact", "secret": "pä55 wörd"}, {"secret": "b", "account": "billing"}]', id="an array"
        ),
    ],
)
def test_many_are_kept_at_once(cli, accounts, document):
    ran = ok(cli("password", "set", "--from-json", "--json", input=document))

    assert ran.json == [
        {"account": "contact", "users": ["contact@firm.example@mail.firm.example"]},
        {"account": "billing", "users": ["billing@firm.example@mail.firm.example"]},
    ]
    assert passwords() == {"contact": "pä55 wörd", "billing": "b"}


def test_none_is_shown(cli, accounts):
    ran = ok(cli("password", "set", "--from-json", input='{"contact": "hunter2"}'))

    assert ran.out == ""
    assert ran.err == "kept the passwords of 1 accounts\n"


def test_nobodys_passwords_are_nothing(cli, accounts):
    assert ok(cli("password", "set", "--from-json", "--json", input="{}")).json == []


@pytest.mark.parametrize(
    ("document", "status", "said"),
    [
        pytest.param('{"contact": "hunter2", "contcat": "hunter2"}', 67, "no account 'contcat'", id="unknown"),
        pytest.param('{"contact": "hunter2", "ci": "hunter2"}', 2, "'ci': auth.secret is 'env'", id="elsewhere"),
        pytest.param('{"billing": "hunter2", "contact": ""}', 65, "'contact': the password is empty", id="empty"),
        pytest.param('{"billing": "hunter2", "contact": "hunter2\\n"}', 65, "line break or NUL", id="line break"),
        pytest.param('{"billing": "hunter2", "contact": "hunter2\\ud800"}', 65, "half a letter", id="half a letter"),
        pytest.param('{"billing": "hunter2", "contact": 2}', 65, "neither accounts", id="a number"),
        pytest.param('{"billing": "hunter2", "billing": "hunter2"}', 65, "'billing' stands there twice", id="twice"),
        pytest.param('{"billing": "hunter2"', 65, "stdin:1: no valid JSON", id="cut off"),
        pytest.param("billing: hunter2\n", 65, "stdin:1: no valid JSON", id="no JSON"),
        pytest.param("", 65, "stdin:1: no valid JSON", id="nothing"),
        pytest.param('"hunter2"', 65, "neither accounts", id="one text"),
        pytest.param('["hunter2"]', 65, "neither accounts", id="texts"),
        pytest.param('[{"account": "billing"}]', 65, "neither accounts", id="no password"),
        pytest.param(
            '[{"account": "billing", "secret": "x", "hunter2": ""}]', 65, "neither accounts", id="another key"
        ),
        pytest.param("[" * 100_000, 65, "neither accounts", id="deep"),
    ],
)
def test_one_that_cannot_be_keeps_all_out_and_no_password_is_repeated(cli, accounts, document, status, said):
    ran = cli("password", "set", "--from-json", input=document, MAILCTL_DEBUG="1")

    assert ran.status == status, ran.err
    assert said in ran.err
    assert "hunter2" not in ran.out + ran.err
    assert passwords() == {}


def test_every_account_that_cannot_be_is_named(cli, accounts):
    ran = cli("password", "set", "--from-json", "--json", input='{"nobody": "x", "ci": "x", "contact": "x"}')

    error = ran.json["error"]
    assert (ran.status, error["code"]) == (67, "account-not-found")
    assert [problem["key"] for problem in error["problems"]] == ["nobody", "ci"]
    assert "no password was kept" in error["hint"]


def test_it_takes_the_right_to_manage_each(cli, accounts):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))
    ok(cli("rights", "grant", "contact", "bob", "manage"))
    ok(cli("rights", "grant", "billing", "bob", "organize,send"))

    ran = cli("--as", "bob", "password", "set", "--from-json", input='{"contact": "x", "billing": "x"}')

    assert ran.status == 77
    assert "'bob' may not manage 'billing'" in ran.err
    assert passwords() == {}


@pytest.mark.parametrize("words", [("contact", "--from-json"), ()], ids=["both", "neither"])
def test_either_one_account_or_many(cli, accounts, words):
    assert cli("password", "set", *words, input="{}").status == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param('password = "hunter2"', "no password is kept here", id="password"),
        pytest.param('smtp_passwd = "hunter2"', "no password is kept here", id="another word"),
        pytest.param('mot_de_passe = "hunter2"', "no password is kept here", id="in French"),
        pytest.param('auth = { password = "hunter2" }', "no password is kept here", id="deeper"),
        pytest.param('secret = "hunter2"', "no password is kept here", id="secret of the account"),
        pytest.param('auth = { secret = "hunter2" }', "says where the password is, never the password", id="secret"),
        pytest.param('auth = { secret = ["hunter2"] }', "says where the password is, never the password", id="a list"),
        pytest.param('incoming = { auth = { secret = "hunter2" } }', "one of keyring, command, env", id="of a server"),
        pytest.param(
            'auth = { secret = "env", env = "hunter 2" }', "auth.env: expected a variable's name", id="for its name"
        ),
    ],
)
def test_a_file_with_a_password_is_refused_and_not_repeated(cli, store, table, said):
    ran = cli("apply", "-", input=f'[accounts.new]\naddress = "n@firm.example"\n{table}\n')

    assert ran.status == 65
    assert "stdin:3: accounts.new." in ran.err
    assert said in ran.err
    assert "hunter" not in ran.out + ran.err


def test_nor_by_hand_nor_by_key(cli, accounts):
    by_key = cli("account", "set", "contact", "auth.secret=hunter2")
    (accounts / "accounts/contact.toml").write_text('address = "c@firm.example"\nauth = { secret = "hunter2" }\n')
    by_hand = cli("account", "show", "contact")

    assert (by_key.status, by_hand.status) == (65, 78)
    assert "never the password" in by_key.err
    assert "never the password" in by_hand.err
    assert "hunter2" not in by_key.err + by_hand.err
