"""`mailctl folders`: what folders accounts have, and new ones."""

from typing import Annotated

import typer

from mailctl.cli.params import AccountNames, AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

app = new_app()
COLUMNS = ("name", "account", "use", "messages", "unseen", "fetched")


@app.command()
def folders(
    ctx: typer.Context,
    account: AccountNames = None,
    create: Annotated[str | None, typer.Option("--create", metavar="F", help="Make this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the folders of accounts, as their servers have them; with --create, make one. That needs `organize`.

    Example: mailctl folders -a contact --create Clients/Lyon
    """
    from mailctl.services import folders as service
    from mailctl.services.asking import failure

    run = session(ctx)
    if create is None:
        found = service.folders(run.context, account or ())
        run.show(found.folders, as_json=as_json, columns=COLUMNS)
        if error := failure(found.failed):
            raise error
        return
    if account and len(account) > 1:
        raise UsageError("a folder is made in one account", hint=f"mailctl folders -a {account[0]} --create {create}")
    made = service.create(run.context, account[0] if account else None, create)
    run.show((made,), as_json=as_json, columns=COLUMNS)
