"""`mailctl checker`: what the watched accounts hold, and the daemon that tells it."""

from typing import Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

app = new_app(
    "Watch accounts and tell of unread mail; nothing in them is changed or marked as read.",
    example="mailctl checker status",
)
COLUMNS = ("account", "state", "unread", "last_look", "last_error")


@app.command()
def status(
    ctx: typer.Context,
    as_json: AsJson = False,
    openmetrics: Annotated[
        bool, typer.Option("--openmetrics", help="As OpenMetrics text, for Prometheus's textfile collector.")
    ] = False,
    nagios: Annotated[
        bool,
        typer.Option("--nagios", help="One line, and Nagios's statuses: 0 well, 1 some fail, 2 all fail, 3 unknown."),
    ] = False,
) -> None:
    """Say how the running checker finds each account; 1 when it cannot look at one, 69 when none runs.

    Example: mailctl checker status --json
    """
    from mailctl.cli import output
    from mailctl.services import checker as service
    from mailctl.services import metrics

    run = session(ctx)
    if nagios:
        line, code = metrics.nagios(run.context)
        output.print_text(line)
        raise typer.Exit(code)
    found = service.standing(run.context)
    accounts = found.accounts
    if openmetrics:
        output.print_text(metrics.openmetrics(found))
    else:
        run.show(accounts, as_json=as_json, columns=COLUMNS)
    if failure := service.ailing(found):
        raise failure


@app.command()
def once(
    ctx: typer.Context,
    as_json: AsJson = False,
    unread_exit: Annotated[
        bool,
        typer.Option(
            "--unread-exit", help="Exit with 0 for nothing unread, 1 for something, 69 or 77 for a failed look."
        ),
    ] = False,
) -> None:
    """Look once at each watched account you may read, say how much is unread, and tell what is new.

    Example: mailctl checker once --json
    """
    from mailctl.services import checker as service

    run = session(ctx)
    looks, errors = service.once(run.context)
    run.show(looks, as_json=as_json, columns=COLUMNS)
    if not looks:
        run.say("no watched account that you may read")
    if unread_exit:
        if hindrance := service.hindrance(errors):
            raise hindrance
        raise typer.Exit(int(any(look.unread for look in looks)))
    if failure := service.failure(looks):
        raise failure


@app.command()
def run(ctx: typer.Context) -> None:
    """Run mailctl-checker in the foreground; Ctrl-C ends it.

    Example: mailctl checker run
    """
    from functools import partial

    from mailctl.checker.lines import logger
    from mailctl.checker.main import log_line, serve
    from mailctl.services.opening import reopened

    now = session(ctx).context
    log = logger()
    serve(lambda: reopened(now, tell=partial(log_line, log)), log=log, environ=now.environ)


@app.command("test")
def try_out(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show one notification, and say which way it went; 69 when nobody displays it.

    Example: mailctl checker test
    """
    from mailctl.services import checker as service

    run = session(ctx)
    shown = service.try_out(run.context)
    run.show(shown, as_json=as_json)


@app.command()
def install(
    ctx: typer.Context,
    autostart: Annotated[
        bool, typer.Option("--autostart", help="With the desktop's session (XDG autostart) instead of systemd.")
    ] = False,
) -> None:
    """Have the checker start with your session: write its systemd user unit, enable and start it.

    Example: mailctl checker install
    """
    from mailctl.services import checker_unit

    run = session(ctx)
    for line in checker_unit.install(run.context, autostart=autostart):
        run.say(line)


@app.command()
def uninstall(ctx: typer.Context) -> None:
    """Stop the checker, and have it start no more.

    Example: mailctl checker uninstall
    """
    from mailctl.services import checker_unit

    run = session(ctx)
    for line in checker_unit.uninstall(run.context):
        run.say(line)
