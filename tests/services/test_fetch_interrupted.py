"""Ctrl-C while several accounts are fetched: silent servers are not waited for, what came is whole."""

import signal
import subprocess
import sys
import time

from conftest import ok
from support.scripted_imap import SILENCE, folder_of, scripted_imap

NOTES = [
    f"From: bob@mail.test\r\nMessage-ID: <{number}@mail.test>\r\nSubject: Plans {number}\r\n\r\nHello\r\n".encode()
    for number in range(1, 31)
]
PATIENCE = 30.0


def add(cli, name, script):
    """Add an account at a scripted server."""
    ok(cli("account", "add", name, "--address", f"{name}@firm.example", "--imap-host", "127.0.0.1", "--imap-port",
           script.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-security",
           "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip


def started():
    """A run over all accounts."""
    return subprocess.Popen([sys.executable, "-m", "mailctl", "fetch"], stderr=subprocess.PIPE, text=True)


def await_mail(home, number):
    """Come back once so many messages have come."""
    deadline = time.monotonic() + PATIENCE
    while len(list(home.glob("data/mail/*/INBOX/*/*"))) < number and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_silent_server_is_not_waited_for(cli, store, home, monkeypatch):
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")
    with scripted_imap({"EXAMINE": SILENCE}) as silent, scripted_imap(folder_of(NOTES)) as good:
        add(cli, "good", good)
        add(cli, "silent", silent)
        run = started()
        silent.await_commands("EXAMINE", 1)
        await_mail(home, len(NOTES))
        run.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, err = run.communicate(timeout=PATIENCE)

        assert (run.returncode, err) == (130, "mailctl: error: interrupted\n")
        assert time.monotonic() - began < PATIENCE / 2

        silent.change(folder_of(NOTES))
        ok(cli("fetch"))

    for name in ("good", "silent"):
        assert len(ok(cli("list", "-a", name, "-n", "100", "--json")).json) == len(NOTES)
        assert len(list(home.glob(f"data/mail/{name}/INBOX/*/*"))) == len(NOTES)


def test_who_comes_after_is_not_begun(cli, store, monkeypatch):
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")
    with scripted_imap({"AUTHENTICATE PLAIN": SILENCE}) as silent:
        for number in range(10):
            add(cli, f"silent{number}", silent)
        run = started()
        silent.await_commands("AUTHENTICATE", 8)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=PATIENCE)

        assert run.returncode == 130
        assert len(silent.commands("AUTHENTICATE")) == 8
