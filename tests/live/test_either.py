"""D-Bus while somebody displays there, plyer while nobody does: absent, hung, restarted, with a real dunst."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from mailctl.domain.watching import Way
from mailctl.errors import NotShownError
from mailctl.notify import Means, dbus, notifier
from mailctl.notify.dbus import SERVICE
from suites.notifier import PLANS

pytestmark = pytest.mark.live
MAILCTL = Path(sys.executable).with_name("mailctl")


@pytest.fixture
def other(screen, tmp_path):
    """A notify-send that needs no D-Bus, as other desktops have, first on the session's PATH; what it was told."""
    folder, told = tmp_path / "bin", tmp_path / "told"
    folder.mkdir()
    program = folder / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{told}\n')
    program.chmod(0o755)
    screen.environ["PATH"] = f"{folder}:{screen.environ['PATH']}"
    return told


@pytest.fixture
def way(screen, other):
    made = notifier(Way.AUTO, Means(environ=screen.environ, log=print))
    yield made
    made.close()


def test_nobody_there_then_somebody_then_nobody_again(way, screen, other):
    way.show(PLANS)
    assert way.name is Way.PLYER
    assert "contact: 1 new message" in other.read_text()

    with screen.displayer():
        way.show(PLANS)
        assert way.name is Way.DBUS
        assert screen.displayed() == 1
        way.withdraw(PLANS.tag)
        assert screen.displayed() == 0

    way.show(PLANS)
    assert way.name is Way.PLYER
    assert len(other.read_text().splitlines()) == 2


def test_who_does_not_answer_is_asked_again_after_a_while_only(way, screen, other, monkeypatch):
    monkeypatch.setattr(dbus, "ANSWER_WITHIN", 0.5)
    with open_dbus_connection(screen.environ["DBUS_SESSION_BUS_ADDRESS"]) as mute:
        mute.send_and_get_reply(message_bus.RequestName(SERVICE))
        way.show(PLANS)
        monkeypatch.setattr(dbus, "ANSWER_WITHIN", 3600.0)
        way.show(PLANS)
    assert way.name is Way.PLYER
    assert len(other.read_text().splitlines()) == 2

    way.silent_until = 0.0
    monkeypatch.setattr(dbus, "ANSWER_WITHIN", 5.0)
    with screen.displayer():
        way.show(PLANS)
        assert way.name is Way.DBUS
        assert screen.displayed() == 1


def test_where_neither_can_it_says_why_the_desktop_could_not(way, screen, other):
    Path(screen.environ["PATH"].partition(":")[0], "notify-send").write_text("#!/bin/sh\nexit 1\n# no\n")
    other.write_text("")

    with pytest.raises(NotShownError, match=r"nobody displays notifications|did not answer"):
        way.show(PLANS)

    assert way.name is Way.DBUS


def test_a_test_says_which_way_it_went(store, home, screen, other):
    environ = {**screen.environ, "MAILCTL_HOME": str(home)}
    words = [MAILCTL, "checker", "test", "--json"]

    alone = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    with screen.displayer():
        displayed = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)

    assert json.loads(alone.stdout)["notify"] == "plyer"
    assert json.loads(displayed.stdout)["notify"] == "dbus"
