"""`mailctl init`."""

from typing import Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

app = new_app()


@app.command()
def init(
    ctx: typer.Context,
    firm: Annotated[str, typer.Option("--firm", metavar="NAME", help="The firm's name, for signatures.")] = "",
    git: Annotated[bool, typer.Option("--git", help="Make every change a commit of a git repository.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a store: a folder of TOML files, with you as its administrator.

    Example: mailctl init --firm "Atelier Durand"
    """
    from mailctl.services import stores

    run = session(ctx)
    is_new = not (run.context.paths.store / "store.toml").exists()
    settings = stores.init(run.context, firm=firm, with_history=git)
    place = stores.place(run.context)
    if as_json:
        run.show(place, as_json=True)
    if not is_new:
        run.say(f"began the history of the store in {place.store}")
        return
    run.say(f"made a store in {place.store}; its administrator is '{settings.administrators[0]}'")
    run.say("next: mailctl account add NAME --address ADDRESS")
