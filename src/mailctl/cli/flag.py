"""`mailctl flag`: whether messages are read, and flagged."""

from typing import Annotated

import typer

from mailctl.cli.params import AsJson, MessageIds, new_app
from mailctl.cli.session import session

app = new_app()
COLUMNS = ("id", "account", "folder", "done", "error")


@app.command()
def flag(
    ctx: typer.Context,
    ids: MessageIds,
    seen: Annotated[bool | None, typer.Option("--seen/--unseen", help="Read, or unread.")] = None,
    flagged: Annotated[bool | None, typer.Option("--flagged/--unflagged", help="Flagged, or not.")] = None,
    as_json: AsJson = False,
) -> None:
    """Mark messages as read or unread, flagged or not: on the server, then here. You need `organize`.

    Example: mailctl flag 42 43 --seen --unflagged
    """
    from mailctl.services import flag as service
    from mailctl.services.organizing import failure

    run = session(ctx)
    wanted = {"\\Seen": seen, "\\Flagged": flagged}
    results = service.flag(
        run.context,
        ids,
        add=frozenset(name for name, is_so in wanted.items() if is_so),
        remove=frozenset(name for name, is_so in wanted.items() if is_so is False),
    )
    run.show(results, as_json=as_json, columns=COLUMNS)
    if error := failure(results):
        raise error
