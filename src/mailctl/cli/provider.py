"""`mailctl provider`: the presets."""

from typing import Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

app = new_app(
    "Look at the presets: servers, login and authentication of known providers.", example="mailctl provider show ovh"
)


@app.command(name="list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the presets.

    Example: mailctl provider list
    """
    from mailctl.services import provider as service

    session(ctx).show(service.list_(), as_json=as_json, columns=("id", "name", "auth", "imap", "smtp"))


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="P", help="The preset.")],
    as_json: AsJson = False,
) -> None:
    """Show one preset, and where its facts come from.

    Example: mailctl provider show ovh --json
    """
    from mailctl.services import provider as service

    columns = ("id", "name", "domains", "login", "auth", "imap", "smtp", "tokens", "files_sent", "connections", "notes",
               "source")  # fmt: skip
    session(ctx).show(service.show(name), as_json=as_json, columns=columns)
