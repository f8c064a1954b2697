"""Somebody on a D-Bus session who displays notifications to nobody, remembers them, and can be clicked on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from mailctl.notify.dbus import SERVICE

FROM = DBusAddress("/org/freedesktop/Notifications", interface=SERVICE)


class Displayer:
    """What was asked of it: names and arguments of calls."""

    def __init__(self, bus: DBusConnection, first: int) -> None:
        self.bus = bus
        self.next = first
        self.calls: list[tuple[str, tuple]] = []
        self.stopped = threading.Event()

    def serve(self) -> None:
        """Answer until stopped."""
        while not self.stopped.is_set():
            try:
                message = self.bus.receive(timeout=0.05)
            except TimeoutError:
                continue
            if message.header.message_type is not MessageType.method_call:
                continue
            name = message.header.fields[HeaderFields.member]
            self.calls.append((name, message.body))
            match name:
                case "GetCapabilities":
                    answer = "as", (["body", "body-markup", "actions"],)
                case "Notify":
                    self.next += 1
                    answer = "u", (message.body[1] or self.next,)
                case _:
                    answer = "", ()
            self.bus.send(new_method_return(message, *answer))

    def click(self, number: int) -> None:
        """Be clicked on."""
        self.bus.send(new_signal(FROM, "ActionInvoked", "us", (number, "default")))

    def named(self, name: str) -> list[tuple]:
        """The arguments of the calls of one name."""
        return [body for said, body in self.calls if said == name]


@contextmanager
def displaying(address: str, *, first: int = 0) -> Iterator[Displayer]:
    """A displayer that owns the name until the end; its numbers begin behind `first`."""
    with open_dbus_connection(address) as bus:
        bus.send_and_get_reply(message_bus.RequestName(SERVICE))
        displayer = Displayer(bus, first)
        thread = threading.Thread(target=displayer.serve)
        thread.start()
        try:
            yield displayer
        finally:
            displayer.stopped.set()
            thread.join()
