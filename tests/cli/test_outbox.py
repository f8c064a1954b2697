"""`mailctl outbox`: what waits is shown to who may send it, tried again, and let go."""

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox

SEND = ("send", "anna@client.example", "-a", "contact", "-s", "Plans")


@pytest.fixture
def waiting(cli, firm, monkeypatch):
    """Two messages that could not go: the firm's servers do not answer."""
    monkeypatch.setenv("FIRM_PASSWORD", "secret")
    assert cli(*SEND, input="Hello\nAnna\n").status == 75
    ok(cli(*SEND, "ben@client.example", "--queue", input="Hello"))
    return firm


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


def test_an_empty_outbox_is_no_failure(cli, store):
    assert ok(cli("outbox", "list")).out == ""
    assert ok(cli("outbox", "list", "--json")).json == []
    ran = ok(cli("outbox", "flush"))
    assert (ran.out, ran.err) == ("", "nothing is due\n")


def test_the_list_says_what_waits_and_why(cli, waiting):
    first, second = ok(cli("outbox", "list")).rows

    assert first[:5] == ["1", "contact", "queued", "anna@client.example", "Plans"]
    assert first[6] == "cannot reach localhost:1: connection refused"
    assert second[:4] == ["2", "contact", "queued", "anna@client.example,ben@client.example"]


def test_json_has_times_in_utc_and_recipients_as_a_list(cli, waiting):
    [first, _] = ok(cli("outbox", "list", "--json")).json

    assert first["recipients"] == ["anna@client.example"]
    assert first["created"].endswith("Z")
    assert (first["attempts"], first["state"]) == (1, "queued")


def test_one_entry_is_shown_with_its_message(cli, waiting):
    shown = ok(cli("outbox", "show", "1")).out

    assert "last_reply: cannot reach localhost:1: connection refused\n" in shown
    assert "\nSubject: Plans\n" in shown
    assert shown.endswith("\n\nHello\nAnna\n")


def test_an_entrys_json_tells_sent_recipients_from_waiting_ones(cli, waiting):
    shown = ok(cli("outbox", "show", "1", "--json")).json

    assert (shown["recipients"], shown["accepted"], shown["refused"]) == (["anna@client.example"], [], [])


@pytest.mark.parametrize("words", [("show", "9"), ("retry", "9"), ("drop", "9", "--yes")])
def test_a_number_there_is_none_of_is_67(cli, waiting, words):
    ran = cli("outbox", *words)

    assert ran.status == 67
    assert ran.err == "mailctl: error: no 9 in the outbox\nhint: mailctl outbox list\n"


def test_who_may_not_send_with_the_account_sees_and_touches_nothing(cli, waiting, outbox):
    assert ok(cli("--as", "bob", "outbox", "list")).out == ""
    assert ok(cli("--as", "bob", "outbox", "flush")).out == ""
    for words in (("show", "1"), ("retry", "1"), ("drop", "1", "--yes")):
        ran = cli("--as", "bob", "outbox", *words)
        assert ran.status == 77
        assert "'bob' may not send with 'contact'" in ran.err
    assert [entry.attempts for entry in outbox.entries()] == [1, 0]


def test_a_flush_that_cannot_send_says_how_many_and_ends_with_1(cli, waiting):
    ran = cli("outbox", "flush", "--json")

    assert ran.status == 1
    assert [(one["id"], one["state"], one["sent"]) for one in ran.json] == [(1, "queued", False), (2, "queued", False)]
    assert "2 of 2 messages did not go" in ran.err


def test_what_is_not_due_yet_is_counted(cli, waiting):
    cli("outbox", "flush")
    cli("outbox", "flush")

    ran = ok(cli("outbox", "flush"))

    assert ran.err == "nothing is due; 2 wait for their time or for you: mailctl outbox list, retry N\n"


def test_retry_heeds_no_waiting_time(cli, waiting, outbox):
    cli("outbox", "flush")
    cli("outbox", "flush")

    ran = cli("outbox", "retry", "1")

    assert ran.status == 75
    assert "safe in the outbox as 1" in ran.err
    assert outbox.entry(1).attempts == 3


def test_drop_needs_yes_where_nobody_can_be_asked(cli, waiting, outbox):
    assert cli("outbox", "drop", "1").status == 2
    assert len(outbox.entries()) == 2

    dropped = ok(cli("outbox", "drop", "1", "--yes", "--json")).json

    assert dropped["id"] == 1
    assert [entry.id for entry in outbox.entries()] == [2]


def test_a_broken_entry_is_warned_about_and_stops_no_other(cli, waiting, outbox):
    (outbox.folder(1) / "entry.json").write_text("{")

    ran = ok(cli("outbox", "list"))

    assert [row[0] for row in ran.rows] == ["2"]
    assert "mailctl: warning: " in ran.err
    assert "outbox/1/entry.json" in ran.err
    assert cli("outbox", "show", "1").status == 74


def test_a_message_that_is_gone_is_told_and_stops_no_other(cli, waiting, outbox):
    (outbox.folder(1) / "message.eml").unlink()

    ran = cli("outbox", "flush", "--json")

    assert ran.status == 1
    assert "message.eml: No such file" in ran.json[0]["error"]
    assert "cannot reach" in ran.json[1]["error"]


def test_an_account_with_mail_in_the_outbox_is_not_removed(cli, waiting):
    ran = cli("account", "remove", "contact", "--yes")

    assert ran.status == 65
    assert "2 messages of 'contact' are in the outbox" in ran.err


def test_mail_follows_a_renamed_account(cli, waiting, outbox):
    ok(cli("account", "rename", "contact", "hello"))

    assert {entry.account for entry in outbox.entries()} == {"hello"}
