"""What is watched, how often, and what may be told when: the `[checker]` tables of store.toml and of accounts."""

import re
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NEVER = "never"
HALF_DAY = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")

Interval = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}[smhd]$(?!\n)")]
Pause = Annotated[str, Meta(pattern=r"^(never|[1-9][0-9]{0,4}[smhd])$(?!\n)")]
Hours = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)")]
FolderName = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)", max_length=1000)]


class Mode(StrEnum):
    """How an account is watched: the server says what is new (IDLE, RFC 2177), or is asked each `interval`."""

    AUTO = "auto"
    IDLE = "idle"
    POLL = "poll"


class Shows(StrEnum):
    """What a notification lets one see of a mail."""

    COUNT = "count"
    SENDER = "sender"
    SUBJECT = "subject"


class Way(StrEnum):
    """How one is notified."""

    AUTO = "auto"
    DBUS = "dbus"
    PLYER = "plyer"
    COMMAND = "command"
    LOG = "log"


class Day(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Watching(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What holds for every watched account that does not say otherwise."""

    interval: Annotated[Interval, Meta(description="how often is looked where the server does not push: `30s`")] = "5m"
    remind: Annotated[Pause, Meta(description="say it again while it stays unread; `never` to say it once")] = "1h"
    mode: Annotated[Mode, Meta(description="`auto` is IDLE where the server has it")] = Mode.AUTO
    content: Annotated[Shows, Meta(description="how much of a mail a notification shows")] = Shows.SUBJECT
    quiet: Annotated[Hours | None, Meta(description="local hours in which nothing is told: `20:00-07:30`")] = None
    days: Annotated[tuple[Day, ...], Meta(description="days on which something is told; all when empty")] = ()
    unreachable: Annotated[Pause, Meta(description="for how long an account fails before that is told")] = "30m"
    notify: Annotated[Way, Meta(description="`auto`: D-Bus where there is a session, else plyer, else the log")] = (
        Way.AUTO
    )
    command: Annotated[tuple[str, ...], Meta(description="for `command`: program and arguments; no shell")] = ()
    open: Annotated[tuple[str, ...], Meta(description="what `Open` runs; the account's name comes behind it")] = ()
    outbox: Annotated[bool, Meta(description="whether the checker also sends what is due in the outbox")] = False


class Checker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one account is watched; what is left out, store.toml says."""

    enabled: Annotated[bool | None, Meta(description="watched or not; by default only a checker-only account is")] = (
        None
    )
    interval: Annotated[Interval | None, Meta(description="how often is looked: `30s`, `5m`")] = None
    mode: Annotated[Mode | None, Meta(description="IDLE, polling, or whichever the server has")] = None
    folders: Annotated[tuple[FolderName, ...], Meta(description="what is watched; the first one by IDLE")] = ("INBOX",)
    remind: Annotated[Pause | None, Meta(description="say it again while it stays unread; or `never`")] = None
    content: Annotated[Shows | None, Meta(description="how much of a mail a notification shows")] = None


class Policy(Struct, frozen=True, kw_only=True):
    """How one account is watched, the account's table and the store's taken together; times in seconds."""

    interval: float
    mode: Mode
    folders: tuple[str, ...]
    remind: float | None
    content: Shows
    quiet: tuple[time, time] | None
    days: frozenset[int]


def policy_of(own: Checker, store: Watching) -> Policy:
    """What holds for an account."""
    return Policy(
        interval=seconds(own.interval or store.interval) or 0.0,
        mode=own.mode or store.mode,
        folders=tuple(dict.fromkeys(own.folders)) or ("INBOX",),
        remind=seconds(own.remind or store.remind),
        content=own.content or store.content,
        quiet=hours(store.quiet),
        days=frozenset(list(Day).index(day) for day in store.days) or frozenset(range(7)),
    )


def seconds(text: str) -> float | None:
    """A duration in seconds; None for never."""
    return None if text == NEVER else float(text[:-1]) * UNITS[text[-1]]


def hours(text: str | None) -> tuple[time, time] | None:
    """Two times of the day out of `20:00-07:30`."""
    found = HALF_DAY.fullmatch(text or "")
    if found is None:
        return None
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))


def quiet_until(policy: Policy, local: datetime) -> datetime | None:
    """When the quiet ends that holds at a local moment; None where something may be told now."""
    moment = local
    for _ in range(16):  # a night and a day at a time: no quiet lasts longer than a week
        if moment.weekday() not in policy.days:
            moment = midnight_after(moment)
        elif end := end_of_night(policy, moment):
            moment = end
        else:
            break
    return None if moment == local else moment


def midnight_after(moment: datetime) -> datetime:
    """The beginning of the next day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def end_of_night(policy: Policy, moment: datetime) -> datetime | None:
    """When the quiet hours end that hold at a moment; None outside of them."""
    if policy.quiet is None:
        return None
    begin, end = policy.quiet
    now = moment.time().replace(tzinfo=None)
    is_quiet = begin <= now < end if begin <= end else (now >= begin or now < end)
    if not is_quiet:
        return None
    today = moment.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return today if now < end else today + timedelta(days=1)
