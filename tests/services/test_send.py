"""What becomes of a message when the server, the disk or the process fails: nothing accepted is lost."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest

from conftest import ok
from mailctl.domain.message import State
from mailctl.local.outbox import Outbox
from support.scripted_smtp import CLOSE, STALL, submission
from support.sending import PASSWORD, add_account, started
from support.small_disk import fill, mounted

SEND = ("send", "anna@client.example", "-s", "Plans")
BEFORE_THE_DOT = ("greeting", "ehlo", "auth", "mail", "rcpt", "data", "body")


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, and the account `contact` on it."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        add_account(cli, script)
        yield script


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


@pytest.fixture
def later(monkeypatch):
    """Let so much time pass."""

    def pass_by(**time):
        now = datetime.now(UTC) + timedelta(**time)
        monkeypatch.setattr("mailctl.cli.session.datetime", Clock(now))

    return pass_by


class Clock:
    """The clock as the command line reads it."""

    def __init__(self, moment):
        self.moment = moment

    def now(self, zone):
        return self.moment.astimezone(zone)


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


def body_for(step):
    """A text, long where the client must still be at it when the server acts: sockets take megabytes at once."""
    return "Hello\n" * (2_000_000 if step == "body" else 1)


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


# -- killed, two at once, and a full disk


def killed_at(step, server, home, outbox):
    """Send in a process that is killed when the server has come to a step."""
    server.at[step] = STALL
    process = started("mailctl", *SEND, body=body_for(step).encode(), home=home)
    assert server.reached.wait(20), process.communicate(timeout=20)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    server.at.clear()


@pytest.mark.parametrize("step", BEFORE_THE_DOT)
def test_killed_before_the_dot_it_waits_and_a_flush_sends_it_once(cli, server, home, outbox, step):
    killed_at(step, server, home, outbox)

    [entry] = outbox.entries()
    assert entry.state is State.QUEUED
    ok(cli("outbox", "flush"))
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1
    assert outbox.entries() == ()


def test_killed_after_the_dot_its_fate_is_unknown_and_it_is_not_sent_unlooked(cli, server, home, outbox):
    killed_at("dot", server, home, outbox)

    [entry] = outbox.entries()
    assert entry.state is State.UNKNOWN
    assert cli("outbox", "flush").status == 1  # there is no IMAP server to look into
    assert len(server.taken) == 1


def test_interrupted_it_says_where_the_message_is(server, home, outbox):
    server.at["mail"] = STALL
    process = started("mailctl", *SEND, body=b"Hello", home=home)
    assert server.reached.wait(20)
    process.send_signal(signal.SIGINT)

    _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert b"the message is in the outbox as 1" in err
    assert b"Traceback" not in err
    assert outbox.entries()[0].state is State.QUEUED


def test_two_flushes_at_once_send_each_message_once(cli, server, home, outbox):
    for _ in range(6):
        ok(cli(*SEND, "--queue", input="Hello"))

    flushes = [started("mailctl", "outbox", "flush", body=b"", home=home) for _ in range(2)]
    for flush in flushes:
        _, err = flush.communicate(timeout=60)
        assert flush.returncode == 0, err

    identities = [message_from_bytes(one.data)["Message-ID"] for one in server.taken]
    assert len(identities) == len(set(identities)) == 6
    assert outbox.entries() == ()


def test_what_is_being_sent_is_neither_flushed_nor_retried_nor_dropped(cli, server, home, outbox):
    server.at["dot"] = STALL
    process = started("mailctl", *SEND, body=b"Hello", home=home)
    assert server.reached.wait(20)

    assert ok(cli("outbox", "list")).rows[0][2] == "sending"
    ok(cli("outbox", "flush"))
    assert cli("outbox", "retry", "1").status == 75
    assert cli("outbox", "drop", "1", "--yes").status == 75
    assert server.connections == 1
    process.kill()
    process.communicate(timeout=20)


def test_ten_sends_at_once_all_go_and_none_twice(server, home, outbox):
    processes = []
    for _ in range(10):
        processes.append(started("mailctl", *SEND, body=b"Hello", home=home))
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err

    assert len({message_from_bytes(one.data)["Message-ID"] for one in server.taken}) == len(server.taken) == 10
    assert outbox.entries() == ()


def test_on_a_full_disk_it_is_74_and_neither_kept_nor_sent(server, home, outbox):
    process = subprocess.run(
        ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", sys.executable, "-m", "mailctl", *SEND],
        input=b"x\n" * 200_000,
        capture_output=True,
        env={**PASSWORD, "MAILCTL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)},
        check=False,
    )

    assert process.returncode == 74, process.stderr
    assert b"File too large" in process.stderr
    assert outbox.entries() == ()
    assert server.connections == 0


@pytest.fixture
def full_at(cli, server, home):
    """Let the outbox's disk fill up while the server is at a step."""
    with mounted(home / "state") as disk:
        yield lambda step: server.when.update({step: lambda: fill(disk / "rest")})


def test_a_disk_that_fills_before_the_dot_keeps_the_message_queued(cli, server, full_at, outbox, home):
    full_at("data")

    ran = cli(*SEND, input="Hello")

    assert ran.status == 74
    assert "the message is safe in the outbox as 1" in ran.err
    assert server.taken == []
    assert outbox.entries()[0].state is State.QUEUED
    server.when.clear()
    (home / "state/rest").unlink()
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1


def test_a_disk_that_fills_after_the_dot_makes_no_failure_of_what_was_sent(cli, server, full_at, outbox):
    full_at("dot")

    ok(cli(*SEND, input="Hello"))

    assert len(server.taken) == 1
    assert outbox.entries() == ()
