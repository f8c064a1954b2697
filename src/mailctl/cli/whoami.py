"""`mailctl whoami`."""

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

app = new_app()


@app.command()
def whoami(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Say who you are to mailctl, and what you may do with which account.

    Example: mailctl whoami --json
    """
    from mailctl.services import rights

    run = session(ctx)
    run.show(rights.whoami(run.context), as_json=as_json)
