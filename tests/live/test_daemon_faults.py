"""What networks and servers do to a checker: every fault passes, mail is told once, and nothing spins or piles up."""

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from mailctl.checker import daemon
from mailctl.remote.imap import open_imap
from support.fault_proxy import fault_proxy
from support.scripted_imap import HANG_UP, scripted_imap
from support.watching import checking, note, settings, watch

pytestmark = pytest.mark.live

SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "40"))  # read before the tests' environment is scrubbed
LOGGED_IN = b"{tag} OK [CAPABILITY IMAP4rev1 IDLE] logged in\r\n"
NOTHING = {
    "AUTHENTICATE PLAIN": LOGGED_IN,
    "STATUS": b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\r\n{tag} OK counted\r\n",
    "UID SEARCH UNSEEN": b"* SEARCH\r\n{tag} OK found\r\n",
    "DONE": b"{tag} OK done\r\n",
}


@pytest.fixture
def proxy(mail):
    with fault_proxy(mail.imap_port) as made:
        yield made


@pytest.fixture
def alice(cli, store, mail, proxy, monkeypatch):
    """A watched account behind the proxy; the server's steps have a deadline of a second."""
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    monkeypatch.setitem(open_imap.__kwdefaults__, "timeout", 1.0)
    settings(store, unreachable="1s", interval="1s")
    watch(cli, "alice", host="localhost", port=proxy.port, security="none")


def idles(checker):
    return lambda: checker.states() == {"idling"}


def cpu_of(seconds):
    """The share of a core that this process takes."""
    before = time.process_time()
    time.sleep(seconds)
    return (time.process_time() - before) / seconds


@pytest.mark.parametrize("mode", ["refuse", "close", "mute", "blackhole", "half"])
def test_a_server_out_of_reach_is_told_once_and_watched_again_when_it_is_back(alice, proxy, mail, mode):
    with checking() as checker:
        checker.until(idles(checker))
        proxy.mode = mode
        if mode in ("refuse", "close", "mute"):
            proxy.cut()
        checker.until(lambda: "cannot look at alice" in checker.told)
        mail.deliver("alice", note("Plans"))
        assert checker.status()["alice"].state in ("backing-off", "connecting")

        proxy.mode = "pass"
        proxy.cut()

        checker.until(lambda: "alice: 1 new message" in checker.told)
        checker.until(lambda: "reached again: alice" in checker.told)
    assert len(checker.told) == 3


def test_a_connection_that_is_cut_while_it_waits_is_made_anew_without_a_word(alice, proxy, mail):
    with checking() as checker:
        for number in range(5):
            checker.until(idles(checker))
            proxy.cut()
            mail.deliver("alice", note(f"Note {number}"))
            checker.until(lambda: (checker.status()["alice"].unread or 0) > number)  # noqa: B023
        checker.until(lambda: sum(one["fresh"] for one in checker.named("told")) == 5)
        assert len([pair for pair in proxy.pairs if pair[0].fileno() >= 0]) <= 2, "connections pile up"
    assert not [line for line in checker.told if "cannot" in line]


def test_after_many_cuts_there_is_one_connection_and_no_leftover(alice, proxy, mail):
    with checking(settled=0.0) as checker:
        for _ in range(10):
            checker.until(idles(checker))
            accepted = proxy.accepted
            proxy.cut()
            checker.until(lambda accepted=accepted: proxy.accepted > accepted)
        checker.until(idles(checker))

        checker.until(lambda: sum(client.fileno() != -1 for client, _ in proxy.pairs) == 1)
        checker.until(lambda: sessions_of("alice", mail) == 1)


def sessions_of(user, mail):
    """How many sessions Dovecot has of a user."""
    words = ["doveadm", "-c", str(mail.home / "dovecot/dovecot.conf"), "-f", "tab", "who", "-1", user]
    return len(subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()) - 1


def test_a_server_that_drips_is_given_up_and_others_are_not_kept_waiting(alice, proxy, mail, cli):
    watch(cli, "bob", host="localhost", port=mail.imap_port, security="none")
    proxy.mode = "slow"
    with checking(job=1.5) as checker:
        mail.deliver("bob", note("Plans"))
        checker.until(lambda: checker.told)
        checker.until(lambda: any("no look ended within" in one["error"] for one in checker.named("failed")))
        proxy.mode = "pass"

        checker.until(idles(checker))


def test_a_server_that_closes_at_once_is_neither_hammered_nor_given_up(alice, proxy):
    proxy.mode = "close"
    with checking() as checker:
        share = cpu_of(2.0)

        assert share < 0.3
        assert 2 <= proxy.accepted <= 15
        proxy.mode = "pass"
        checker.until(idles(checker))


def test_what_the_server_says_together_with_its_leave_to_wait_is_not_missed(cli, store, monkeypatch):
    """Dovecot does so with mail that comes just before."""
    monkeypatch.setenv("WATCH_PASSWORD", "x")
    settings(store)
    with scripted_imap({**NOTHING, "IDLE": b"+ idling\r\n* 1 EXISTS\r\n"}) as server:
        watch(cli, "alarms", host="127.0.0.1", port=server.port, security="none")
        with checking(idle_period=60.0) as checker:
            checker.until(lambda: len(server.commands("DONE")) >= 2)


def test_a_server_that_chatters_is_not_followed_at_full_speed(cli, store, monkeypatch):
    monkeypatch.setenv("WATCH_PASSWORD", "x")
    settings(store)
    with scripted_imap({**NOTHING, "IDLE": b"+ idling\r\n* OK Still here\r\n* OK Still here\r\n"}) as server:
        watch(cli, "alarms", host="127.0.0.1", port=server.port, security="none")
        with checking(idle_period=60.0) as checker:
            checker.until(lambda: server.commands("DONE"))
            before = len(server.commands("DONE"))
            time.sleep(1.0)
            assert len(server.commands("DONE")) - before <= 11


@pytest.mark.parametrize(
    "idle",
    [
        pytest.param(b"+ idling\r\n* BYE timed out\r\n" + HANG_UP, id="takes leave while one waits"),
        pytest.param(b"{tag} BAD not now\r\n", id="announces IDLE and does not have it"),
        pytest.param(b"+ idling\r\n* 5 EX" + HANG_UP, id="ends within a line"),
    ],
)
def test_a_server_that_does_not_bear_idle_is_polled(cli, store, monkeypatch, idle):
    monkeypatch.setenv("WATCH_PASSWORD", "x")
    settings(store, interval="1s")
    with scripted_imap({**NOTHING, "IDLE": idle}) as server:
        watch(cli, "alarms", host="127.0.0.1", port=server.port, security="none")
        with checking() as checker:
            checker.until(lambda: checker.states() == {"polling"})


def test_a_server_that_asks_for_patience_is_left_alone_and_not_taken_for_a_refusal(cli, store, monkeypatch):
    monkeypatch.setenv("WATCH_PASSWORD", "x")
    settings(store)
    limit = b"{tag} NO [LIMIT] Maximum number of connections from user+IP exceeded\r\n"
    with scripted_imap({**NOTHING, "IDLE": b"+ idling\r\n", "AUTHENTICATE PLAIN": limit}) as server:
        watch(cli, "alarms", host="127.0.0.1", port=server.port, security="none")
        with checking(patience=0.5) as checker:
            checker.until(lambda: checker.states() == {"backing-off"})
            server.change({"AUTHENTICATE PLAIN": LOGGED_IN})
            checker.until(idles(checker))


def test_a_name_that_is_gone_and_a_certificate_that_changed_are_said(cli, store, mail, monkeypatch):
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    settings(store)
    watch(cli, "gone", host="no-such-host.invalid", port=993)
    watch(cli, "changed", host=mail.host, port=mail.imaps_port)  # whose authority nobody knows here
    with checking() as checker:
        checker.until(lambda: {one.last_error is not None for one in checker.status().values()} == {True})

        errors = {name: one.last_error for name, one in checker.status().items()}
        assert "there is no host of that name" in errors["gone"]
        assert "authority" in errors["changed"]
        checker.until(lambda: "cannot look at changed" in checker.told)


def test_after_a_suspend_every_connection_is_made_anew(alice, proxy, monkeypatch):
    with checking() as checker:
        checker.until(idles(checker))
        before = proxy.accepted
        with monkeypatch.context() as patch:
            patch.setattr(daemon, "drift", lambda: 1e9)
            checker.daemon.wake()
            checker.until(lambda: checker.named("resumed"))

        checker.until(lambda: proxy.accepted > before)


def test_a_good_account_does_not_wait_for_sixty_that_do_not_answer(cli, store, mail, monkeypatch):
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    monkeypatch.setitem(open_imap.__kwdefaults__, "timeout", 3.0)
    settings(store)
    with fault_proxy(mail.imap_port) as dead:
        dead.mode = "mute"
        template = (store / "accounts").joinpath
        watch(cli, "a00", host="localhost", port=dead.port, security="none")
        text = template("a00.toml").read_text()
        for number in range(1, 60):
            template(f"a{number:02}.toml").write_text(text)
            template(f"a{number:02}.toml").chmod(0o600)
        watch(cli, "zoe", user="alice", host="localhost", port=mail.imap_port, security="none")
        with checking() as checker:
            checker.until(lambda: checker.status()["zoe"].state == "idling")
            mail.deliver("alice", note("Plans"))
            checker.until(lambda: "zoe: 1 new message" in checker.told)
            assert len({one["account"] for one in checker.named("failed")}) < 60, "it waited for all of them"
            dead.mode = "pass"


def test_state_that_cannot_be_written_or_is_damaged_stops_nothing(alice, mail, home):
    (home / "state" / "checker").mkdir(parents=True)
    (home / "state" / "checker" / "alice.json").write_text("{")
    (home / "state" / "checker" / ".alice.json.new").mkdir()  # in the place of the file that is written beside
    with checking() as checker:
        assert checker.named("state-damaged")
        mail.deliver("alice", note("Plans"))

        checker.until(lambda: checker.told)
        checker.until(lambda: checker.named("state-unwritable"))
        time.sleep(0.3)
    assert checker.told == ["alice: 1 new message"]


@pytest.mark.timeout(SOAK_SECONDS + 120)
def test_a_soak_with_random_faults_tells_every_mail_exactly_once(alice, proxy, mail):
    chance = random.Random(20261124)
    files = len(list_of_files())
    sent = 0
    end = time.monotonic() + SOAK_SECONDS
    with checking() as checker:
        while time.monotonic() < end:
            proxy.mode = chance.choice(["pass", "pass", "pass", "refuse", "close", "half", "blackhole"])
            if chance.random() < 0.5:
                proxy.cut()
            if chance.random() < 0.6:
                sent += 1
                mail.deliver("alice", note(f"Soak {sent}"))
            time.sleep(chance.uniform(0.1, 1.2))
        proxy.mode = "pass"
        proxy.cut()
        checker.until(lambda: sum(one["fresh"] for one in checker.named("told")) >= sent)
        checker.until(idles(checker))
        time.sleep(1.0)
        assert len(list_of_files()) < files + 40, "descriptors leak"
    assert sent > 10
    assert sum(one["fresh"] for one in checker.named("told")) == sent
    assert mail.flags("alice") == [frozenset()] * sent


def list_of_files():
    """The descriptors of this process."""
    return list(Path("/proc/self/fd").iterdir())
