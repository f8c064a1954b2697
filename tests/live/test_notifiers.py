"""Notifications on a real D-Bus session with a real dunst: shown, replaced, taken back, clicked on, or nobody there."""

import socket
import time
from collections.abc import Iterator

import pytest
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from msgspec.structs import replace

from mailctl.errors import NotShownError
from mailctl.notify import Means, dbus
from mailctl.notify.dbus import SERVICE, DBus
from mailctl.notify.plyer import Plyer
from suites.notifier import PLANS, NotifierSuite
from support.displayer import displaying

pytestmark = pytest.mark.live


def means(session, **more):
    return Means(environ=session.environ, log=print, **more)


@pytest.fixture
def shown(desktop):
    return desktop.shown


class TestDBus(NotifierSuite):
    @pytest.fixture
    def notifier(self, desktop) -> Iterator[DBus]:
        made = DBus(means(desktop))
        yield made
        made.close()

    def test_replaces_what_the_same_tag_showed(self, notifier, desktop):
        notifier.show(PLANS)
        notifier.show(replace(PLANS, title="contact: 2 new messages"))

        assert desktop.displayed() == 1
        assert desktop.shown() == [("contact: 2 new messages", "Bob: Plans")]

    def test_two_tags_are_two_notifications(self, notifier, desktop):
        notifier.show(PLANS)
        notifier.show(replace(PLANS, tag="billing", title="billing: 1 new message"))

        assert desktop.displayed() == 2

    def test_what_is_taken_back_is_gone_from_the_screen(self, notifier, desktop):
        notifier.show(PLANS)
        notifier.withdraw("contact")

        assert desktop.displayed() == 0

    def test_markup_is_shown_and_not_obeyed(self, notifier, desktop):
        notifier.show(replace(PLANS, body="<b>Bob</b> & Co"))

        [(_, body)] = desktop.shown()
        assert body == "&lt;b&gt;Bob&lt;/b&gt; &amp; Co"


class TestPlyer(NotifierSuite):
    @pytest.fixture
    def notifier(self, desktop):
        return Plyer(means(desktop))


@pytest.fixture
def address(bus):
    return bus.environ["DBUS_SESSION_BUS_ADDRESS"]


def test_numbers_of_a_displayer_that_is_gone_mean_nothing_to_the_next(bus, address):
    notifier = DBus(means(bus))
    with displaying(address, first=7):
        notifier.show(PLANS)

    with displaying(address, first=7) as second:
        notifier.withdraw("contact")
        notifier.show(PLANS)
        notifier.show(PLANS)

    notifier.close()
    assert second.named("CloseNotification") == []
    assert [body[1] for body in second.named("Notify")] == [0, 8]


def test_a_click_runs_the_stores_command_with_the_accounts_name(bus, address, tmp_path):
    notifier = DBus(means(bus, open=("touch", "--", str(tmp_path / "clicked"))))
    bus.environ["NOTIFY_SOCKET"] = "/nowhere"
    with displaying(address) as displayer:
        notifier.show(replace(PLANS, account=str(tmp_path / "contact")))
        displayer.click(99)
        displayer.click(1)
        deadline = time.monotonic() + 10
        while not (tmp_path / "contact").exists() and time.monotonic() < deadline:
            notifier.heed()
            time.sleep(0.01)

    [notice] = displayer.named("Notify")
    assert notice[5] == ["default", "Open"]
    assert (tmp_path / "contact").exists()
    while any(program.poll() is None for program in notifier.opened):
        time.sleep(0.01)
    notifier.close()


def test_without_a_command_nothing_can_be_clicked(bus, address):
    notifier = DBus(means(bus))
    with displaying(address) as displayer:
        notifier.show(PLANS)

    notifier.close()
    assert displayer.named("Notify")[0][5] == []
    assert displayer.named("Notify")[0][6]["urgency"] == ("y", 1)


def test_a_bus_that_ends_is_said_and_another_one_found(bus, address):
    notifier = DBus(means(bus))
    with displaying(address):
        notifier.show(PLANS)
        notifier.bus.sock.shutdown(socket.SHUT_RDWR)
        notifier.heed()

        notifier.show(PLANS)

    notifier.close()


def test_a_bus_without_anybody_who_displays_is_said(bus):
    notifier = DBus(means(bus))

    with pytest.raises(NotShownError, match="nobody displays notifications"):
        notifier.show(PLANS)

    notifier.close()


@pytest.mark.parametrize("way", [DBus, Plyer])
def test_a_displayer_that_never_answers_is_given_up(bus, way, monkeypatch):
    monkeypatch.setattr(dbus, "ANSWER_WITHIN", 0.5)
    monkeypatch.setattr("mailctl.notify.plyer.DEADLINE", 2.0)
    mute = open_dbus_connection(bus.environ["DBUS_SESSION_BUS_ADDRESS"])
    mute.send_and_get_reply(message_bus.RequestName(SERVICE))
    notifier = way(means(bus))
    begun = time.monotonic()

    with pytest.raises(NotShownError, match=r"not (answer|end) within"):
        notifier.show(PLANS)

    assert time.monotonic() - begun < 4
    notifier.close()
    mute.close()
