"""`mailctl checker`: what the watched accounts hold."""

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

app = new_app("Look at the checker-only accounts; nothing in them is changed or marked as read.")
COLUMNS = ("account", "state", "unread", "last_look", "last_error")


@app.callback()
def group() -> None:
    """Look at the checker-only accounts; nothing in them is changed or marked as read."""


@app.command()
def once(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Look once at each checker-only account you may read, and say how much is unread.

    Example: mailctl checker once --json
    """
    from mailctl.services import checker as service

    run = session(ctx)
    looks = service.once(run.context)
    run.show(looks, as_json=as_json, columns=COLUMNS)
    if not looks:
        run.say("no checker-only account that you may read")
    if failure := service.failure(looks):
        raise failure
