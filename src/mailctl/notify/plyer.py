"""Notifications through plyer, where there is no D-Bus; in a process of its own, within a deadline.

plyer 2.1 hands title and text to notify-send as they are: one that begins with a dash is an option there, and `--wait`
hangs for ever. It tells nobody that nothing was shown: it throws exit statuses away, so calls are made to check them,
and what it prints on stderr is all else there is to see (2.1.0).
"""

import sys

import msgspec

from mailctl.domain.announce import Notice
from mailctl.domain.watching import Way
from mailctl.errors import NotShownError
from mailctl.notify import LONGEST_BODY, LONGEST_TITLE, Means, escaped, for_children, plain
from mailctl.notify.programs import run

DEADLINE = 5.0  # seconds
CHILD = (
    "import json, subprocess, sys, warnings; warnings.simplefilter('ignore'); "
    "subprocess.call = lambda *words, **more: subprocess.run(*words, **more, check=True).returncode; "
    "from plyer import notification; "
    "notification.notify(**json.load(sys.stdin))"
)
INVISIBLE = "\N{ZERO WIDTH SPACE}"


class Plyer:
    """plyer; it can neither replace nor take back what it showed."""

    name = Way.PLYER

    def __init__(self, means: Means) -> None:
        self.means = means

    def show(self, notice: Notice) -> None:
        """Show it.

        Raises:
            NotShownError: plyer failed, complained, or did not end in time.
        """
        body = plain(notice.body, LONGEST_BODY)
        fields = {
            "title": harmless(plain(notice.title, LONGEST_TITLE)),
            "message": harmless(escaped(body) if sys.platform == "linux" else body),
            "app_name": "mailctl",
        }
        words = [sys.executable, "-c", CHILD]
        try:
            said = run(
                words, environ=for_children(self.means.environ), data=msgspec.json.encode(fields), deadline=DEADLINE
            )
        except NotShownError as error:
            raise NotShownError(str(error).replace(f"'{sys.executable}'", "plyer")) from error
        if said:
            raise NotShownError(f"plyer shows nothing here: {said.splitlines()[-1]}")

    def withdraw(self, tag: str) -> None:
        """Nothing: plyer cannot."""

    def fileno(self) -> None:
        """None: plyer passes no answers on."""

    def heed(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def harmless(text: str) -> str:
    """A text that no program takes for an option, and that is not empty."""
    return text if text[:1].isalnum() else INVISIBLE + text
