"""Having the checker start with the user's session: a systemd user unit, or an XDG autostart entry."""

from collections.abc import Iterator

from mailctl.errors import NotRunningError
from mailctl.services import units
from mailctl.services.context import Context

UNIT = "mailctl-checker.service"
ENTRY = "mailctl-checker.desktop"
SHIPPED = "/usr/bin/env mailctl-checker"
AUTOSTART = "mailctl checker install --autostart"
DESKTOP = """[Desktop Entry]
Type=Application
Name=mailctl checker
Name[fr]=Vérification du courrier (mailctl)
Comment=Tells of unread mail in watched accounts
Exec={command}
NoDisplay=true
X-GNOME-Autostart-Delay=5
"""


def install(ctx: Context, *, autostart: bool) -> Iterator[str]:
    """Write what starts the checker, and start it where that can be done from here; gives lines to tell.

    Raises:
        StorageError: the file cannot be written.
        NotRunningError: the user's systemd does not answer.
    """
    command = units.words(ctx, "mailctl-checker", module="mailctl.checker.main")
    if autostart:
        path = units.config_home(ctx) / "autostart" / ENTRY
        units.write(path, DESKTOP.format(command=" ".join(units.quoted(word) for word in command)))
        yield f"wrote {path}; it starts with your next session"
        return
    path = units.folder(ctx) / UNIT
    units.write(path, units.unit(UNIT, instead=SHIPPED, command=command))
    yield f"wrote {path}"
    for asked in (("daemon-reload",), ("enable", UNIT), ("restart", UNIT)):
        units.systemctl(ctx, *asked, otherwise=AUTOSTART)
    yield "it runs; mailctl checker status says how it goes"


def uninstall(ctx: Context) -> Iterator[str]:
    """Take away what starts the checker, and stop it; gives lines to tell.

    Raises:
        StorageError: a file cannot be removed.
    """
    entry, path = units.config_home(ctx) / "autostart" / ENTRY, units.folder(ctx) / UNIT
    if not (entry.exists() or path.exists()):
        yield "nothing is installed"
    if path.exists():
        try:
            units.systemctl(ctx, "disable", "--now", UNIT, otherwise=AUTOSTART)
        except NotRunningError as error:
            ctx.warn(str(error))
    for file in (entry, path):
        if file.exists():
            units.remove(file)
            yield f"removed {file}"
