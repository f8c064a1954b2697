"""The daemon's parts without a network: log lines, systemd's line, the pool, and the states of an account."""

import io
import random
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from mailctl.checker.lines import line, logger
from mailctl.checker.systemd import Systemd
from mailctl.checker.watch import Now, Seen, Timing, Watch
from mailctl.checker.workers import Pool
from mailctl.domain.account import Account
from mailctl.domain.announce import Unread
from mailctl.domain.watching import Checker, Watching, policy_of
from mailctl.errors import (
    CertificateError,
    LoginRefusedError,
    MailctlError,
    ProtocolError,
    SecretLockedError,
    ServerUnreachableError,
    TemporaryError,
)
from mailctl.services.checker import State
from mailctl.services.looking import Sight, unread_of
from mailctl.services.telling import Plan

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
SEEN = Seen(Sight((Unread("a"),), 1), is_waiting=True, has_news=False)


def at(seconds):
    return Now(1000.0 + seconds, START + timedelta(seconds=seconds))


@pytest.fixture
def watch():
    account = Account(name="contact", address="contact@firm.example")
    plan = Plan(account=account, policy=policy_of(Checker(), Watching()), host="h:1")
    return Watch(None, plan, timing=Timing(), due=1000.0)


# -- log lines


def test_a_line_is_an_event_and_its_fields():
    assert line("seen", account="contact", unread=3, error=None) == "event=seen account=contact unread=3"


@pytest.mark.parametrize("text", ["a\nevent=told", 'x" event="told', "\x1b[31m", "a\u2028b", "back\\slash", ""])
def test_nothing_in_a_value_begins_a_line_or_a_field(text):
    said = line("failed", error=text)

    assert said.isprintable()
    assert said.startswith('event=failed error="')
    assert '"' not in said[20:-1].replace('\\"', "")


def test_a_log_that_nobody_reads_any_more_stops_nothing():
    stream = io.StringIO()
    stream.close()

    logger(stream)("seen", account="contact")


# -- systemd


@pytest.mark.parametrize("is_abstract", [False, True], ids=["a path", "an abstract name"])
def test_systemd_is_told(tmp_path, is_abstract):
    name = f"@mailctl-{time.monotonic_ns()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name[1:] if is_abstract else name)
        systemd = Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000000"})

        assert systemd.tell("READY=1")
        systemd.status("well")
        systemd.status("well")
        systemd.feed(100.0)
        systemd.feed(105.0)
        systemd.feed(110.0)

        got = [sock.recv(100) for _ in range(4)]
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(100)
    assert got == [b"READY=1", b"STATUS=well", b"WATCHDOG=1", b"WATCHDOG=1"]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/no/such"}], ids=["nobody asked", "a stale socket"])
def test_without_systemd_nothing_happens(environ):
    assert Systemd(environ).tell("READY=1") is False


def test_the_watchdog_of_another_process_is_not_ours():
    assert Systemd({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).period is None


# -- the pool


def test_jobs_give_results_and_failures_and_wake_who_gathers():
    woken = threading.Semaphore(0)
    pool = Pool(2, woken.release)
    pool.submit("a", lambda: 1)
    pool.submit("b", lambda: 1 / 0)
    for _ in range(2):
        assert woken.acquire(timeout=5)

    found = {done.owner: done for done in pool.gather()}

    assert found["a"].result == 1
    assert isinstance(found["b"].error, ZeroDivisionError)
    assert not pool.begun
    pool.close()


def test_a_job_without_end_is_given_up_and_others_get_its_place():
    end, woken = threading.Event(), threading.Semaphore(0)
    pool = Pool(1, woken.release)
    number = pool.submit("stuck", end.wait)
    assert pool.is_full
    time.sleep(0.02)

    assert pool.overdue(0.01) == [(number, "stuck")]
    pool.submit("good", lambda: 1)
    assert woken.acquire(timeout=5)
    assert [done.owner for done in pool.gather()] == ["good"]
    end.set()
    assert woken.acquire(timeout=5)
    assert pool.gather() == [], "what was given up is nobody's result any more"
    pool.close()


# -- the states of an account


def test_a_look_makes_it_wait_for_what_the_server_says(watch):
    watch.saw(SEEN, at(0))

    assert (watch.state, watch.due, watch.ask_again) == (State.IDLING, 1540.0, START)
    watch.saw(SEEN._replace(has_news=True), at(1))
    assert watch.due == pytest.approx(1001.1)
    watch.saw(SEEN._replace(is_waiting=False), at(2))
    assert (watch.state, watch.due) == (State.POLLING, 1302.0)


@pytest.mark.parametrize(
    ("error", "state", "is_final"),
    [
        (ServerUnreachableError("x"), State.BACKING_OFF, False),
        (ProtocolError("x"), State.BACKING_OFF, False),
        (MailctlError("x"), State.BACKING_OFF, False),
        (CertificateError("x"), State.BACKING_OFF, True),
        (LoginRefusedError("x"), State.REFUSED, True),
        (SecretLockedError("x"), State.WAITING, False),
    ],
)
def test_each_failure_leads_to_its_state(watch, error, state, is_final):
    watch.failed(error, at(0), random.Random(1))

    assert (watch.state, watch.last_error, watch.trouble.is_final) == (state, "x", is_final)
    assert at(0).ticks < watch.due < float("inf"), "every state has a next turn"


def test_pauses_grow_and_have_a_limit_and_no_two_accounts_the_same(watch):
    pauses = []
    for number in range(20):
        watch.failed(ServerUnreachableError("x"), at(0), random.Random(number))
        pauses.append(watch.due - 1000.0)

    assert pauses[0] <= 5.0
    assert all(450 <= pause <= 900 for pause in pauses[8:])
    assert len(set(pauses)) == 20
    assert watch.trouble.since == START


def test_who_asks_for_patience_gets_a_minute(watch):
    watch.failed(TemporaryError("later"), at(0), random.Random(1))

    assert watch.due >= 1060.0


def test_a_connection_that_lasted_has_no_failures_behind_it(watch):
    for _ in range(10):
        watch.failed(ServerUnreachableError("x"), at(0), random.Random(1))
    watch.saw(SEEN, at(0))
    watch.saw(SEEN, at(61))

    watch.failed(ServerUnreachableError("x"), at(62), random.Random(1))

    assert watch.due - 1062.0 <= 5.0


def test_a_server_that_ends_what_waits_three_times_is_asked_for_an_hour(watch):
    for number in range(3):
        watch.saw(SEEN, at(number))
        assert not watch.polls(at(number))
        watch.failed(ServerUnreachableError("x"), at(number), random.Random(1))

    assert watch.polls(at(3))
    assert not watch.polls(at(3603))


# -- what a mail is known by

HEAD = b"From: =?utf-8?q?J=C3=BCrg?= <j@x.example>\r\nSubject: =?utf-8?q?Pl=C3=A4ne?=\r\nMessage-ID: <1@x>\r\n\r\n"


def test_a_mail_is_known_by_its_message_id_wherever_it_lies():
    one = unread_of(HEAD, "contact INBOX 1", is_named=True)

    assert (one.sender, one.subject) == ("Jürg", "Pläne")
    assert one.key == unread_of(HEAD.replace(b"Subject", b"X-Subject"), "billing INBOX 9", is_named=False).key


def test_mails_without_a_message_id_are_told_apart():
    keys = {
        unread_of(raw, place, is_named=False).key
        for raw, place in [
            (b"From: a@x\r\nDate: today\r\n\r\n", "contact INBOX 1"),
            (b"From: b@x\r\nDate: today\r\n\r\n", "contact INBOX 2"),
            (b"\r\n", "contact INBOX 3"),
            (b"\r\n", "contact INBOX 4"),
        ]
    }

    assert len(keys) == 4


def test_the_daemon_starts_without_what_it_does_not_need():
    done = subprocess.run(
        [sys.executable, "-c", "import mailctl.checker.daemon, mailctl.checker.main, sys; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    heavy = {"typer", "rich", "keyring", "jinja2", "imapclient", "smtplib", "email", "plyer", "jeepney", "sqlite3"}
    assert heavy & set(done.stdout.split()) == set()
