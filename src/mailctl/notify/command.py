"""Notifications by a program of the user's: what is told comes in its environment, and as JSON on its input."""

import msgspec

from mailctl.domain.announce import Notice
from mailctl.domain.watching import Way
from mailctl.notify import LONGEST_BODY, LONGEST_TITLE, Means, for_children, plain
from mailctl.notify.programs import run

DEADLINE = 30.0  # seconds


class Command:
    """The program that `checker.command` names; nothing that came by mail is among its arguments."""

    name = Way.COMMAND

    def __init__(self, means: Means) -> None:
        self.means = means

    def show(self, notice: Notice) -> None:
        """Run it with the event `show`.

        Raises:
            NotShownError: it failed or did not end in time.
        """
        fields = {
            "event": "show",
            "tag": notice.tag,
            "account": notice.account,
            "title": plain(notice.title, LONGEST_TITLE),
            "body": plain(notice.body, LONGEST_BODY),
            "urgency": str(notice.urgency),
            "unread": str(notice.unread),
            "fresh": str(len(notice.fresh)),
        }
        self.run(fields)

    def withdraw(self, tag: str) -> None:
        """Run it with the event `withdraw`.

        Raises:
            NotShownError: it failed or did not end in time.
        """
        self.run({"event": "withdraw", "tag": tag})

    def run(self, fields: dict[str, str]) -> None:
        """Run the program."""
        variables = {f"MAILCTL_{name.upper()}": value for name, value in fields.items()}
        run(
            self.means.command,
            environ={**for_children(self.means.environ), **variables},
            data=msgspec.json.encode(fields),
            deadline=DEADLINE,
        )

    def fileno(self) -> None:
        """None: it answers nothing."""

    def heed(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
