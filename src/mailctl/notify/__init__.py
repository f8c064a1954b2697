"""Notifications: what each way of showing them must be able to do, the table of ways, and which one is taken."""

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from msgspec import Struct

from mailctl.domain.announce import Notice
from mailctl.domain.watching import Way
from mailctl.loading import load

NOTIFIERS = {
    Way.DBUS: "mailctl.notify.dbus:DBus",
    Way.PLYER: "mailctl.notify.plyer:Plyer",
    Way.COMMAND: "mailctl.notify.command:Command",
    Way.LOG: "mailctl.notify.log:Log",
}
# What no line of a notification may hold: controls but the line break, and the marks that turn a text's direction.
UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
LONGEST_TITLE = 200
LONGEST_BODY = 1000
OURS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})  # between systemd and us, and nobody we start


class Means(Struct, frozen=True, kw_only=True):
    """What a notifier may need: the caller's environment, the store's commands, and where a log line goes."""

    environ: Mapping[str, str]
    log: Callable[[str], None]
    command: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class Notifier(Protocol):
    """One way of telling the user something; for one thread."""

    name: Way

    def show(self, notice: Notice) -> None:
        """Show it, in the place of what the same tag showed before.

        Raises:
            NotShownError: nobody displayed it.
        """

    def withdraw(self, tag: str) -> None:
        """Take back what a tag shows; not an error if it shows nothing.

        Raises:
            NotShownError: nobody answered.
        """

    def fileno(self) -> int | None:
        """The descriptor on which the user's answers come, to wait on; None where none come."""

    def heed(self) -> None:
        """Do what the user's answers ask; does not wait."""

    def close(self) -> None:
        """Let go of everything; what is shown stays."""


def notifier(way: Way, means: Means) -> Notifier:
    """The notifier for a way; for `auto`, that which works best here."""
    chosen = best(means.environ) if way is Way.AUTO else way
    if way is Way.AUTO and chosen is Way.DBUS and has_notify_send(means.environ):
        return cast(Notifier, load("mailctl.notify.either:Either")(means))
    return cast(Notifier, load(NOTIFIERS[chosen])(means))


def best(environ: Mapping[str, str]) -> Way:
    """D-Bus where there is a session, plyer on other systems and where a desktop has notify-send, else the log."""
    if sys.platform != "linux":
        return Way.PLYER
    if session_bus(environ):
        return Way.DBUS
    return Way.PLYER if has_notify_send(environ) else Way.LOG


def has_notify_send(environ: Mapping[str, str]) -> bool:
    """Whether there is a screen, and a program for it that plyer knows."""
    has_screen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(has_screen and shutil.which("notify-send", path=environ.get("PATH")))


def session_bus(environ: Mapping[str, str]) -> str | None:
    """The address of the session's D-Bus; systemd keeps it at a fixed place, cron's environment does not say it."""
    from pathlib import Path

    if address := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    place = Path(environ.get("XDG_RUNTIME_DIR", "/nowhere")) / "bus"
    return f"unix:path={place}" if place.is_socket() else None


def plain(text: str, longest: int) -> str:
    """A text that came by mail as one may show it: no control characters, no turned directions, not too long."""
    safe = UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def escaped(text: str) -> str:
    """A text where markup is understood (Desktop Notifications 1.2, 4)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def for_children(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that is started."""
    return {name: value for name, value in environ.items() if name not in OURS}
