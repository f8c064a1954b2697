"""The store while it is watched: read at the start and whenever it changed; what did not change is left alone."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mailctl.checker.watch import Now, Watch
from mailctl.errors import AlreadyExistsError, MailctlError
from mailctl.local.locks import held
from mailctl.services.checker import State
from mailctl.services.context import Context
from mailctl.services.looking import Looker
from mailctl.services.telling import Plan, plans

if TYPE_CHECKING:
    from mailctl.checker.daemon import Daemon

PLACES = (".", "accounts", "collaborators")
Print = frozenset[tuple[str, int, int, int]]


class Reloading:
    """The context that the accounts are watched in, and when to look whether there is another one."""

    ctx: Context

    def __init__(self, daemon: "Daemon", opened: Callable[[], Context]) -> None:
        self.daemon = daemon
        self.opened = opened
        self.due = float("inf")
        self.problem = ""
        self.seen: Print = frozenset()
        self.stack = ExitStack()

    def begin(self) -> None:
        """Read the store, and be the only one of this user who watches.

        Raises:
            AlreadyExistsError: another one does.
            MailctlError: there is no store, or it cannot be read.
        """
        self.ctx = self.opened()
        lock = self.ctx.paths.state / "checker" / "lock"
        self.stack.enter_context(held(lock, patience=0, too_late=running_already))
        self.seen = fingerprint(self.ctx.store.root)
        self.follow(self.ctx, plans(self.ctx), frozenset())
        self.daemon.tidings.begin()
        self.due = self.daemon.now().ticks + self.daemon.timing.store

    def step(self, now: Now) -> None:
        """Read the store anew when it changed, or when somebody asks."""
        daemon = self.daemon
        if not daemon.must_reload and now.ticks < self.due:
            return
        self.due = now.ticks + daemon.timing.store
        found = fingerprint(self.ctx.store.root)
        if found == self.seen and not daemon.must_reload:
            return
        is_asked, daemon.must_reload, self.seen = daemon.must_reload, False, found
        self.read()
        if is_asked:
            self.retry_all(now)

    def read(self) -> None:
        """Read the store; one that is broken changes nothing but what the status says."""
        ctx = self.opened()
        try:
            found = plans(ctx)
            broken = frozenset(ctx.store.account_names()) - {one.name for one in ctx.store.accounts()[0]}
        except (MailctlError, OSError) as error:
            self.problem = str(error)
            self.daemon.log("store-broken", error=self.problem)
            return
        self.problem = ""
        before = self.ctx.settings.checker
        self.follow(ctx, found, broken)
        if ctx.settings.checker != before:
            self.daemon.tidings.begin()
        self.daemon.log("reloaded", accounts=len(self.daemon.watches))

    def follow(self, ctx: Context, found: tuple[Plan, ...], broken: frozenset[str]) -> None:
        """Watch these accounts: connections whose account did not change stay; one whose file is broken too."""
        self.ctx = ctx
        daemon, now = self.daemon, self.daemon.now()
        plans_by_name = {plan.account.name: plan for plan in found}
        for name in [name for name in daemon.watches if name not in plans_by_name and name not in broken]:
            self.end(daemon.watches.pop(name))
        fresh = [plan for plan in found if (old := daemon.watches.get(plan.account.name)) is None or old.plan != plan]
        for number, plan in enumerate(fresh):
            self.replace(plan, due=now.ticks + number * 0.05 * (len(fresh) > 16))
        daemon.outbox_due = min(daemon.outbox_due, now.ticks) if ctx.settings.checker.outbox else float("inf")

    def replace(self, plan: Plan, *, due: float) -> None:
        """Watch an account from now on, in the place of what was watched under its name."""
        old = self.daemon.watches.get(plan.account.name)
        made = Watch(self.ctx, plan, timing=self.daemon.timing, due=due)
        if old is not None:
            self.end(old)
            made.is_telling = old.is_telling
        self.daemon.watches[plan.account.name] = made

    def end(self, watch: Watch) -> None:
        """Watch an account no more."""
        self.daemon.forget(watch)
        if watch.job is None:
            watch.looker.close()
        else:
            watch.looker.cut()

    def renew(self, watch: Watch) -> None:
        """Give an account a connection of its own again: the old one belongs to a thread that was given up."""
        watch.looker = Looker(self.ctx, watch.plan.account, watch.plan.policy)

    def retry_all(self, now: Now) -> None:
        """Try what waits at once: somebody who asks for a reload has changed something, be it a password."""
        self.daemon.gate = self.daemon.locked_wait = 0.0
        for watch in self.daemon.watches.values():
            if watch.job is None and watch.state in (State.WAITING, State.BACKING_OFF, State.REFUSED):
                watch.restart(now.ticks + self.daemon.spread())

    def close(self) -> None:
        """Let another one watch."""
        self.stack.close()


def running_already() -> AlreadyExistsError:
    """The error of who comes second."""
    return AlreadyExistsError("a checker runs already", hint="mailctl checker status")


def fingerprint(root: Path) -> Print:
    """What tells a store that was changed from what it was; no file is opened."""
    found = []
    for place in PLACES:
        try:
            with os.scandir(root / place) as entries:
                for entry in entries:
                    if entry.name.endswith(".toml"):
                        about = entry.stat()
                        found.append((f"{place}/{entry.name}", about.st_mtime_ns, about.st_size, about.st_ino))
        except OSError:
            continue
    return frozenset(found)
