"""What becomes of a message when the server, the disk or the process fails: nothing accepted is lost."""

from email import message_from_bytes

import pytest

from conftest import ok
from mailctl.domain.message import State
from support.scripted_smtp import CLOSE
from support.sending import BEFORE_THE_DOT, body_for

SEND = ("send", "anna@client.example", "-s", "Plans")


def test_sent_it_leaves_the_outbox_empty(cli, server, outbox):
    sent = ok(cli(*SEND, "--json", input="Hello")).json

    assert (sent["state"], sent["sent"], sent["copied"], sent["outbox"]) == ("sent", True, None, None)
    assert outbox.entries() == ()
    assert [one.recipients for one in server.taken] == [("anna@client.example",)]


def test_bcc_travels_in_the_envelope_only(cli, server):
    ok(cli(*SEND, "-c", "ben@client.example", "-b", "carl@firm.example", input="Hello"))

    [taken] = server.taken
    assert taken.recipients == ("anna@client.example", "ben@client.example", "carl@firm.example")
    assert b"carl" not in taken.data


def test_the_envelope_has_the_accounts_address_and_the_message_id_its_domain(cli, server):
    sent = ok(cli(*SEND, "--json", input="Hello")).json

    [taken] = server.taken
    assert taken.sender == "contact@firm.example"
    assert sent["message_id"].endswith("@firm.example>")
    assert message_from_bytes(taken.data)["Message-ID"] == sent["message_id"]


def test_queue_sends_nothing_until_the_next_flush(cli, server, outbox):
    sent = ok(cli(*SEND, "--queue", "--json", input="Hello")).json

    assert (sent["state"], sent["sent"], sent["outbox"]) == ("queued", False, 1)
    assert server.connections == 0
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1
    assert outbox.entries() == ()


@pytest.mark.parametrize(
    ("step", "what"),
    [*((step, CLOSE) for step in BEFORE_THE_DOT), *((step, "421 come later") for step in BEFORE_THE_DOT[:-1])],
)
def test_a_server_that_goes_before_the_dot_leaves_it_queued(cli, server, outbox, step, what):
    server.at[step] = what

    ran = cli(*SEND, input=body_for(step))

    assert ran.status in (69, 75), ran.err
    assert "the message is safe in the outbox as 1" in ran.err
    [entry] = outbox.entries()
    assert entry.state is State.QUEUED
    server.at.clear()
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1


def test_json_tells_the_outbox_number_of_what_could_not_go(cli, server):
    server.at["mail"] = "451 later"

    ran = cli(*SEND, "--json", input="Hello")

    assert ran.status == 75
    assert (ran.json["state"], ran.json["sent"], ran.json["outbox"]) == ("queued", False, 1)
    assert '"code": "temporary"' in ran.err


def test_a_temporary_refusal_after_the_dot_leaves_it_queued(cli, server, outbox):
    server.at["dot"] = "452 disk full"

    ran = cli(*SEND, input="Hello")

    assert ran.status == 75
    [entry] = outbox.entries()
    assert (entry.state, entry.attempts) == (State.QUEUED, 1)
    assert "452 disk full" in entry.last_reply


@pytest.mark.parametrize("what", [CLOSE, "not a reply at all"])
def test_the_fate_of_what_was_lost_after_the_dot_is_unknown(cli, server, outbox, what):
    server.at["dot"] = what

    ran = cli(*SEND, input="Hello")

    assert ran.status == 75
    [entry] = outbox.entries()
    assert entry.state is State.UNKNOWN
    assert cli(*SEND, "--json", input="Hello").err.count("fate-unknown") == 1


def test_an_unknown_fate_is_not_tried_again_at_once_nor_before_sent_was_looked_into(cli, server, outbox, later):
    server.at["dot"] = CLOSE
    cli(*SEND, input="Hello")
    server.at.clear()

    ok(cli("outbox", "flush"))
    later(minutes=2)
    ran = cli("outbox", "flush")

    assert ran.status == 1  # this account's IMAP server cannot be reached
    assert len(server.taken) == 1
    assert outbox.entries()[0].state is State.UNKNOWN


def test_refused_for_good_it_is_kept_with_the_servers_words_and_left_alone(cli, server, outbox, later):
    server.at["dot"] = "554 we do not like it"

    ran = cli(*SEND, input="Hello")

    assert ran.status == 76
    assert "554 we do not like it" in ran.err
    assert "kept in the outbox as 1" in ran.err
    server.at.clear()
    later(days=9)
    ok(cli("outbox", "flush"))
    assert server.taken == []
    ok(cli("outbox", "retry", "1"))
    assert len(server.taken) == 1
    assert outbox.entries() == ()


def test_some_refused_the_others_get_it_and_the_refused_are_named(cli, server, outbox):
    server.refused["ben@client.example"] = "550 no such user"

    ran = cli(*SEND, "ben@client.example", "--json", input="Hello")

    assert ran.status == 76
    assert "'ben@client.example': 550 no such user" in ran.err
    assert (ran.json["state"], ran.json["sent"], ran.json["outbox"]) == ("refused", True, 1)
    assert [one["recipient"] for one in ran.json["refused"]] == ["ben@client.example"]
    assert [one.recipients for one in server.taken] == [("anna@client.example",)]
    server.refused.clear()
    ok(cli("outbox", "retry", "1"))
    assert [one.recipients for one in server.taken][1:] == [("ben@client.example",)]
    assert outbox.entries() == ()


def test_who_was_asked_to_come_later_alone_is_served_later(cli, server, outbox):
    server.refused["ben@client.example"] = "451 grey"

    ran = cli(*SEND, "ben@client.example", input="Hello")

    assert ran.status == 75
    server.refused.clear()
    ok(cli("outbox", "flush"))
    assert [one.recipients for one in server.taken] == [("anna@client.example",), ("ben@client.example",)]
    assert outbox.entries() == ()


def test_a_refused_login_is_77_and_the_message_is_kept(cli, server, outbox):
    server.at["auth"] = "535 wrong"

    ran = cli(*SEND, input="Hello")

    assert ran.status == 77
    assert "the message is safe in the outbox as 1" in ran.err
    assert "hint: mailctl password set contact; then mailctl outbox flush" in ran.err
    assert outbox.entries()[0].state is State.QUEUED


def test_a_missing_password_is_77_and_the_message_is_kept(cli, server, outbox, monkeypatch):
    monkeypatch.delenv("FIRM_PASSWORD")

    ran = cli(*SEND, input="Hello")

    assert ran.status == 77
    assert len(outbox.entries()) == 1


def test_without_a_server_it_is_75_and_the_message_is_kept(cli, server, outbox):
    ok(cli("account", "set", "contact", "outgoing.port=1"))

    ran = cli(*SEND, input="Hello")

    assert ran.status == 75
    assert "cannot reach localhost:1" in ran.err
    assert len(outbox.entries()) == 1


def test_without_the_right_nothing_is_kept_or_sent(cli, server, outbox):
    ok(cli("collaborator", "add", "ben", "--name", "Ben", "--email", "ben@firm.example"))
    ok(cli("rights", "grant", "contact", "ben", "read"))

    ran = cli("--as", "ben", *SEND, input="Hello")

    assert ran.status == 77
    assert "'ben' may not send with 'contact'" in ran.err
    assert outbox.entries() == ()
    assert server.connections == 0


def test_a_flush_logs_in_once_for_all_of_an_account(cli, server):
    for _ in range(5):
        ok(cli(*SEND, "--queue", input="Hello"))

    ok(cli("outbox", "flush"))

    assert len(server.taken) == 5
    assert server.connections == 1


def test_one_message_refused_stops_no_other(cli, server, outbox):
    server.refused["ben@client.example"] = "550 no such user"
    ok(cli("send", "ben@client.example", "-s", "one", "--queue", input="Hello"))
    ok(cli(*SEND, "--queue", input="Hello"))

    ran = cli("outbox", "flush", "--json")

    assert ran.status == 1
    assert [(one["id"], one["state"]) for one in ran.json] == [(1, "refused"), (2, "sent")]
    assert server.connections == 1


def test_a_server_that_hangs_up_each_time_is_given_up_for_now(cli, server, outbox):
    server.at["mail"] = CLOSE
    for _ in range(5):
        ok(cli(*SEND, "--queue", input="Hello"))

    ran = cli("outbox", "flush")

    assert ran.status == 1
    assert server.connections == 2
    assert {entry.attempts for entry in outbox.entries()} == {1}


def test_an_account_that_is_only_watched_by_now_keeps_its_mail(cli, server, outbox):
    ok(cli(*SEND, "--queue", input="Hello"))
    ok(cli("account", "set", "contact", "checker_only=true"))

    ran = cli("outbox", "flush")

    assert ran.status == 1
    assert "checker-only" in ran.err
    assert len(outbox.entries()) == 1


def test_mail_of_an_account_that_is_gone_can_be_seen_and_dropped(cli, server, outbox, home):
    ok(cli(*SEND, "--queue", input="Hello"))
    (home / "store/accounts/contact.toml").unlink()

    assert cli("outbox", "flush").status == 1
    assert ok(cli("outbox", "list")).rows[0][:3] == ["1", "contact", "queued"]
    assert cli("outbox", "retry", "1").status == 67
    ok(cli("outbox", "drop", "1", "--yes"))
    assert outbox.entries() == ()
