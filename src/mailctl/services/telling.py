"""Telling what is unread: which accounts are watched and how, what was told of them, and who tells it next."""

from collections.abc import Container, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.announce import Decision, Mark, Trouble, TroubleDecision, Unread, decide, decide_trouble
from mailctl.domain.rights import Right
from mailctl.domain.watching import Checker, Policy, Watching, Way, policy_of, quiet_until, seconds
from mailctl.errors import MailctlError, StorageError
from mailctl.local.marks import Marks
from mailctl.notify import Means, Notifier, notifier
from mailctl.services.context import Context


class Plan(Struct, frozen=True, kw_only=True):
    """A watched account; equal plans need no new connection. `host` is None when its settings name no server.

    `asks_keyring` says whether its secret, or its tokens, are in the keyring.
    """

    account: Account
    policy: Policy
    host: str | None
    asks_keyring: bool = False
    is_enabled: bool = True


def plans(ctx: Context) -> tuple[Plan, ...]:
    """The accounts that the actor may read and that are watched, and those that would be but are switched off."""
    store = ctx.settings.checker
    found = ctx.accounts(need=Right.READ, watched=True)
    return tuple(
        plan_of(ctx, account, policy_of(account.checker, store))
        for account in found
        if account.is_watched or account.checker_only
    )


def plan_of(ctx: Context, account: Account, policy: Policy) -> Plan:
    """How one account is watched; without a server when it names none, which looking at it will say."""
    try:
        server = ctx.incoming(account)
    except MailctlError:
        return Plan(account=account, policy=policy, host=None, is_enabled=account.is_watched)
    return Plan(
        account=account,
        policy=policy,
        host=server.where,
        asks_keyring=server.auth.asks_keyring,
        is_enabled=account.is_watched,
    )


def marks_of(ctx: Context) -> Marks:
    """Where it is kept what was told."""
    return Marks(ctx.paths.state / "checker")


def notifier_of(ctx: Context) -> Notifier:
    """The way of telling that the store asks for."""
    watching = ctx.settings.checker
    return way_of(ctx, watching, watching.notify)


def way_of(ctx: Context, watching: Watching, way: Way) -> Notifier:
    """One way of telling."""
    means = Means(environ=ctx.environ, log=ctx.say, command=watching.command, open=watching.open)
    return notifier(way, means)


class Elsewhere:
    """The mails that accounts other than one tell, as something to ask `in`."""

    def __init__(self, owners: Mapping[str, str], account: str) -> None:
        self.owners = owners
        self.account = account

    def __contains__(self, key: object) -> bool:
        return self.owners.get(str(key), self.account) != self.account


class Ledger:
    """What was told of every account; for one thread.

    What is decided is claimed at once, so that no other account tells the same mail meanwhile, and remembered when it
    was shown; the same holds for who fails.
    """

    def __init__(self, marks: Marks, names: Container[str] = ()) -> None:
        self.files = marks
        self.marks: dict[str, Mark] = {}
        self.owners: dict[str, str] = {}
        self.troubled = tuple(name for name in marks.load_troubles() if name in names)

    def know(self, account: str) -> None:
        """Load what is remembered of an account; what a former process shows can be neither replaced nor taken back."""
        if account not in self.marks:
            self.marks[account] = replace(self.files.load(account), shown=())
            for key in self.marks[account].told:
                self.owners.setdefault(key, account)

    def decide(
        self, account: str, unread: tuple[Unread, ...], policy: Policy, *, now: datetime, local: datetime
    ) -> Decision:
        """What to tell of an account now."""
        self.know(account)
        decision = decide(
            account,
            unread,
            self.marks[account],
            elsewhere=Elsewhere(self.owners, account),
            now=now,
            local=local,
            policy=policy,
        )
        for mail in decision.notice.fresh if decision.notice else ():
            self.owners[mail.key] = account
        return decision

    def done(self, account: str, decision: Decision) -> None:
        """Remember a decision that was carried out."""
        self.marks[account] = decision.mark

    def undone(self, decision: Decision) -> None:
        """Let go of the mails that could not be told."""
        for mail in decision.notice.fresh if decision.notice else ():
            self.owners.pop(mail.key, None)

    def decide_trouble(
        self,
        troubles: Mapping[str, Trouble],
        *,
        well: Container[str],
        watching: Watching,
        now: datetime,
        local: datetime,
    ) -> TroubleDecision:
        """What to tell of accounts that fail; nothing while it is quiet."""
        store = policy_of(Checker(), watching)
        if (until := quiet_until(store, local)) is not None:
            return TroubleDecision(told=self.troubled, again=now + (until - local))
        patience = seconds(watching.unreachable)
        return decide_trouble(troubles, self.troubled, well=well, now=now, patience=patience)


def carry_out(way: Notifier, files: Marks, account: str, decision: Decision, *, changed: bool) -> StorageError | None:
    """Show or take back what was decided, then write down what was told.

    Args:
        way: how.
        files: where it is written down.
        account: whose decision it is.
        decision: what to do.
        changed: whether there is anything to write down.

    Returns:
        Why it could not be written down, though it was told.

    Raises:
        NotShownError: nobody displayed it, and nothing was written down.
    """
    if decision.notice is not None:
        way.show(decision.notice)
    elif decision.withdraw:
        way.withdraw(account)
    try:
        if changed:
            files.save(account, decision.mark)
    except StorageError as error:
        return error
    return None
