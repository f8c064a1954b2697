"""Many messages: one login, the next envelope with each final dot, and each message once whatever happens between."""

import signal
from email import message_from_bytes

import pytest

from conftest import ok
from mailctl.domain.message import State
from support.scripted_smtp import CLOSE, STALL
from support.sending import started

PIPELINING = ("PIPELINING", "8BITMIME", "SMTPUTF8")
BOTH = pytest.mark.parametrize("features", [PIPELINING, ("8BITMIME",)], ids=["pipelined", "one by one"])


@pytest.fixture
def queue(cli):
    """Leave so many messages in the outbox; their subjects are their numbers."""

    def put(number, *, to="anna@client.example"):
        for one in range(1, number + 1):
            ok(cli("send", to, "-s", str(one), "--queue", input=f"Text {one}\n"))

    return put


def subjects(server):
    return [message_from_bytes(one.data)["Subject"] for one in server.taken]


def at_number(server, step, number, act):
    """Let the server do something when it comes to a step for that time."""
    count = [0]

    def when():
        count[0] += 1
        if count[0] == number:
            act()
        else:
            server.at.pop(step, None)

    server.when[step] = when


@BOTH
def test_all_go_in_order_over_one_login(cli, server, outbox, queue, features):
    server.features = features
    queue(7)

    ok(cli("outbox", "flush"))

    assert subjects(server) == [str(number) for number in range(1, 8)]
    assert [one.data.rstrip()[-1:] for one in server.taken] == [str(number).encode() for number in range(1, 8)]
    assert server.connections == 1
    assert outbox.entries() == ()
    assert {path.name for path in outbox.root.iterdir()} == {".last"}


@BOTH
def test_one_refused_stops_no_other(cli, server, outbox, queue, features):
    server.features = features
    queue(2)
    queue(1, to="ben@client.example")
    queue(2)
    server.refused["ben@client.example"] = "550 nobody"

    ran = cli("outbox", "flush", "--json")

    assert ran.status == 1
    assert [one["state"] for one in ran.json] == ["sent", "sent", "refused", "sent", "sent"]
    assert len(server.taken) == 4
    assert server.connections == 1
    assert [(entry.id, entry.state) for entry in outbox.entries()] == [(3, State.REFUSED)]


@BOTH
@pytest.mark.parametrize("reply", ["554 spam", "451 later"])
def test_one_that_is_not_taken_after_its_dot_stops_no_other(cli, server, outbox, queue, features, reply):
    server.features = features
    queue(5)
    at_number(server, "dot", 2, lambda: server.at.update(dot=reply))

    assert cli("outbox", "flush").status == 1

    assert [entry.id for entry in outbox.entries()] == [2]
    assert server.connections == 1
    server.at.clear()
    server.when.clear()
    ok(cli("outbox", "retry", "2"))
    assert sorted({*subjects(server)}) == ["1", "2", "3", "4", "5"]


@BOTH
def test_a_server_that_takes_so_many_over_one_connection_is_called_again(cli, server, outbox, queue, features):
    server.features, server.most = features, 3
    queue(8)

    ok(cli("outbox", "flush"))

    assert subjects(server) == [str(number) for number in range(1, 9)]
    assert server.connections == 3
    assert outbox.entries() == ()


@BOTH
@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_a_connection_cut_in_the_middle_is_replaced_and_each_message_goes_once(
    cli, server, outbox, queue, features, step
):
    server.features = features
    queue(6)
    at_number(server, step, 3, lambda: server.at.update({step: CLOSE}))

    ran = cli("outbox", "flush")

    server.at.clear()
    server.when.clear()
    left = outbox.entries()
    if step == "dot":  # the third was said to the end: nobody knows
        assert (ran.status, [(entry.id, entry.state) for entry in left]) == (1, [(3, State.UNKNOWN)])
    else:
        assert (ran.status, left) == (0, ())
    assert sorted(subjects(server)) == ["1", "2", "3", "4", "5", "6"]
    assert server.connections == 2


@BOTH
@pytest.mark.parametrize("step", ["mail", "data", "dot"])
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_nothing_is_lost_and_only_what_was_under_way_is_unknown(
    cli, server, outbox, home, queue, features, step, kind
):
    server.features = features
    queue(6)
    at_number(server, step, 3, lambda: server.at.update({step: STALL}))
    process = started("mailctl", "outbox", "flush", body=b"", home=home)
    assert server.reached.wait(20)

    process.send_signal(kind)
    _, err = process.communicate(timeout=20)

    assert b"Traceback" not in err
    taken = subjects(server)
    left = {entry.id: entry.state for entry in outbox.entries()}
    unknown = [number for number, state in left.items() if state is State.UNKNOWN]
    assert {*map(int, taken), *left} == {1, 2, 3, 4, 5, 6}
    assert {number for number in map(int, taken) if number in left} <= set(unknown)
    assert len(unknown) <= 3
    assert left[5] is left[6] is State.QUEUED
    server.at.clear()
    server.when.clear()
    ok(cli("outbox", "flush")) if not unknown else cli("outbox", "flush")
    assert sorted({*subjects(server)} | {str(number) for number in unknown}) == ["1", "2", "3", "4", "5", "6"]
    assert len(subjects(server)) == len({*subjects(server)})


def test_stopped_by_the_user_what_was_only_marked_ahead_is_not_unknown(cli, server, outbox, home, queue):
    server.features = PIPELINING
    queue(4)
    at_number(server, "dot", 1, lambda: server.at.update(dot=STALL))
    process = started("mailctl", "outbox", "flush", body=b"", home=home)
    assert server.reached.wait(20)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    assert process.returncode == 130
    assert [entry.state for entry in outbox.entries()] == [State.UNKNOWN, *[State.QUEUED] * 3]


def test_while_one_flush_sends_another_neither_waits_nor_sends_the_same(cli, server, outbox, home, queue):
    server.features = PIPELINING
    queue(5)
    at_number(server, "dot", 1, lambda: server.at.update(dot=STALL))
    process = started("mailctl", "outbox", "flush", body=b"", home=home)
    assert server.reached.wait(20)
    server.at.clear()
    server.when.clear()

    ok(cli("outbox", "flush"))  # those that the first has at hand stay with it

    assert not {"1", "2"} & {*subjects(server)[1:]}
    process.kill()
    process.communicate(timeout=20)
    assert len(subjects(server)) == len({*subjects(server)})


def test_a_large_message_is_not_read_before_its_turn(cli, server, outbox):
    server.features = PIPELINING
    for text in ("small", "x" * 2_000_000, "small"):
        ok(cli("send", "anna@client.example", "-s", "x", "--queue", input=text))

    ok(cli("outbox", "flush"))

    assert [len(one.data) > 2_000_000 for one in server.taken] == [False, True, False]
    assert outbox.entries() == ()


def test_what_breaks_while_it_waits_is_told_and_stops_no_other(cli, server, outbox, queue):
    queue(3)
    (outbox.folder(2) / "message.eml").unlink()

    ran = cli("outbox", "flush")

    assert ran.status == 1
    assert "message.eml" in ran.err
    assert subjects(server) == ["1", "3"]


def test_each_attempt_has_a_line_in_the_send_log(cli, server, home, queue):
    queue(3)
    server.refused["ben@client.example"] = "550 nobody"
    queue(1, to="ben@client.example")

    cli("outbox", "flush")

    lines = (home / "state/send.log").read_text().splitlines()
    assert [line.rpartition("exitcode=")[2] for line in lines] == ["EX_OK", "EX_OK", "EX_OK", "EX_PROTOCOL"]
    assert "Text" not in "".join(lines)


# -- later


def test_what_is_to_go_later_goes_no_sooner(cli, server, outbox, later):
    sent = ok(cli("send", "anna@client.example", "-s", "x", "--at", "+2h", "--json", input="Hello")).json
    assert (sent["sent"], sent["outbox"], sent["state"]) == (False, 1, "queued")
    assert server.connections == 0

    ok(cli("outbox", "flush"))
    later(minutes=119)
    assert "1 wait for their time" in ok(cli("outbox", "flush")).err
    assert server.taken == []
    later(minutes=121)
    ok(cli("outbox", "flush"))

    assert len(server.taken) == 1
    assert outbox.entries() == ()


def test_the_list_says_when_and_a_retry_sends_it_now(cli, server):
    due = ok(cli("send", "anna@client.example", "-s", "x", "--at", "tomorrow 8:00", "--json", input="Hello")).json[
        "due"
    ]

    assert ok(cli("outbox", "list", "--json")).json[0]["next_attempt"] == due
    ok(cli("outbox", "retry", "1"))
    assert len(server.taken) == 1


def test_a_moment_that_is_past_keeps_nothing(cli, server, outbox):
    ran = cli("send", "anna@client.example", "-s", "x", "--at", "2020-01-01T00:00:00Z", input="Hello")

    assert ran.status == 65
    assert outbox.entries() == ()


def test_a_server_that_says_how_long_is_not_asked_before(cli, server, outbox, later):
    server.at["mail"] = "450 try again in 1800 seconds"
    assert cli("send", "anna@client.example", "-s", "x", input="Hello").status == 75
    server.at.clear()

    later(minutes=29)
    ok(cli("outbox", "flush"))
    assert server.taken == []
    later(minutes=31)
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1


def test_what_has_waited_for_a_day_is_told_and_stays(cli, server, outbox, later, queue):
    queue(2)
    later(hours=25)
    server.at["mail"] = "451 later"

    assert "warning: 1 and 1 more have waited for over a day" in ok(cli("outbox", "list")).err
    ran = cli("send", "anna@client.example", "-s", "x", input="Hello")
    assert "warning: message 1 has waited in the outbox for over a day" in ran.err
    cli("outbox", "flush")
    assert len(outbox.entries()) == 3
