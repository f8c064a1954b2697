"""One account's states, without a thread: what a look or a failure makes of it, and when it is its turn again."""

import random
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from mailctl.domain.account import SecretPlace
from mailctl.domain.announce import Trouble
from mailctl.domain.watching import Mode
from mailctl.errors import (
    CertificateError,
    LoginRefusedError,
    MailctlError,
    SecretUnavailableError,
    TemporaryError,
)
from mailctl.services.checker import State, Watched
from mailctl.services.context import Context
from mailctl.services.looking import Looker, Sight
from mailctl.services.telling import Plan

MOST_DEATHS = 3


class Timing(Struct, frozen=True, kw_only=True):
    """How long things last, in seconds."""

    idle_period: float = 540.0  # firewalls forget a silent connection, some after ten minutes
    job: float = 240.0  # one look; what lasts longer is given up
    first_wait: float = 5.0
    longest_wait: float = 900.0
    outage_first: float = 5.0  # between two accounts that try while none reaches its server
    outage_longest: float = 30.0
    patience: float = 60.0  # the least wait where the server asks to come later
    settled: float = 60.0  # a connection that lasted so long has no failures behind it
    store: float = 10.0  # how often is looked whether the store changed
    secret: float = 60.0  # how often is looked whether a refused password changed
    locked_first: float = 10.0
    locked_longest: float = 300.0
    retell: float = 30.0  # after nobody displayed a notification
    outbox: float = 60.0
    telling: float = 120.0  # a notifier that takes longer hangs
    polling: float = 3600.0  # how long a server that does not bear IDLE is asked instead
    gap: float = 0.1  # between two looks at one account, whatever its server says


class Now(NamedTuple):
    """A moment, on the clock that only goes on and on the one that people read."""

    ticks: float
    time: datetime


class Seen(NamedTuple):
    """What a look gave; `is_waiting` when the server says what changes, `has_news` when it already did."""

    sight: Sight
    is_waiting: bool
    has_news: bool


def look(looker: Looker) -> Seen:
    """One look, in a thread of the pool."""
    sight = looker.look()
    is_waiting = looker.wait()
    return Seen(sight, is_waiting, is_waiting and looker.has_news)


class Watch:
    """One account as the daemon has it; `due` is its next turn, `job` what is done for it now."""

    def __init__(self, ctx: Context, plan: Plan, *, timing: Timing, due: float) -> None:
        self.plan = plan
        self.timing = timing
        self.looker = Looker(ctx, plan.account, plan.policy)
        self.state = State.CONNECTING if plan.is_enabled else State.DISABLED
        self.due = due if plan.is_enabled else float("inf")
        self.job: int | None = None
        self.descriptor: int | None = None
        self.connected_at: float | None = None
        self.failures = 0
        self.deaths = 0  # connections that did not last while the server was to say what changes
        self.poll_until = 0.0
        self.sight: Sight | None = None
        self.last_look: datetime | None = None
        self.last_error: str | None = None
        self.trouble: Trouble | None = None
        self.ask_again: datetime | None = None
        self.is_telling = False

    @property
    def name(self) -> str:
        """The account's name."""
        return self.plan.account.name

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self.looker.session is not None

    @property
    def needs_keyring(self) -> bool:
        """Whether connecting asks the keyring."""
        return self.plan.asks_keyring and not self.is_connected

    def saw(self, seen: Seen, now: Now) -> None:
        """Take a look's result."""
        if self.connected_at is None:
            self.connected_at = now.ticks
        if now.ticks - self.connected_at >= self.timing.settled:
            self.failures = 0
        self.sight, self.last_look, self.ask_again = seen.sight, now.time, now.time
        self.last_error, self.trouble = seen.sight.problem, None
        self.state = State.IDLING if seen.is_waiting else State.POLLING
        if seen.has_news:
            self.due = now.ticks + self.timing.gap
        elif seen.is_waiting:
            self.due = now.ticks + self.timing.idle_period
        else:
            self.due = now.ticks + self.plan.policy.interval

    def failed(self, error: MailctlError, now: Now, chance: random.Random) -> None:
        """Take a failure: the connection is gone, and it depends on its kind when the next one is tried."""
        lived = now.ticks - self.connected_at if self.connected_at is not None else 0.0
        if self.state is State.IDLING or self.looker.could_not_wait:
            self.count_death(now, lived=lived)
        self.looker.close(politely=False)
        self.connected_at = None
        if lived >= self.timing.settled:
            self.failures = 0
        self.failures += 1
        self.last_error = str(error)
        is_final = isinstance(error, LoginRefusedError | CertificateError)
        since = self.trouble.since if self.trouble else now.time
        self.trouble = Trouble(since=since, why=str(error), is_final=is_final)
        self.state, wait = self.after(error, chance)
        self.due = now.ticks + wait

    def after(self, error: MailctlError, chance: random.Random) -> tuple[State, float]:
        """The state that a failure leads to, and for how many seconds."""
        match error:
            case LoginRefusedError():
                return State.REFUSED, self.secret_every
            case SecretUnavailableError():
                return State.WAITING, self.secret_every
        wait = min(self.timing.longest_wait, self.timing.first_wait * 2 ** min(self.failures - 1, 20))
        wait *= chance.uniform(0.5, 1.0)  # so that a thousand do not come back at the same moment
        if isinstance(error, TemporaryError):
            wait = max(wait, self.timing.patience)
        return State.BACKING_OFF, wait

    @property
    def secret_every(self) -> float:
        """How often its secret is looked at again; a command may ask somebody."""
        place = (self.plan.account.incoming.auth or self.plan.account.auth).secret
        return self.timing.secret * (15 if place is SecretPlace.COMMAND else 1)

    def polls(self, now: Now) -> bool:
        """Whether its server is asked instead of waited for: as the store says, or because it does not bear IDLE."""
        mode = self.plan.policy.mode
        return mode is Mode.POLL or (mode is Mode.AUTO and now.ticks < self.poll_until)

    def count_death(self, now: Now, *, lived: float) -> None:
        """Take the end of a connection that waited; some servers announce IDLE and end what uses it."""
        self.deaths = 0 if lived >= self.timing.settled else self.deaths + 1
        if self.deaths >= MOST_DEATHS:
            self.deaths, self.poll_until = 0, now.ticks + self.timing.polling

    def restart(self, due: float) -> None:
        """Forget the connection, and connect anew at a moment."""
        self.looker.close(politely=False)
        self.connected_at = None
        if self.state is not State.DISABLED:
            self.state, self.due = State.CONNECTING, due

    def status(self, now: Now) -> Watched:
        """What one may know of it."""
        from datetime import timedelta

        following = None if self.due == float("inf") else now.time + timedelta(seconds=max(0, self.due - now.ticks))
        return Watched(
            account=self.name,
            state=self.state,
            unread=self.sight.count if self.sight else None,
            last_look=self.last_look,
            next_look=following,
            last_error=self.last_error,
        )
