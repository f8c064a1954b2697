"""Staying with servers that break off, say news too early, or cannot push."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import ok
from support.scripted_imap import HANG_UP, folder_of, scripted_imap

NOTE = b"From: bob@mail.test\r\nMessage-ID: <1@mail.test>\r\nSubject: Plans\r\n\r\nHello\r\n"
IDLES = {
    "AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1 IDLE] logged in\r\n",
    "IDLE": b"+ idling\r\n",
}
SOON = 30.0


@pytest.fixture
def account(cli, store, monkeypatch):
    """Add an account at a scripted server."""
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")

    def add(script):
        ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--imap-host", "127.0.0.1",
               "--imap-port", script.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1",
               "--smtp-security", "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip

    return add


@contextmanager
def watching():
    """The installed program, staying."""
    program = Path(sys.executable).with_name("mailctl")
    run = subprocess.Popen([program, "fetch", "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield run
    finally:
        run.terminate()
        run.communicate(timeout=SOON)


def await_commands(script, name, number):
    deadline = time.monotonic() + SOON
    while len(script.commands(name)) < number:
        assert time.monotonic() < deadline, script.said
        time.sleep(0.02)


def test_news_that_come_along_with_the_leave_to_wait_are_heard(account):
    with scripted_imap({**folder_of([NOTE]), **IDLES}) as script:
        script.change({"IDLE": b"+ idling\r\n* 2 EXISTS\r\n", "": lambda _: f"{script.tags[-2]} OK\r\n".encode()})
        account(script)
        with watching():
            await_commands(script, "IDLE", 3)


def test_a_connection_that_breaks_is_opened_again(account):
    with scripted_imap({**folder_of([NOTE]), **IDLES, "IDLE": b"+ idling\r\n" + HANG_UP}) as script:
        account(script)
        with watching() as run:
            await_commands(script, "IDLE", 2)
            run.terminate()
            _, said = run.communicate(timeout=SOON)

    assert len(script.commands("AUTHENTICATE")) >= 2
    assert "trying again in 2 s" in said
    assert run.returncode == 0


def test_a_server_that_closes_while_one_waits_makes_no_busy_loop(account):
    with scripted_imap({**folder_of([NOTE]), **IDLES, "IDLE": b"+ idling\r\n* BYE\r\n" + HANG_UP}) as script:
        account(script)
        with watching():
            await_commands(script, "IDLE", 1)
            time.sleep(1)

    assert len(script.commands("AUTHENTICATE")) <= 2


def test_it_ends_at_once_while_it_waits_to_try_again(account):
    with scripted_imap({**folder_of([NOTE]), "LIST": HANG_UP}) as script:
        account(script)
        with watching() as run:
            await_commands(script, "LIST", 3)  # the next try is 8 s away
            begin = time.monotonic()
            run.terminate()
            run.communicate(timeout=SOON)

    assert (run.returncode, time.monotonic() - begin < 6) == (0, True)


def test_watching_prints_no_document(cli, firm):
    ran = cli("fetch", "--watch", "--json")

    assert ran.status == 2
