"""Notifications over D-Bus (Desktop Notifications 1.2): they are replaced, taken back, and answered with `Open`."""

import subprocess
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from mailctl.domain.announce import Notice, Urgency
from mailctl.domain.watching import Way
from mailctl.errors import NotShownError
from mailctl.notify import LONGEST_BODY, LONGEST_TITLE, Means, escaped, for_children, plain, session_bus

SERVICE = "org.freedesktop.Notifications"
PLACE = DBusAddress("/org/freedesktop/Notifications", bus_name=SERVICE, interface=SERVICE)
ANSWER_WITHIN = 5.0  # seconds
LEVELS = {Urgency.LOW: 0, Urgency.NORMAL: 1, Urgency.CRITICAL: 2}
AS_LONG_AS_USUAL = -1
OPEN = "default"  # the action of a click on the notification itself
SIGNALS = MatchRule(type="signal", interface=SERVICE, path="/org/freedesktop/Notifications")


class Shown(NamedTuple):
    """A notification on the screen: its number, and who displays it; another displayer has other numbers."""

    id: int
    owner: str
    account: str


class DBus:
    """The desktop's own notifications; connects when there is something to show, and again after a failure."""

    name = Way.DBUS

    def __init__(self, means: Means) -> None:
        self.means = means
        self.bus: DBusConnection | None = None
        self.signals: deque[Message] = deque(maxlen=100)
        self.capabilities: dict[str, frozenset[str]] = {}
        self.shown: dict[str, Shown] = {}
        self.opened: list[subprocess.Popen[bytes]] = []

    def show(self, notice: Notice) -> None:
        """Show it, or replace what the tag shows.

        Raises:
            NotShownError: no bus, nobody on it who displays notifications, or no answer.
        """
        owner = self.owner()
        before = self.shown.get(notice.tag)
        replaced = before.id if before and before.owner == owner else 0
        can = self.can(owner)
        body = plain(notice.body, LONGEST_BODY)
        reply = self.call(
            new_method_call(
                PLACE,
                "Notify",
                "susssasa{sv}i",
                (
                    "mailctl",
                    replaced,
                    "mail-unread" if notice.account else "dialog-warning",
                    plain(notice.title, LONGEST_TITLE),
                    escaped(body) if "body-markup" in can else body,
                    [OPEN, "Open"] if self.means.open and notice.account and "actions" in can else [],
                    hints(notice),
                    AS_LONG_AS_USUAL,
                ),
            )
        )
        self.shown[notice.tag] = Shown(id=reply[0], owner=owner, account=notice.account)

    def withdraw(self, tag: str) -> None:
        """Take it from the screen.

        Raises:
            NotShownError: no bus, or no answer.
        """
        shown = self.shown.pop(tag, None)
        if shown is None or shown.owner != self.owner():
            return
        with suppress(NotShownError):  # it was closed before, by the user or by itself
            self.call(new_method_call(PLACE, "CloseNotification", "u", (shown.id,)))

    def owner(self) -> str:
        """Who displays notifications now; one that can be started is.

        Raises:
            NotShownError: nobody.
        """
        with suppress(NotShownError):
            return str(self.call(message_bus.GetNameOwner(SERVICE))[0])
        self.call(message_bus.StartServiceByName(SERVICE))
        return str(self.call(message_bus.GetNameOwner(SERVICE))[0])

    def can(self, owner: str) -> frozenset[str]:
        """What the displayer is capable of."""
        if owner not in self.capabilities:
            self.capabilities = {owner: frozenset(self.call(new_method_call(PLACE, "GetCapabilities"))[0])}
        return self.capabilities[owner]

    def call(self, message: Message) -> tuple[Any, ...]:
        """The answer to a call.

        Raises:
            NotShownError: there is none, or it is an error.
        """
        try:
            reply = self.connected().send_and_get_reply(message, timeout=ANSWER_WITHIN)
        except TimeoutError as error:
            self.close()
            raise NotShownError(f"the desktop's notifications do not answer within {ANSWER_WITHIN:g} s") from error
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            self.close()
            raise NotShownError(f"D-Bus failed: {error}") from error
        if reply.header.message_type is MessageType.error:
            name = str(reply.header.fields.get(HeaderFields.error_name, "an error"))
            said = reply.body[0] if reply.body and isinstance(reply.body[0], str) else name
            raise NotShownError(f"nobody displays notifications: {said}")
        return tuple(reply.body)

    def connected(self) -> DBusConnection:
        """The bus.

        Raises:
            NotShownError: there is none.
        """
        if self.bus is None:
            address = session_bus(self.means.environ)
            if address is None:
                raise NotShownError("no D-Bus session here", hint='checker.notify = "command" or "log" in store.toml')
            self.bus = open_dbus_connection(address)
            self.bus.filter(SIGNALS, queue=self.signals)
            self.bus.send_and_get_reply(message_bus.AddMatch(SIGNALS), timeout=ANSWER_WITHIN)
        return self.bus

    def fileno(self) -> int | None:
        """The bus, while there is one."""
        return None if self.bus is None else self.bus.sock.fileno()

    def heed(self) -> None:
        """Open what the user clicked on."""
        try:
            while self.bus is not None:
                self.bus.recv_messages(timeout=0)
        except TimeoutError:
            pass  # that was all
        except (OSError, ValueError, RuntimeError):
            self.close()
        while self.signals:
            signal = self.signals.popleft()
            if signal.header.fields.get(HeaderFields.member) == "ActionInvoked" and len(signal.body) == 2:
                self.open(*signal.body)

    def open(self, number: int, action: str) -> None:
        """Run the store's command for the account that a notification is about."""
        shown = next((one for one in self.shown.values() if one.id == number), None)
        if shown is None or action != OPEN or not self.means.open:
            return
        self.opened = [program for program in self.opened if program.poll() is None]
        try:
            program = subprocess.Popen(
                [*self.means.open, shown.account],
                env=for_children(self.means.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self.means.log(f"cannot run '{self.means.open[0]}': {error.strerror}")
        else:
            self.opened.append(program)

    def close(self) -> None:
        """Leave the bus."""
        if self.bus is not None:
            with suppress(OSError):
                self.bus.close()
        self.bus = None


def hints(notice: Notice) -> dict[str, tuple[str, Any]]:
    """What a displayer may heed."""
    return {
        "urgency": ("y", LEVELS[notice.urgency]),
        "category": ("s", "email.arrived" if notice.account else "network.error"),
        "desktop-entry": ("s", "mailctl"),
    }
