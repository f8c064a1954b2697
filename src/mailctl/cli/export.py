"""`mailctl export`."""

from typing import Annotated

import typer

from mailctl.cli import output
from mailctl.cli.params import new_app
from mailctl.cli.session import session

app = new_app()


@app.command()
def export(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[A]…", help="These accounts only.")] = None,
) -> None:
    """Print the store as one TOML document, for `apply`. Secrets are never in it.

    Example: mailctl export > firm.toml
    """
    from mailctl.services import apply as service

    run = session(ctx)
    output.emit(service.export(run.context, tuple(names or ())))
