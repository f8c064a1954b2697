"""No network at all: while every server is out of reach one account tries in turn, and all come back with the first."""

from typing import TYPE_CHECKING

from mailctl.checker.watch import Now, Watch
from mailctl.errors import CertificateError, MailctlError, SecretUnavailableError, ServerUnreachableError
from mailctl.services.checker import State

if TYPE_CHECKING:
    from mailctl.checker.daemon import Daemon

ENOUGH = 3  # accounts, and hosts where there are so many, whose failures say that it is not they who failed
WELL = (State.IDLING, State.POLLING)


class Outage:
    """Who could not be reached since somebody was, and when the next one may try."""

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon
        self.unreached: dict[str, str | None] = {}
        self.is_on = False
        self.wait = 0.0
        self.next_try = 0.0

    def holds_back(self, watch: Watch, now: Now) -> bool:
        """Whether an account has to wait for another one's luck; when not, it is the one that tries."""
        if not self.is_on:
            return False
        if now.ticks < self.next_try:
            watch.due = self.next_try
            return True
        timing = self.daemon.timing
        self.wait = min(timing.outage_longest, self.wait * 2 or timing.outage_first)
        self.next_try = now.ticks + self.wait
        return False

    def failed(self, watch: Watch, error: MailctlError, now: Now) -> None:
        """Take a failure; who was refused by a server has reached it."""
        if isinstance(error, SecretUnavailableError):
            return
        if not isinstance(error, ServerUnreachableError) or isinstance(error, CertificateError):
            self.reached(now)
            return
        self.unreached[watch.name] = watch.plan.host
        if not self.is_on and self.is_everybody:
            self.is_on, self.wait = True, self.daemon.timing.outage_first
            self.next_try = now.ticks + self.wait
            self.daemon.log("network-gone", accounts=len(self.unreached))

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is well, and enough of them at enough places have failed."""
        watches = [one for one in self.daemon.watches.values() if one.state is not State.DISABLED]
        if any(one.state in WELL for one in watches) or len(self.unreached) < min(ENOUGH, len(watches)):
            return False
        hosts = {one.plan.host for one in watches}
        return len(set(self.unreached.values())) >= min(ENOUGH, len(hosts))

    def reached(self, now: Now) -> None:
        """Somebody reached a server: whoever could not comes back, not all at once."""
        names, self.unreached = self.unreached, {}
        if not self.is_on:
            return
        self.is_on = False
        self.daemon.log("network-back", accounts=len(names))
        for watch in self.daemon.watches.values():
            if watch.job is None and watch.state in (State.BACKING_OFF, State.CONNECTING):
                watch.failures = 0
                watch.due = min(watch.due, now.ticks + self.daemon.spread())
