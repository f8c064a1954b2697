"""At a desk: mailctl-checker as its own process on a real session with a real dunst, a real keyring, a real systemd."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import ok
from support.watching import checking, note, settings, watch

pytestmark = pytest.mark.live

PROGRAM = Path(sys.executable).with_name("mailctl-checker")
MAILCTL = Path(sys.executable).with_name("mailctl")
UNLOCK = "printf passphrase | gnome-keyring-daemon {more} --unlock --components=secrets --daemonize"
LOCK = (
    "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets "
    "org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login"
)


@contextmanager
def running(environ, *words):
    """mailctl-checker, ended with SIGTERM; it must leave within two seconds, with 0."""
    with subprocess.Popen([PROGRAM, *words], env=environ, stderr=subprocess.PIPE, text=True) as program:
        try:
            yield program
        finally:
            begun = time.monotonic()
            program.send_signal(signal.SIGTERM)
            program.communicate(timeout=20)
    assert time.monotonic() - begun < 2.0
    assert program.returncode == 0


def until(is_true, seconds=30.0):
    """What a function gives once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := is_true()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def states(environ):
    """The states of all accounts, as the command says them."""
    done = subprocess.run([MAILCTL, "checker", "status", "--json"], env=environ, capture_output=True, check=False)
    return [one["state"] for one in json.loads(done.stdout)] if done.stdout else []


@pytest.fixture
def environ(home, mail, desktop):
    """The environment of the session's programs."""
    kept = {name: os.environ[name] for name in os.environ if name.startswith("COVERAGE")}
    return {**kept, **desktop.environ, "MAILCTL_HOME": str(home), "WATCH_PASSWORD": mail.password}


@pytest.fixture
def alice(cli, store, mail, monkeypatch):
    """A watched account."""
    monkeypatch.setenv("WATCH_PASSWORD", mail.password)
    watch(cli, "alice", host=mail.host, port=mail.imaps_port, more=("--ca-file", str(mail.ca_file)))


def test_a_mail_to_a_watched_mailbox_is_seen_on_the_screen_once(cli, alice, mail, environ, desktop):
    with running(environ):
        until(lambda: states(environ) == ["idling"])

        mail.deliver("alice", note("--wait"))

        until(desktop.displayed)
        time.sleep(1.0)  # a second notification would have come
        assert desktop.displayed() == 1
    assert desktop.shown() == [("alice: 1 new message", "Bob Roux: --wait")]
    for command in (("send", "bob@mail.test", "-a", "alice"), ("fetch", "-a", "alice")):
        ran = cli(*command, input="Hello")
        assert ran.status == 77
        assert "'alice' is a checker-only account: it is watched, and neither sends nor fetches" in ran.err


def test_when_it_is_read_elsewhere_it_leaves_the_screen(alice, mail, environ, desktop):
    mail.deliver("alice", note("Plans"))
    with running(environ):
        until(desktop.displayed)

        with mail.imap("alice") as box:
            box.select("INBOX")
            box.store("1", "+FLAGS", "\\Seen")

        until(lambda: not desktop.displayed())


def test_a_displayer_that_comes_late_or_is_restarted_shows_what_waited(alice, mail, screen, store, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", screen.environ["DBUS_SESSION_BUS_ADDRESS"])
    settings(store, notify="dbus")
    mail.deliver("alice", note("Plans"))
    with checking() as checker:
        checker.until(lambda: checker.named("not-shown"))
        with screen.displayer():
            until(screen.displayed)
        mail.deliver("alice", note("Devis"))
        checker.until(lambda: len(checker.named("not-shown")) > 1)

        with screen.displayer():
            until(screen.displayed)
            assert screen.shown() == [("alice: 2 new messages", "Bob Roux: Devis\nBob Roux: Plans")]
    assert [one["fresh"] for one in checker.named("told")] == [1, 1]


def test_a_test_is_seen(environ, store, desktop):
    done = subprocess.run([MAILCTL, "checker", "test"], env=environ, capture_output=True, text=True, check=True)

    assert done.stdout == "notify\tdbus\ntitle\tmailctl: a test\n"
    assert desktop.shown() == [("mailctl: a test", "This is how unread mail is told.")]


def test_a_locked_keyring_is_waited_for_and_never_prompted(cli, alice, mail, environ, desktop):
    ok(cli("account", "unset", "alice", "auth"))
    (desktop.home / ".cache").mkdir()
    environ["XDG_RUNTIME_DIR"] = str(desktop.home)
    desktop.environ["XDG_RUNTIME_DIR"] = str(desktop.home)
    desktop.home.chmod(0o700)
    shell = ["sh", "-ec"]
    subprocess.run([*shell, UNLOCK.format(more="")], env=environ, check=True, capture_output=True)
    set_words = [MAILCTL, "password", "set", "alice"]
    subprocess.run(set_words, env=environ, input=mail.password + "\n", text=True, check=True, capture_output=True)
    subprocess.run([*shell, LOCK], env=environ, check=True, capture_output=True)
    mail.deliver("alice", note("Plans"))
    try:
        with running(environ):
            until(lambda: states(environ) == ["waiting-for-secret"])
            windows = subprocess.run(["pgrep", "-f", "gcr-prompter"], capture_output=True, check=False)
            assert windows.returncode == 1, "somebody was asked for a passphrase"

            subprocess.run([*shell, UNLOCK.format(more="--replace")], env=environ, check=True, capture_output=True)

            until(lambda: states(environ) == ["idling"], 60)
            until(desktop.displayed)
    finally:
        stop_keyring(environ)


def stop_keyring(environ):
    """End the keyring's daemon of this session, and no other."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
            session = (place / "environ").read_bytes()
        except OSError:
            continue
        if b"gnome-keyring-daemon" in words and environ["DBUS_SESSION_BUS_ADDRESS"].encode() in session:
            os.kill(int(place.name), signal.SIGTERM)
