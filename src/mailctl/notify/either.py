"""Notifications over D-Bus and, while nobody there displays them, through plyer; each is tried anew in time."""

import time

from mailctl.domain.announce import Notice
from mailctl.domain.watching import Way
from mailctl.errors import NotShownError
from mailctl.notify import Means, Notifier
from mailctl.notify.dbus import DBus
from mailctl.notify.plyer import Plyer

AGAIN = 60.0  # seconds until a service that did not answer is asked again: each time it may cost five


class Either:
    """The desktop's own notifications, else whatever plyer finds; `name` is the way the last one went."""

    def __init__(self, means: Means) -> None:
        self.name = Way.DBUS
        self.first: Notifier = DBus(means)
        self.second: Notifier = Plyer(means)
        self.silent_until = 0.0

    def show(self, notice: Notice) -> None:
        """Show it, one way or the other.

        Raises:
            NotShownError: nobody displayed it, as D-Bus says.
        """
        if time.monotonic() >= self.silent_until:
            try:
                self.first.show(notice)
            except NotShownError as error:
                if isinstance(error.__cause__, TimeoutError):
                    self.silent_until = time.monotonic() + AGAIN
                self.show_otherwise(notice, error)
            else:
                self.name = Way.DBUS
            return
        self.show_otherwise(notice, NotShownError("the desktop's notifications did not answer a moment ago"))

    def show_otherwise(self, notice: Notice, error: NotShownError) -> None:
        """Show it through plyer.

        Raises:
            NotShownError: that cannot show it either; what is said is why D-Bus did not.
        """
        try:
            self.second.show(notice)
        except NotShownError:
            self.name = Way.DBUS
            raise error from None
        self.name = Way.PLYER

    def withdraw(self, tag: str) -> None:
        """Take back what D-Bus shows; plyer cannot.

        Raises:
            NotShownError: nobody answered.
        """
        if time.monotonic() >= self.silent_until:
            self.first.withdraw(tag)

    def fileno(self) -> int | None:
        """The bus, while there is one."""
        return self.first.fileno()

    def heed(self) -> None:
        """Do what the user's answers ask."""
        self.first.heed()

    def close(self) -> None:
        """Let go of everything; what is shown stays."""
        self.first.close()
        self.second.close()
