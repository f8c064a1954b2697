"""The loop: one selector that waits, a small pool that works, and every account's turn when it is due."""

import random
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from mailctl.checker.control import Control
from mailctl.checker.lines import Log
from mailctl.checker.outage import Outage
from mailctl.checker.reloading import Reloading
from mailctl.checker.systemd import Systemd
from mailctl.checker.teller import explained
from mailctl.checker.tidings import Tidings
from mailctl.checker.watch import Now, Timing, Watch, look
from mailctl.checker.workers import Done, Pool
from mailctl.errors import LoginRefusedError, MailctlError, SecretLockedError
from mailctl.services.checker import State
from mailctl.services.context import Context

POOL = 16
CONNECTING = 12  # of these at most, so that accounts that are connected never wait for hosts that do not answer
PER_HOST = 4
LONGEST_SLEEP = 10.0
JUMP = 5.0  # seconds by which the clocks may drift apart before it was a suspend
SPREAD = 0.05  # seconds between two accounts at the start
TOO_LATE = 300.0  # seconds after which an account whose turn was forgotten is no progress
OUTBOX = "*outbox"


class Daemon:
    """All accounts, the loop around them, and what wakes it."""

    def __init__(
        self,
        opened: Callable[[], Context],
        *,
        log: Log,
        timing: Timing | None = None,
        systemd: Systemd | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.log = log
        self.timing = timing or Timing()
        self.systemd = systemd or Systemd({})
        self.chance = chance or random.Random()  # noqa: S311 - it spreads waiting times, and keeps no secret
        self.selector = selectors.DefaultSelector()
        self.waking, self.woken = socket.socketpair()
        self.waking.setblocking(False)
        self.woken.setblocking(False)
        self.selector.register(self.woken, selectors.EVENT_READ)
        self.pool = Pool(POOL, self.wake)
        self.watches: dict[str, Watch] = {}
        self.is_stopping = False
        self.must_reload = False
        self.gate = 0.0  # until when the keyring is not asked
        self.locked_wait = 0.0
        self.outbox_due = float("inf")
        self.drift = drift()
        self.reloading = Reloading(self, opened)
        self.tidings = Tidings(self)
        self.outage = Outage(self)
        self.control = Control(self)

    # -- from outside, whatever the thread

    def wake(self) -> None:
        """Let the loop come round."""
        with suppress(BlockingIOError, OSError):  # a full pipe wakes as well as a fuller one
            self.waking.send(b"x")

    def stop(self) -> None:
        """Have the loop end."""
        self.is_stopping = True
        self.wake()

    def reload(self) -> None:
        """Have the store read anew, and what waits tried at once."""
        self.must_reload = True
        self.wake()

    # -- the loop

    def run(self) -> None:
        """Watch until stopped.

        Raises:
            MailctlError: the store cannot be read at the start, or the state's folder cannot be written.
        """
        try:
            self.reloading.begin()
            self.control.open()
            self.systemd.tell("READY=1")
            self.log("watching", accounts=len(self.watches), notify=self.tidings.teller.way.name)
            while not self.is_stopping:
                self.wait()
                self.step()
        finally:
            self.close()

    def wait(self) -> None:
        """Sleep until something is due or somebody says something."""
        for key, _ in self.selector.select(self.until_next()):
            if key.data is not None:
                key.data(key.fd)
        with suppress(BlockingIOError):
            while len(self.woken.recv(4096)) == 4096:
                pass

    def until_next(self) -> float:
        """Seconds until the next turn."""
        ticks = time.monotonic()
        turns = [watch.due for watch in self.watches.values() if watch.job is None]
        due = min(turns, default=float("inf"))
        if self.pool.is_full:
            due = float("inf")
        due = min(due, self.reloading.due, self.outbox_due, self.tidings.due(ticks), ticks + LONGEST_SLEEP)
        return max(0.0, due - ticks)

    def step(self) -> None:
        """Everything that is due."""
        now = self.now()
        self.notice_suspend(now)
        for done in self.pool.gather():
            self.take(done, now)
        self.give_up(now)
        self.reloading.step(now)
        self.dispatch(now)
        self.tidings.step(now)
        self.flush_outbox(now)
        self.report(now)

    def now(self) -> Now:
        """This moment."""
        return Now(time.monotonic(), datetime.now(UTC))

    def notice_suspend(self, now: Now) -> None:
        """After the machine slept no connection can be trusted: all are made anew, not all at once."""
        before, self.drift = self.drift, drift()
        if self.drift - before < JUMP:
            return
        self.log("resumed", slept=round(self.drift - before))
        for watch in self.watches.values():
            if watch.job is None:
                self.forget(watch)
                watch.restart(now.ticks + self.spread())
            else:
                watch.looker.cut()

    def spread(self) -> float:
        """A moment's delay, the longer the more accounts there are."""
        return self.chance.uniform(0, SPREAD * len(self.watches)) if len(self.watches) > POOL else 0.0

    # -- jobs

    def dispatch(self, now: Now) -> None:
        """Give the accounts whose turn it is to the pool, those with a connection first."""
        ready = [watch for watch in self.watches.values() if watch.due <= now.ticks and watch.job is None]
        busy = Counter(watch.plan.host for watch in self.watches.values() if watch.job and not watch.is_connected)
        for watch in sorted(ready, key=lambda one: (not one.is_connected, one.due)):
            if self.pool.is_full:
                return
            if not watch.is_connected and not self.may_connect(watch, busy, now):
                continue
            self.begin(watch, now)

    def may_connect(self, watch: Watch, busy: "Counter[str | None]", now: Now) -> bool:
        """Whether one more connection may be tried now; counts it if so."""
        if watch.needs_keyring and now.ticks < self.gate:
            watch.state, watch.due = State.WAITING, self.gate + self.spread()
            return False
        if self.outage.holds_back(watch, now):
            return False
        if busy[watch.plan.host] >= PER_HOST or busy.total() >= CONNECTING:
            watch.due = now.ticks + self.chance.uniform(0.1, 0.5)
            return False
        if watch.needs_keyring and self.locked_wait:
            self.gate = now.ticks + self.locked_wait  # one tries whether it is unlocked, the others wait for it
        busy[watch.plan.host] += 1
        return True

    def begin(self, watch: Watch, now: Now) -> None:
        """Have the pool look at an account."""
        looker = watch.looker
        if watch.descriptor is not None:
            looker.opened = ""  # nobody called: time to see whether the folder is still the same one
        self.forget(watch)
        looker.polls = watch.polls(now)
        if watch.state is State.REFUSED:
            watch.job = self.pool.submit(watch.name, looker.has_new_secret)
            return
        if not watch.is_connected:
            watch.state = State.CONNECTING
        watch.job = self.pool.submit(watch.name, lambda: look(looker))

    def take(self, done: Done, now: Now) -> None:
        """Take what came of a job."""
        if done.owner == OUTBOX:
            self.take_outbox(done)
            return
        watch = self.watches.get(str(done.owner))
        if watch is None or watch.job != done.number:
            return  # of an account that is gone, or was changed since
        watch.job = None
        if isinstance(done.error, MailctlError):
            self.take_failure(watch, done.error, now)
        elif done.error is not None:
            self.take_failure(watch, MailctlError(explained(done.error)), now)
        elif done.result is True:
            watch.restart(now.ticks)
        elif done.result is False:
            watch.due = now.ticks + watch.secret_every
        else:
            self.take_sight(watch, done, now)

    def take_sight(self, watch: Watch, done: Done, now: Now) -> None:
        """Take what was seen, and wait for more."""
        before, was_well = watch.sight.count if watch.sight else None, watch.trouble is None
        if watch.needs_keyring or self.locked_wait:
            self.unlocked(now)
        watch.saw(done.result, now)  # type: ignore[arg-type]
        self.outage.reached(now)
        if watch.sight and (watch.sight.count != before or not was_well):
            self.log("seen", account=watch.name, unread=watch.sight.count, state=watch.state)
        if watch.state is State.IDLING:
            watch.descriptor = watch.looker.fileno()
            self.selector.register(watch.descriptor, selectors.EVENT_READ, lambda _: self.heard(watch))

    def heard(self, watch: Watch) -> None:
        """The server said something: it is that account's turn, though not again and again without a pause."""
        self.forget(watch)
        last = watch.last_look.timestamp() if watch.last_look else 0.0
        pause = self.timing.gap - max(0.0, time.time() - last)
        watch.due = time.monotonic() + max(0.0, min(pause, self.timing.gap))

    def forget(self, watch: Watch) -> None:
        """Wait no more for what an account's server says."""
        if watch.descriptor is not None:
            with suppress(KeyError, ValueError):
                self.selector.unregister(watch.descriptor)
            watch.descriptor = None

    def take_failure(self, watch: Watch, error: MailctlError, now: Now) -> None:
        """Take a failed look; a locked keyring is everybody's, and changes nothing for a password that was refused."""
        if watch.state is State.REFUSED:
            watch.due = now.ticks + watch.secret_every
            return
        is_new = watch.last_error != str(error)
        watch.failed(error, now, self.chance)
        self.outage.failed(watch, error, now)
        if isinstance(error, SecretLockedError):
            self.locked_wait = min(self.timing.locked_longest, (self.locked_wait or self.timing.locked_first / 2) * 2)
            self.gate = now.ticks + self.locked_wait
            watch.due = self.gate
        elif watch.needs_keyring and isinstance(error, LoginRefusedError):
            self.unlocked(now)
        if is_new:
            self.log("failed", account=watch.name, state=watch.state, error=str(error))

    def unlocked(self, now: Now) -> None:
        """The keyring answers: who waited for it need not wait longer."""
        if not self.locked_wait:
            return
        self.locked_wait = self.gate = 0.0
        for watch in self.watches.values():
            if watch.state is State.WAITING and watch.needs_keyring:
                watch.due = now.ticks + self.spread()

    def give_up(self, now: Now) -> None:
        """Wait no longer for jobs that do not end: a server can drip bytes for ever, and nothing interrupts DNS."""
        for number, owner in self.pool.overdue(self.timing.job):
            if owner == OUTBOX:
                self.outbox_due = now.ticks + self.timing.outbox
            watch = self.watches.get(str(owner))
            if watch is not None and watch.job == number:
                watch.job = None
                watch.looker.cut()
                self.reloading.renew(watch)
                self.take_failure(watch, MailctlError(f"no look ended within {self.timing.job:g} s"), now)

    # -- the outbox, and who looks after us

    def flush_outbox(self, now: Now) -> None:
        """Send what is due, when the store asks for that."""
        if now.ticks < self.outbox_due or self.pool.is_full:
            return
        from mailctl.services import outbox

        ctx = self.reloading.ctx
        self.outbox_due = float("inf")
        self.pool.submit(OUTBOX, lambda: outbox.flush(ctx))

    def take_outbox(self, done: Done) -> None:
        """Log what came of the outbox, and come back to it."""
        self.outbox_due = time.monotonic() + self.timing.outbox
        if done.error is not None:
            self.log("outbox", error=explained(done.error))
            return
        for one in done.result:  # type: ignore[attr-defined]
            self.log("outbox", message=one.id, account=one.account, sent=one.sent, error=one.error)

    def report(self, now: Now) -> None:
        """Tell systemd how it goes; the watchdog is fed while every account gets its turn."""
        counts = Counter(watch.state for watch in self.watches.values())
        words = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
        problem = f"; store: {self.reloading.problem}" if self.reloading.problem else ""
        self.systemd.status(f"{len(self.watches)} accounts{': ' if words else ''}{words}{problem}")
        late = now.ticks - TOO_LATE
        if self.pool.is_full or not any(watch.job is None and watch.due < late for watch in self.watches.values()):
            self.systemd.feed(now.ticks)

    def close(self) -> None:
        """Leave: nobody is waited for longer than a second."""
        self.systemd.tell("STOPPING=1")
        self.control.close()
        for watch in self.watches.values():
            self.forget(watch)
            watch.looker.cut() if watch.job else watch.looker.close()
        self.tidings.close()
        self.pool.close()
        self.selector.close()
        self.reloading.close()
        self.waking.close()
        self.woken.close()


def drift() -> float:
    """How long the machine slept since it was started, as its clocks tell."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if boot is None else time.clock_gettime(boot) - time.monotonic()
