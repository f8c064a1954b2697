"""Notifications for machines without a desktop: a line in the log, of the mail no more than how much there is."""

from mailctl.domain.announce import Notice
from mailctl.domain.watching import Way
from mailctl.notify import LONGEST_TITLE, Means, plain


class Log:
    """The log."""

    name = Way.LOG

    def __init__(self, means: Means) -> None:
        self.means = means

    def show(self, notice: Notice) -> None:
        """Write its title."""
        self.means.log(plain(notice.title, LONGEST_TITLE))

    def withdraw(self, tag: str) -> None:
        """Nothing: what is written is written."""

    def fileno(self) -> None:
        """None: nobody answers a log."""

    def heed(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
