"""`mailctl save`: a message's attachments."""

from pathlib import Path
from typing import Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

app = new_app()
COLUMNS = ("path", "content_type", "size")


@app.command()
def save(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(metavar="ID", help="The message's number, as `mailctl list` shows it.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; else here.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Save a message's attachments, under names that are safe, over no other file.

    Example: mailctl save 42 ~/Downloads
    """
    from mailctl.services import read as service

    run = session(ctx)
    saved = service.save(run.context, id, directory)
    if saved or as_json:
        run.show(saved, as_json=as_json, columns=COLUMNS)
    if not saved:
        run.say(f"message {id} has no attachments")
