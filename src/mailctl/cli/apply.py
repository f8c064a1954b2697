"""`mailctl apply`."""

import sys
from typing import Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import Exit

app = new_app()
COLUMNS = ("action", "what", "name", "key", "old", "new")


@app.command()
def apply(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="TOML files, folders of them, or - for stdin.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; the exit status is 1 when something would.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Take away accounts, collaborators and affairs that the files do not name.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the store to what files say: planned first, then done as one change. Done twice it changes nothing more.

    Example: mailctl export | mailctl apply - --dry-run
    """
    from mailctl.services import apply as service

    run = session(ctx)
    sources = service.read_sources(tuple(files), sys.stdin.buffer.read() if "-" in files else b"")
    plan = service.apply(run.context, sources, prune=prune, dry_run=dry_run)
    if as_json:
        run.show(plan, as_json=True)
    else:
        run.show(plan.changes, columns=COLUMNS)
    run.say(f"{len(plan.changes)} changes{'' if plan.applied or not plan.changes else ', none made'}")
    if dry_run and plan.changes:
        raise typer.Exit(Exit.NO)
