"""Whose name, address and signature a mail has when it reaches the server: the account's, the alias's, the sender's."""

from email import message_from_bytes, policy

import pytest

from conftest import LOGIN, ok
from support.scripted_smtp import submission
from support.sending import PASSWORD, add_account

ALIASES = (
    'aliases=[{address="quotes@firm.example",display_name="Firm, quotes"},{address="hello@firm.example"},'
    '{address="in@firm.example",send=false}]'
)


@pytest.fixture
def sent(cli, store, monkeypatch):
    """Send a mail as an account with aliases; gives the message as the server took it: `sent("--from", …)`."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    ok(cli("collaborator", "add", "alice", "--name", "Alice Martin", "--email", "alice@firm.example", "--login", LOGIN))
    ok(cli("collaborator", "add", "bob", "--name", "Bob Roux", "--email", "bob@firm.example", "--title", "Architect"))
    with submission() as script:
        add_account(cli, script, "--display-name", "Firm", "--grant", "alice:send", "--grant", "bob:send")
        ok(cli("account", "set", "contact", ALIASES))

        def send(*words: str, who: str = "alice"):
            before = len(script.taken)
            ok(cli("--as", who, "send", "anna@client.example", "-s", "Plans", "-a", "contact", *words, input="Hello"))
            [taken] = script.taken[before:]
            return taken, message_from_bytes(taken.data, policy=policy.default)

        yield send


def signature_in(message) -> str:
    """What stands below the line of a signature."""
    return message.get_body().get_content().replace("\r\n", "\n").partition("-- \n")[2]


@pytest.mark.parametrize(
    ("from_name", "address", "who", "expected"),
    [
        ("account", None, "alice", "Firm <contact@firm.example>"),
        ("account", "quotes@firm.example", "alice", '"Firm, quotes" <quotes@firm.example>'),
        ("account", "hello@firm.example", "bob", "Firm <hello@firm.example>"),
        ("collaborator", None, "alice", "Alice Martin <contact@firm.example>"),
        ("collaborator", "quotes@firm.example", "bob", "Bob Roux <quotes@firm.example>"),
        ("both", None, "bob", '"Bob Roux, Firm" <contact@firm.example>'),
        ("both", "quotes@firm.example", "alice", '"Alice Martin, Firm, quotes" <quotes@firm.example>'),
    ],
)
def test_from_says_whom_the_account_lets_it_say(cli, sent, from_name, address, who, expected):
    ok(cli("account", "set", "contact", f"from_name={from_name}"))

    taken, message = sent(*(("--from", address) if address else ()), who=who)

    assert message["From"] == expected
    assert taken.sender == "contact@firm.example"  # bounces go to the mailbox itself


def test_an_alias_signs_with_its_own_signature_each_sender_with_her_name(cli, sent):
    ok(cli("signature", "set", "contact", "--text", "-", input="{{ collaborator.name }}\n{{ account.address }}"))
    ok(cli("signature", "set", "contact", "--alias", "quotes@firm.example", "--text", "-",
           input="{{ collaborator.name }}\n{{ collaborator.title }}\n{{ alias.display_name }}"))  # fmt: skip

    texts = [
        signature_in(sent(who="bob")[1]),
        signature_in(sent("--from", "hello@firm.example")[1]),
        signature_in(sent("--from", "quotes@firm.example", who="bob")[1]),
    ]

    assert texts == [
        "Bob Roux\ncontact@firm.example\n",
        "Alice Martin\ncontact@firm.example\n",
        "Bob Roux\nArchitect\nFirm, quotes\n",
    ]


def test_an_alias_that_only_receives_is_refused(cli, sent):
    ran = cli("--as", "bob", "send", "anna@client.example", "-s", "x", "-a", "contact", "--from", "in@firm.example",
              input="Hello")  # fmt: skip

    assert ran.status == 65
    assert "receives only" in ran.err
