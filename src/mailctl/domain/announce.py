"""The checker's decision: from what is unread and what was told to what is told now; no clock, no network."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.watching import Policy, Shows, quiet_until

GROUPING = timedelta(seconds=5)  # the first mail is told at once; those that follow so soon after it, together
REMEMBERED = 2000  # read mail that is known, lest it is told again when somebody marks it as unread
LISTED = 5
LONGEST = 120
TROUBLE = "*trouble"  # the tag of the one notification about accounts that fail; no account's name
RECOVERY = "*recovery"


class Urgency(StrEnum):
    """How much a notification insists."""

    LOW = "low"
    NORMAL = "normal"
    CRITICAL = "critical"


class Unread(Struct, frozen=True):
    """An unread mail: what it is known by in any account, and what is shown of it, where it was asked for."""

    key: str
    sender: str = ""
    subject: str = ""


class Mark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of an account.

    `told` are the mails it told, the oldest first; `passed` those that another account told before it; `shown` those
    that its notification stands for, empty when there is none.
    """

    told: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    last: datetime | None = None


class Notice(Struct, frozen=True, kw_only=True):
    """Something to tell; it takes the place of what was told under the same tag.

    `fresh` are the mails told for the first time, `unread` how many there are in all.
    """

    tag: str
    title: str
    body: str
    urgency: Urgency = Urgency.NORMAL
    account: str = ""
    unread: int = 0
    fresh: tuple[Unread, ...] = ()


class Decision(Struct, frozen=True, kw_only=True):
    """What to do now, when to ask again, and what to remember once it is done; `withdraw` takes back what is shown."""

    mark: Mark
    notice: Notice | None = None
    withdraw: bool = False
    again: datetime | None = None


class Known:
    """The mails of a mark, quick to ask for."""

    def __init__(self, mark: Mark) -> None:
        self.told = frozenset(mark.told)
        self.all = self.told | frozenset(mark.passed)


def decide(
    account: str,
    unread: Sequence[Unread],
    mark: Mark,
    *,
    elsewhere: Container[str],
    now: datetime,
    local: datetime,
    policy: Policy,
) -> Decision:
    """What an account's unread mail gives to tell.

    Args:
        account: its name.
        unread: all that is unread in it, the oldest first.
        mark: what is remembered of it.
        elsewhere: mails that other accounts told.
        now: in UTC.
        local: the same moment where the user is, for quiet hours.
        policy: how it is watched.
    """
    known = Known(mark)
    passed = [mail.key for mail in unread if mail.key in elsewhere and mail.key not in known.all]
    others = {mail.key: mail for mail in unread if mail.key not in elsewhere}
    fresh = [mail for key, mail in others.items() if key not in known.all]
    mark = remembering(mark, unread, passed)
    still = frozenset(mark.shown) & {mail.key for mail in unread}
    if mark.shown and not still:
        mark = replace(mark, shown=())
        return Decision(mark=mark, withdraw=True, again=now if fresh else due(mark, unread, now, policy))
    waits = quiet_until(policy, local)
    if waits is not None:
        return Decision(mark=mark, again=now + (waits - local) if fresh or own(mark, unread) else None)
    if fresh:
        return telling(account, unread, fresh, mark, still=still, now=now, policy=policy)
    again = due(mark, unread, now, policy)
    if again is None or again > now:
        return Decision(mark=mark, again=again)
    return reminding(account, own(mark, unread), mark, now=now, policy=policy)


def remembering(mark: Mark, unread: Sequence[Unread], passed: Sequence[str]) -> Mark:
    """The mark without the read mail that is longest known, and with what another account told."""
    present = {mail.key for mail in unread}
    return replace(mark, told=kept(mark.told, present), passed=kept((*mark.passed, *passed), present))


def kept(keys: tuple[str, ...], present: Container[str]) -> tuple[str, ...]:
    """Those that are unread, and the last of the others."""
    spare = len(keys) - REMEMBERED
    if spare <= 0:
        return keys
    gone = [key for key in keys if key not in present]
    dropped = set(gone[: max(0, len(gone) - REMEMBERED)])
    return tuple(key for key in keys if key not in dropped)


def own(mark: Mark, unread: Sequence[Unread]) -> list[Unread]:
    """The unread mails that this account told."""
    told = frozenset(mark.told)
    return [mail for mail in unread if mail.key in told]


def due(mark: Mark, unread: Sequence[Unread], now: datetime, policy: Policy) -> datetime | None:
    """When to say again what is still unread; None for never."""
    if policy.remind is None or not own(mark, unread):
        return None
    return (mark.last or now) + timedelta(seconds=policy.remind)


def telling(
    account: str,
    unread: Sequence[Unread],
    fresh: list[Unread],
    mark: Mark,
    *,
    still: frozenset[str],
    now: datetime,
    policy: Policy,
) -> Decision:
    """Tell new mail, at once or with what may follow; what is still shown and unread stands in the new notification."""
    soonest = (mark.last or now - GROUPING) + GROUPING
    if now < soonest <= now + GROUPING:  # a clock that was set back delays nothing
        return Decision(mark=mark, again=soonest)
    shown = [mail for mail in unread if mail.key in still] + fresh
    told = (*mark.told, *(mail.key for mail in fresh))
    after = replace(mark, told=told, shown=tuple(mail.key for mail in shown), last=now)
    title, body = words(account, shown, policy.content, total=len(unread), what="new")
    notice = Notice(tag=account, title=title, body=body, account=account, unread=len(unread), fresh=tuple(fresh))
    return Decision(mark=after, notice=notice, again=due(after, unread, now, policy))


def reminding(account: str, mails: list[Unread], mark: Mark, *, now: datetime, policy: Policy) -> Decision:
    """Say again what is still unread."""
    title, body = words(account, mails, policy.content, total=len(mails), what="unread")
    notice = Notice(tag=account, title=title, body=body, account=account, unread=len(mails))
    after = replace(mark, shown=tuple(mail.key for mail in mails), last=now)
    return Decision(mark=after, notice=notice, again=due(after, mails, now, policy))


def words(account: str, mails: Sequence[Unread], content: Shows, *, total: int, what: str) -> tuple[str, str]:
    """Title and body: one line for one mail, a count and the last few for several."""
    count = f"{len(mails)} {what} message{'s' if len(mails) > 1 else ''}"
    if total > len(mails):
        count += f", {total} unread"
    lines = [line for line in (line_of(mail, content) for mail in mails) if line]
    title = f"{account}: {count}"
    if not lines:
        return title, ""
    more = [f"and {len(mails) - LISTED} more"] if len(mails) > LISTED else []
    return title, "\n".join([*lines[-LISTED:][::-1], *more])


def line_of(mail: Unread, content: Shows) -> str:
    """What is shown of a mail, cut to one short line; nothing where only the number is."""
    if content is Shows.COUNT:
        return ""
    parts = [mail.sender] if content is Shows.SENDER else [mail.sender, mail.subject]
    text = ": ".join(part for part in parts if part)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


class Trouble(Struct, frozen=True, kw_only=True):
    """Why an account cannot be looked at, and since when; `is_final` when only somebody can change that."""

    since: datetime
    why: str
    is_final: bool = False


class TroubleDecision(Struct, frozen=True, kw_only=True):
    """What to tell of accounts that fail, and which are then known to have been told."""

    told: tuple[str, ...]
    notice: Notice | None = None
    again: datetime | None = None


def decide_trouble(
    troubles: Mapping[str, Trouble],
    told: tuple[str, ...],
    *,
    well: Container[str],
    now: datetime,
    patience: float | None,
) -> TroubleDecision:
    """What accounts that fail give to tell: each once when it lasts, all in one notification, and their recovery once.

    Args:
        troubles: the accounts that fail now.
        told: those whose failure was told, and whose recovery was not.
        well: the accounts whose last look succeeded.
        now: in UTC.
        patience: seconds that one may fail untold; None for ever.
    """
    back = [name for name in told if name in well and name not in troubles]
    ends = {name: end for name, one in troubles.items() if (end := end_of_patience(one, patience)) is not None}
    fresh = sorted(name for name, end in ends.items() if end <= now and name not in told)
    again = min((end for end in ends.values() if end > now), default=None)
    if fresh:
        after = tuple(sorted({*told, *fresh}))
        return TroubleDecision(told=after, notice=failing(fresh, troubles), again=now if back else again)
    after = tuple(name for name in told if name not in back)
    if not back:
        return TroubleDecision(told=after, again=again)
    notice = Notice(
        tag=RECOVERY if after else TROUBLE, title=f"reached again: {names(back)}", body="", urgency=Urgency.LOW
    )
    return TroubleDecision(told=after, notice=notice, again=again)


def end_of_patience(trouble: Trouble, patience: float | None) -> datetime | None:
    """When an account's failure is to be told; None for never."""
    if trouble.is_final:
        return trouble.since
    return None if patience is None else trouble.since + timedelta(seconds=patience)


def failing(accounts: Sequence[str], troubles: Mapping[str, Trouble]) -> Notice:
    """The notification about accounts that fail."""
    first = troubles[accounts[0]]
    title = f"cannot look at {names(accounts)}"
    return Notice(tag=TROUBLE, title=title, body=first.why[:LONGEST], urgency=Urgency.CRITICAL)


def names(accounts: Sequence[str]) -> str:
    """The names of some accounts, of many only the first few."""
    more = f" and {len(accounts) - LISTED} more" if len(accounts) > LISTED else ""
    return ", ".join(accounts[:LISTED]) + more
