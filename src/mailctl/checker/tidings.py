"""What is told and when, between the loop and the thread that tells."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mailctl.checker.teller import Task, Teller, Told
from mailctl.checker.watch import Now, Watch
from mailctl.domain.announce import Decision, TroubleDecision
from mailctl.services.checker import State
from mailctl.services.telling import Ledger, marks_of, notifier_of

if TYPE_CHECKING:
    from mailctl.checker.daemon import Daemon

TROUBLED = "*trouble"


class Tidings:
    """The ledger of what was told, the thread that tells, and when to ask again."""

    teller: Teller
    ledger: Ledger

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon
        self.trouble_again: datetime | None = None
        self.is_telling_trouble = False
        self.is_mute = False

    def begin(self) -> None:
        """Load what was told, and start the thread; again after the store's settings changed."""
        ctx = self.daemon.reloading.ctx
        if hasattr(self, "teller"):
            self.teller.close(0.1 if self.teller.hangs(self.daemon.timing.telling) else 2.0)
            self.take_back()
        else:
            self.ledger = Ledger(marks_of(ctx), self.daemon.watches)
        self.teller = Teller(notifier_of(ctx), self.ledger.files, self.daemon.wake)
        for name in self.daemon.watches:
            self.ledger.know(name)
        for path in self.ledger.files.damaged:
            self.daemon.log("state-damaged", file=path)
        self.ledger.files.damaged.clear()

    def take_back(self) -> None:
        """Let what the former thread did not do be decided anew."""
        for told in self.teller.gather():
            self.take(told, self.daemon.now())
        for watch in self.daemon.watches.values():
            watch.is_telling = False
        self.is_telling_trouble = False

    def due(self, ticks: float) -> float:
        """When something may be to tell, on the loop's clock."""
        moments = [
            watch.ask_again for watch in self.daemon.watches.values() if watch.ask_again and not watch.is_telling
        ]
        if self.trouble_again and not self.is_telling_trouble:
            moments.append(self.trouble_again)
        if not moments:
            return float("inf")
        return ticks + max(0.0, (min(moments) - self.daemon.now().time).total_seconds())

    def step(self, now: Now) -> None:
        """Take what was told, and tell what is due."""
        if self.teller.hangs(self.daemon.timing.telling):
            self.daemon.log("notifier-hangs", notify=self.teller.way.name)
            self.begin()
        for told in self.teller.gather():
            self.take(told, now)
        for watch in self.daemon.watches.values():
            if watch.ask_again is not None and watch.ask_again <= now.time and not watch.is_telling and watch.sight:
                self.decide(watch, now)
        if not self.is_telling_trouble:
            self.decide_trouble(now)

    def decide(self, watch: Watch, now: Now) -> None:
        """Decide what to tell of one account, and have it told."""
        assert watch.sight is not None
        before = self.ledger.marks.get(watch.name)
        decision = self.ledger.decide(
            watch.name, watch.sight.unread, watch.plan.policy, now=now.time, local=now.time.astimezone()
        )
        watch.ask_again = decision.again
        changed = decision.mark != before
        if decision.notice or decision.withdraw or changed:
            watch.is_telling = True
            self.teller.tell(Task(watch.name, decision, changed))

    def decide_trouble(self, now: Now) -> None:
        """Decide what to tell of the accounts that fail."""
        watches = self.daemon.watches.values()
        troubles = {watch.name: watch.trouble for watch in watches if watch.trouble is not None}
        self.trouble_again = None
        self.ledger.troubled = tuple(name for name in self.ledger.troubled if name in self.daemon.watches)
        if not troubles and not self.ledger.troubled:
            return
        decision = self.ledger.decide_trouble(
            troubles,
            well={watch.name for watch in watches if watch.state in (State.IDLING, State.POLLING)},
            watching=self.daemon.reloading.ctx.settings.checker,
            now=now.time,
            local=now.time.astimezone(),
        )
        self.trouble_again = decision.again
        if decision.notice is not None:
            self.is_telling_trouble = True
            self.teller.tell(Task(TROUBLED, decision, changed=True))

    def take(self, told: Told, now: Now) -> None:
        """Take what came of telling."""
        self.log(told)
        retry = now.time + timedelta(seconds=self.daemon.timing.retell)
        if isinstance(told.task.decision, TroubleDecision):
            self.is_telling_trouble = False
            if told.error is None:
                self.ledger.troubled = told.task.decision.told
            else:
                self.trouble_again = retry
            return
        watch = self.daemon.watches.get(told.task.account)
        if watch is not None:
            watch.is_telling = False
        if told.error is None or told.task.decision.notice is None:
            self.ledger.done(told.task.account, told.task.decision)
            return
        self.ledger.undone(told.task.decision)
        if watch is not None:
            watch.ask_again = retry

    def log(self, told: Told) -> None:
        """One line for what was told, and for the first of what was not."""
        decision, account = told.task.decision, told.task.account
        if told.unsaved is not None:
            self.daemon.log("state-unwritable", account=account, error=str(told.unsaved))
        if told.error is not None:
            if not self.is_mute:
                self.daemon.log("not-shown", account=account, error=str(told.error))
            self.is_mute = True
            return
        if decision.notice is not None:
            self.is_mute = False
            self.daemon.log("told", account=account, unread=decision.notice.unread, fresh=len(decision.notice.fresh))
        elif isinstance(decision, Decision) and decision.withdraw:
            self.daemon.log("withdrawn", account=account)

    def close(self) -> None:
        """Tell what is waiting to be told, briefly."""
        if hasattr(self, "teller"):
            self.teller.close()
