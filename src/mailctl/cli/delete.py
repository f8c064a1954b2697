"""`mailctl delete`: messages into Trash, or away for good."""

from typing import Annotated

import typer

from mailctl.cli.params import AsJson, MessageIds, Yes, new_app
from mailctl.cli.session import session

app = new_app()
COLUMNS = ("id", "account", "folder", "done", "error")


@app.command()
def delete(
    ctx: typer.Context,
    ids: MessageIds,
    expunge: Annotated[bool, typer.Option("--expunge", help="Remove them for good, not into Trash.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Move messages into their account's Trash, or with --expunge remove them: on the server, then here.

    You need `organize`. What is removed for good is asked about, and needs --yes where nobody can be asked.

    Example: mailctl delete 42 43
    """
    from mailctl.services import move as service
    from mailctl.services.organizing import failure

    run = session(ctx)
    if expunge:
        run.confirm(f"remove {len(set(ids))} message{'s' if len(set(ids)) > 1 else ''} for good?", yes=yes)
    results = service.delete(run.context, ids, expunge=expunge)
    run.show(results, as_json=as_json, columns=COLUMNS)
    if error := failure(results):
        raise error
