"""A moment to come, as one says it: `18:00`, `tomorrow 8:00`, `monday 9:30`, `+2h`, or RFC 3339."""

import re
from datetime import UTC, datetime, time, timedelta

from mailctl.errors import BadDataError

HINT = "--at 18:00, 'tomorrow 8:00', 'monday 9:30', +2h30m, or 2026-03-01T09:00:00+01:00"
FURTHEST = timedelta(days=3660)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
IN = re.compile(r"\+(?=\d)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m(?:in)?)?")
CLOCK = re.compile(r"(?:(today|tomorrow|[a-z]+day)\s+(?:at\s+)?)?(\d{1,2}):(\d\d)")


def moment(text: str, now: datetime) -> datetime:
    """The moment that is meant, in UTC; a time of day without a zone is that of this machine.

    Args:
        text: what was said.
        now: this moment, in this machine's zone.

    Raises:
        BadDataError: it is none, is past, or too far off.
    """
    words = " ".join(text.lower().split())
    try:
        found = after(words, now) or of_the_clock(words, now) or written(text.strip())
        is_far = found is not None and found > now + FURTHEST
    except OverflowError:
        found, is_far = now, True
    if found is None:
        raise BadDataError(f"'{text}' is no moment", hint=HINT)
    if is_far or found < now:
        raise BadDataError(f"'{text}' is {'too far off' if is_far else 'past'}", hint=HINT)
    return found.astimezone(UTC)


def after(words: str, now: datetime) -> datetime | None:
    """`+2h30m` from now; None where it is no such thing."""
    found = IN.fullmatch(words)
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes)


def of_the_clock(words: str, now: datetime) -> datetime | None:
    """The next time that clocks here show it, on a day where one was said; None where it is no such thing."""
    found = CLOCK.fullmatch(words)
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        return None
    day, clock = found[1], time(int(found[2]), int(found[3]))
    if day not in (None, "today", "tomorrow", *DAYS):
        return None
    today = now.date()
    first = today + timedelta(days=1) if day == "tomorrow" else today
    if day in DAYS:
        first = today + timedelta(days=(DAYS.index(day) - today.weekday()) % 7)
    wanted = datetime.combine(first, clock).astimezone()
    if wanted > now or day in ("today", "tomorrow"):
        return wanted
    return datetime.combine(first + timedelta(days=1 if day is None else 7), clock).astimezone()


def written(text: str) -> datetime | None:
    """A date and time as RFC 3339 writes them, the zone left out where it is this machine's; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone() if ":" in text else None
