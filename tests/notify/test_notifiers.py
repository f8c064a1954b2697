"""Notifiers that need no desktop, and which one is taken where."""

import json
import os
import shutil
import socket
import sys
import time

import pytest

from mailctl.domain.watching import Way
from mailctl.errors import NotShownError
from mailctl.notify import Means, best, command, notifier, plain, plyer, session_bus
from mailctl.notify.command import Command
from mailctl.notify.dbus import DBus
from mailctl.notify.log import Log
from mailctl.notify.plyer import Plyer
from suites.notifier import PLANS, NotifierSuite

RECORDER = """
import json, os, sys
with open({file!r}, "a") as out:
    given = {{name: value for name, value in os.environ.items() if name.startswith("MAILCTL_") or "SOCKET" in name}}
    out.write(json.dumps([sys.argv[1:], given, json.load(sys.stdin)]) + "\\n")
"""


class TestLog(NotifierSuite):
    @pytest.fixture
    def lines(self):
        return []

    @pytest.fixture
    def notifier(self, lines):
        return Log(Means(environ={}, log=lines.append))

    @pytest.fixture
    def shown(self, lines):
        return lambda: [(line, "") for line in lines]

    def test_of_the_mail_itself_nothing_is_written(self, notifier, lines):
        notifier.show(PLANS)

        assert lines == ["contact: 1 new message"]


class TestCommand(NotifierSuite):
    @pytest.fixture
    def calls(self, tmp_path):
        file = tmp_path / "calls"
        return lambda: [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @pytest.fixture
    def notifier(self, tmp_path):
        words = (sys.executable, "-c", RECORDER.format(file=str(tmp_path / "calls")), "--flag")
        environ = {**os.environ, "NOTIFY_SOCKET": "/run/systemd/notify"}
        return Command(Means(environ=environ, log=print, command=words))

    @pytest.fixture
    def shown(self, calls):
        return lambda: [(given["title"], given["body"]) for _, _, given in calls() if given["event"] == "show"]

    def test_the_fields_come_in_the_environment_and_as_json_and_none_as_an_argument(self, notifier, calls):
        notifier.show(PLANS)
        notifier.withdraw("contact")

        [[arguments, environ, given], [_, _, taken_back]] = calls()
        assert arguments == ["--flag"]
        assert given == {"event": "show", "tag": "contact", "account": "contact", "title": "contact: 1 new message",
                         "body": "Bob: Plans", "urgency": "normal", "unread": "1", "fresh": "1"}  # fmt: skip
        assert {environ[f"MAILCTL_{name.upper()}"] for name in given} == set(given.values())
        assert taken_back == {"event": "withdraw", "tag": "contact"}
        assert "NOTIFY_SOCKET" not in environ, "the program could speak to systemd in our name"

    def test_what_cannot_be_started_is_said(self):
        with pytest.raises(NotShownError, match="cannot run '/no/such': No such file"):
            Command(Means(environ={}, log=print, command=("/no/such",))).show(PLANS)

    def test_what_fails_is_said_with_its_words(self):
        words = ("sh", "-c", "echo no >&2; exit 3")

        with pytest.raises(NotShownError, match="'sh' ended with 3: no"):
            Command(Means(environ=os.environ, log=print, command=words)).show(PLANS)

    def test_what_hangs_is_ended_with_all_it_started(self, monkeypatch):
        monkeypatch.setattr(command, "DEADLINE", 0.3)
        begun = time.monotonic()

        with pytest.raises(NotShownError, match=r"did not end within 0\.3 s"):
            Command(Means(environ=os.environ, log=print, command=("sh", "-c", "sleep 60 & sleep 60"))).show(PLANS)

        assert time.monotonic() - begun < 5


def test_plyer_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(plyer, "CHILD", "import time; time.sleep(60)")
    monkeypatch.setattr(plyer, "DEADLINE", 0.3)

    with pytest.raises(NotShownError, match=r"plyer did not end within 0\.3 s"):
        Plyer(Means(environ=os.environ, log=print)).show(PLANS)


def test_plyer_without_a_desktop_says_so(tmp_path):
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}

    with pytest.raises(NotShownError, match="plyer"):
        Plyer(Means(environ=environ, log=print)).show(PLANS)


def test_without_a_session_d_bus_says_so():
    with pytest.raises(NotShownError, match="no D-Bus session here"):
        DBus(Means(environ={}, log=print)).show(PLANS)


def test_a_bus_that_is_gone_is_said(tmp_path):
    environ = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/gone"}

    with pytest.raises(NotShownError, match="D-Bus failed"):
        DBus(Means(environ=environ, log=print)).show(PLANS)


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        pytest.param({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x", "DISPLAY": ":0"}, Way.DBUS, id="a desktop"),
        pytest.param({}, Way.LOG, id="a server"),
        pytest.param({"DISPLAY": ":0", "PATH": "/nowhere"}, Way.LOG, id="a screen, and nothing to show with"),
    ],
)
def test_the_best_way_is_taken(environ, way):
    assert best(environ) is way
    assert notifier(Way.AUTO, Means(environ=environ, log=print)).name is way


def test_a_screen_without_a_bus_is_plyers(tmp_path):
    (tmp_path / "notify-send").symlink_to(shutil.which("true"))

    assert best({"DISPLAY": ":0", "PATH": str(tmp_path)}) is Way.PLYER


def test_cron_finds_the_session_where_systemd_keeps_it(tmp_path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "bus"))

        assert session_bus({"XDG_RUNTIME_DIR": str(tmp_path)}) == f"unix:path={tmp_path}/bus"


def test_a_long_text_is_cut_where_one_sees_it():
    assert plain("abcdef", 4) == "abc…"
