"""The checker's state for monitoring: OpenMetrics text (1.0), and a Nagios plug-in's line and status."""

from collections.abc import Callable, Iterator

from mailctl.errors import NotRunningError
from mailctl.services.checker import Standing, State, Watched, ailing, standing
from mailctl.services.context import Context

LOOKED_AT = (State.IDLING, State.POLLING)
METRICS: tuple[tuple[str, str, Callable[[Watched], float | None]], ...] = (
    ("mailctl_unread", "unread messages", lambda one: one.unread),
    ("mailctl_up", "1 when the account can be looked at", lambda one: float(one.state in LOOKED_AT)),
    (
        "mailctl_last_look_timestamp_seconds",
        "when it was looked at last",
        lambda one: one.last_look.timestamp() if one.last_look else None,
    ),
)
OK, WARNING, CRITICAL, UNKNOWN = range(4)  # Nagios plug-in API


def openmetrics(found: Standing) -> str:
    """All accounts as gauges."""
    return "\n".join([*lines(found), "# EOF"])


def lines(found: Standing) -> Iterator[str]:
    """The lines of each metric; accounts of which it says nothing are left out."""
    for name, meaning, value in METRICS:
        yield f"# TYPE {name} gauge"
        yield f"# HELP {name} {meaning}"
        for one in found.accounts:
            number = None if one.state is State.DISABLED else value(one)
            if number is not None:
                yield f'{name}{{account="{one.account}"}} {number:.15g}'


def nagios(ctx: Context) -> tuple[str, int]:
    """One line with performance data, and the status that goes with it."""
    try:
        found = standing(ctx)
    except NotRunningError as error:
        return f"MAILCTL UNKNOWN - {error}", UNKNOWN
    watched = [one for one in found.accounts if one.state is not State.DISABLED]
    well = [one for one in watched if one.state in LOOKED_AT]
    unread = sum(one.unread or 0 for one in watched)
    data = f"| unread={unread} accounts={len(watched)} failed={len(watched) - len(well)}"
    problem = ailing(found)
    if problem is None:
        return f"MAILCTL OK - {len(watched)} accounts, {unread} unread {data}", OK
    word, code = ("WARNING", WARNING) if well else ("CRITICAL", CRITICAL)
    return f"MAILCTL {word} - {str(problem).replace('|', '/')} {data}", code
