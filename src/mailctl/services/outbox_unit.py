"""Having the outbox looked after: a systemd user timer that flushes it every minute."""

from collections.abc import Iterator

from mailctl.errors import NotRunningError
from mailctl.services import units
from mailctl.services.context import Context

SERVICE, TIMER = "mailctl-outbox.service", "mailctl-outbox.timer"
SHIPPED = "/usr/bin/env mailctl outbox flush"
CRON = "crontab -e: * * * * * mailctl outbox flush"


def install(ctx: Context) -> Iterator[str]:
    """Write the timer and what it starts, and start it; gives lines to tell.

    Raises:
        StorageError: a file cannot be written.
        NotRunningError: the user's systemd does not answer.
    """
    command = (*units.words(ctx, "mailctl", module="mailctl"), "outbox", "flush")
    for name in (SERVICE, TIMER):
        path = units.folder(ctx) / name
        units.write(path, units.unit(name, instead=SHIPPED, command=command))
        yield f"wrote {path}"
    units.systemctl(ctx, "daemon-reload", otherwise=CRON)
    units.systemctl(ctx, "enable", "--now", TIMER, otherwise=CRON)
    yield "the outbox is looked after every minute; journalctl --user -u mailctl-outbox"


def uninstall(ctx: Context) -> Iterator[str]:
    """Stop the timer and take both files away; gives lines to tell.

    Raises:
        StorageError: a file cannot be removed.
    """
    found = [path for name in (TIMER, SERVICE) if (path := units.folder(ctx) / name).exists()]
    if not found:
        yield "nothing is installed"
        return
    try:
        units.systemctl(ctx, "disable", "--now", TIMER, otherwise=CRON)
    except NotRunningError as error:
        ctx.warn(str(error))
    for path in found:
        units.remove(path)
        yield f"removed {path}"
