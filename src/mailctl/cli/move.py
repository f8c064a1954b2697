"""`mailctl move`: messages into another folder."""

from typing import Annotated

import typer

from mailctl.cli.params import AsJson, MessageIds, new_app
from mailctl.cli.session import session

app = new_app()
COLUMNS = ("id", "account", "folder", "done", "error")


@app.command()
def move(
    ctx: typer.Context,
    ids: MessageIds,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Where to, as `mailctl folders` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Move messages into a folder of their account: on the server, then here. Their numbers stay. You need `organize`.

    Example: mailctl move 42 43 Archive
    """
    from mailctl.services import move as service
    from mailctl.services.organizing import failure

    run = session(ctx)
    results = service.move(run.context, ids, folder)
    run.show(results, as_json=as_json, columns=COLUMNS)
    if error := failure(results):
        raise error
