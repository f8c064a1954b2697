"""A network that is gone: nobody hammers, everybody is back as soon as one account reaches its server."""

import time
from contextlib import ExitStack

import pytest

from mailctl.checker.daemon import SPREAD
from mailctl.remote.imap import open_imap
from support.fault_proxy import fault_proxy
from support.watching import checking, note, settings, watch

pytestmark = pytest.mark.live
MANY = 1000


def copies(store, like: str, ports: list[int]) -> None:
    """A thousand accounts like one, in turn at each of these ports, the first of which is its own."""
    folder = store / "accounts"
    text = (folder / f"{like}.toml").read_text()
    for number in range(1, MANY):
        path = folder / f"a{number:04}.toml"
        path.write_text(text.replace(f"port = {ports[0]}", f"port = {ports[number % len(ports)]}"))
        path.chmod(0o600)


@pytest.fixture
def impatient(store, mail, monkeypatch):
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    monkeypatch.setitem(open_imap.__kwdefaults__, "timeout", 1.0)
    settings(store, unreachable="1s")


@pytest.mark.parametrize("mode", ["refuse", "mute"])
def test_a_thousand_in_a_black_hole_try_one_by_one_and_are_all_back_with_the_first(cli, store, mail, impatient, mode):
    with ExitStack() as stack:
        proxies = [stack.enter_context(fault_proxy(mail.imap_port)) for _ in range(5)]
        for proxy in proxies:
            proxy.mode = mode
        watch(cli, "a0000", user="alice", host="localhost", port=proxies[0].port, security="none")
        copies(store, "a0000", [proxy.port for proxy in proxies])
        with checking(job=30.0) as checker:
            checker.until(lambda: checker.named("network-gone"))
            tried = sum(proxy.accepted for proxy in proxies)
            tries = checker.daemon.outage
            before = tries.next_try
            checker.until(lambda: tries.next_try > before + 3.0)
            hammered = sum(proxy.accepted for proxy in proxies) - tried
            assert hammered <= 45, "one try after 0.1 s, then one each 0.3 s, and those that were on their way"
            assert len(checker.named("failed")) < MANY / 5

            for proxy in proxies:
                proxy.mode = "pass"

            checker.until(lambda: checker.named("network-back"))
            back = time.monotonic()
            checker.until(lambda: len(checker.named("seen")) >= 60)
            late = [one for one in checker.daemon.watches.values() if one.state == "backing-off"]
            assert all(one.due < back + SPREAD * MANY + 1 for one in late), "who waits has its turn within the spread"
            assert len(checker.named("network-gone")) == 1
            checker.daemon.pool.size = 0  # those on their way arrive, and no other one leaves
            checker.until(lambda: not checker.daemon.pool.begun)


def test_one_server_out_of_reach_is_no_outage(cli, store, mail, impatient):
    with fault_proxy(mail.imap_port) as dead:
        dead.mode = "refuse"
        watch(cli, "dead", user="alice", host="localhost", port=dead.port, security="none")
        watch(cli, "bob", host="localhost", port=mail.imap_port, security="none")
        with checking() as checker:
            checker.until(lambda: checker.status()["bob"].state == "idling")
            checker.until(lambda: len(checker.named("failed")) >= 1)
            mail.deliver("bob", note("Plans"))
            checker.until(lambda: "bob: 1 new message" in checker.told)
    assert checker.named("network-gone") == []
