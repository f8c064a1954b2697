"""`[sendmail] fallback`: another account sends local mail when the first one's server cannot be reached."""

import io
import sys

import pytest

from conftest import Ran, ok
from mailctl import sendmail
from mailctl.domain.message import State
from mailctl.local.outbox import Outbox
from mailctl.login import login_name
from support.scripted_smtp import CLOSE, submission
from support.sending import PASSWORD, add_account

NOTE = "From: root\nTo: anna@client.example\nSubject: x\n\nHello\n"


@pytest.fixture
def servers(cli, store, monkeypatch):
    """Two servers: that of the account for local mail, and that of the one that stands in."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as first, submission() as second:
        add_account(cli, first, name="system")
        add_account(cli, second, name="contact")
        file = store / "store.toml"
        file.write_text(file.read_text() + '[sendmail]\naccount = "system"\nfallback = "contact"\n')
        yield first, second


@pytest.fixture
def unreachable(cli, servers):
    """The first server is not there; the second one."""
    ok(cli("account", "set", "system", "outgoing.port=1"))
    return servers[1]


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


@pytest.fixture
def run(capfd, monkeypatch):
    def call(*words, input=NOTE):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input.encode())))
        capfd.readouterr()
        return Ran(sendmail.main(list(words)), *capfd.readouterr())

    return call


def log(home):
    return (home / "state/send.log").read_text().splitlines()


def test_as_long_as_the_first_one_is_there_it_sends(run, servers):
    first, second = servers

    assert tuple(run("anna@client.example")) == (0, "", "")
    assert (len(first.taken), second.connections) == (1, 0)


def test_when_it_cannot_be_reached_the_other_sends_as_itself(run, unreachable, outbox, home):
    assert tuple(run("anna@client.example")) == (0, "", "")

    [taken] = unreachable.taken
    assert taken.sender == "contact@firm.example"
    assert b"From: root\r\n" in taken.data
    assert outbox.entries() == ()
    assert ["account=system" in log(home)[0], "account=contact" in log(home)[1]] == [True, True]


def test_the_null_sender_stays_one(run, unreachable):
    run("-f", "", "anna@client.example")

    assert unreachable.taken[0].sender == ""


@pytest.mark.parametrize(
    "at", [{"auth": "535 no"}, {"mail": "451 later"}, {"greeting": "421 busy"}, {"dot": CLOSE}, {"mail": CLOSE}]
)
def test_a_server_that_answers_is_there(run, servers, outbox, at):
    first, second = servers
    first.at.update(at)

    assert run("anna@client.example").status == 0

    assert second.connections == 0
    assert [entry.account for entry in outbox.entries()] == ["system"]


def test_refused_by_the_other_it_is_refused(run, unreachable, outbox):
    unreachable.at["dot"] = "554 never"

    ran = run("anna@client.example")

    assert (ran.status, outbox.entries()) == (69, ())
    assert "554 never" in ran.err


def test_when_neither_can_be_reached_it_waits_for_both(run, cli, unreachable, outbox):
    ok(cli("account", "set", "contact", "outgoing.port=1"))
    assert tuple(run("anna@client.example")) == (0, "", "")

    [entry] = outbox.entries()
    assert (entry.account, entry.sender, entry.state) == ("system", "system@firm.example", State.QUEUED)
    ok(cli("account", "set", "contact", f"outgoing.port={unreachable.port}"))
    ok(cli("outbox", "flush"))

    assert unreachable.taken[0].sender == "contact@firm.example"
    assert outbox.entries() == ()


def test_many_that_wait_go_over_one_login_of_the_other(run, cli, unreachable, outbox):
    for _ in range(4):
        run("-odq", "anna@client.example")

    ok(cli("outbox", "flush"))

    assert len(unreachable.taken) == 4
    assert unreachable.connections == 1
    assert outbox.entries() == ()


@pytest.mark.parametrize("words", [("-a", "system"), ("-f", "system@firm.example", "-a", "system")])
def test_an_account_that_the_caller_named_is_the_one_that_sends(run, unreachable, outbox, words):
    assert run(*words, "anna@client.example").status == 0

    assert unreachable.connections == 0
    assert len(outbox.entries()) == 1


def test_mail_of_other_accounts_has_no_stand_in(run, cli, unreachable, outbox):
    ok(cli("account", "set", "contact", "outgoing.port=1"))

    assert run("anna@client.example", input="From: contact@firm.example\nSubject: x\n\nHello\n").status == 0

    assert outbox.entries()[0].fallback is None


def test_a_login_that_may_send_local_mail_may_do_so_through_both_and_no_further(run, cli, store, unreachable, outbox):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))
    file = store / "store.toml"
    file.write_text(file.read_text().replace("[sendmail]\n", f'[sendmail]\nlogins = ["{login_name()}"]\n'))

    assert tuple(run("anna@client.example")) == (0, "", "")
    assert len(unreachable.taken) == 1


def test_a_fallback_there_is_none_of_is_told_by_the_check_and_stops_no_mail(run, cli, store, servers, outbox):
    file = store / "store.toml"
    file.write_text(file.read_text().replace('fallback = "contact"', 'fallback = "nobody"'))
    ok(cli("account", "set", "system", "outgoing.port=1"))

    assert run("anna@client.example").status == 0

    assert len(outbox.entries()) == 1
    assert "sendmail.fallback" in cli("store", "check").out


def test_an_account_that_is_renamed_stands_in_under_its_new_name(run, cli, store, unreachable):
    ok(cli("account", "rename", "contact", "front"))

    assert tuple(run("anna@client.example")) == (0, "", "")
    assert len(unreachable.taken) == 1
