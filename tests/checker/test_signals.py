"""Signals to a checker that sleeps: it wakes for them, whichever of its threads the system gives them to."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import LOGIN
from mailctl.checker.main import serve
from mailctl.services.opening import opened
from support.scripted_imap import scripted_imap
from support.watching import settings, watch

PROGRAM = (sys.executable, "-m", "mailctl.checker.main")
IDLES = {
    "AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1 IDLE] logged in\r\n",
    "STATUS": b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\r\n{tag} OK counted\r\n",
    "UID SEARCH UNSEEN": b"* SEARCH\r\n{tag} OK found\r\n",
    "IDLE": b"+ idling\r\n",
    "DONE": b"{tag} OK done\r\n",
}


def asleep(pid: int) -> None:
    """Come back once every thread of a process sleeps."""
    deadline = time.monotonic() + 20
    while any(state_of(one) != "S" for one in Path(f"/proc/{pid}/task").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state_of(task: Path) -> str:
    """Whether a thread runs, sleeps, …, as proc(5) says."""
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_everything_is_idle_ends_it_within_two_seconds(cli, store, number):
    settings(store)
    with scripted_imap(IDLES) as server:
        watch(cli, "alice", host="127.0.0.1", port=server.port, security="none")
        environ = {**os.environ, "WATCH_PASSWORD": "hunter2"}
        with subprocess.Popen(PROGRAM, env=environ, stderr=subprocess.PIPE, text=True) as program:
            assert any("state=idling" in line for line in program.stderr)
            asleep(program.pid)
            begun = time.monotonic()
            program.send_signal(number)
            _, said = program.communicate(timeout=20)

    assert time.monotonic() - begun < 2.0
    assert program.returncode == 0
    assert said.rstrip().endswith("ended")


def test_a_signal_that_another_thread_gets_wakes_the_one_that_waits(store):
    """Python runs handlers in the main thread, and nothing but the wake-up pipe ends what that one waits for."""
    settings(store)
    is_watching, sent = threading.Event(), []

    def send() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        is_watching.wait(20)
        main = Path(f"/proc/self/task/{threading.main_thread().native_id}")
        while state_of(main) != "S":
            time.sleep(0.02)
        time.sleep(0.3)  # it may have slept elsewhere: in a lock, on its way to the selector
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    def log(event: str, **_: object) -> None:
        if event == "watching":
            is_watching.set()

    kept = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert serve(lambda: opened(os.environ, login=LOGIN, tell=lambda *_: None), log=log, environ={}) == 0
        left = time.monotonic()
    finally:
        sender.join()
        for one, handler in kept.items():
            signal.signal(one, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    assert left - sent[0] < 2.0
