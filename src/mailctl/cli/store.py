"""`mailctl store`: check it, find it."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import Exit

if TYPE_CHECKING:
    from mailctl.services.stores import Finding

app = new_app("Check the store, show its history, share it, say where it lies.", example="mailctl store check")


@app.command()
def check(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List every fault of every file; the exit status is 78 when there is one.

    Example: mailctl store check
    """
    from mailctl.services import stores

    run = session(ctx)
    show_findings(run, stores.check(run.context), as_json=as_json, none="the store is valid")


def show_findings(run: Session, found: "tuple[Finding, ...]", *, as_json: bool, none: str) -> None:
    """Show the faults that were found, or say that there is none.

    Raises:
        Exit: 78, where there is one.
    """
    if found or as_json:
        run.show(found, as_json=as_json, columns=("file", "line", "key", "text"))
    if found:
        raise typer.Exit(Exit.STORE)
    run.say(none)


@app.command()
def path(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="The folders of mail, outbox and sockets too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the folder of the store.

    Example: ls "$(mailctl store path)"
    """
    from mailctl.services import stores

    run = session(ctx)
    place = stores.place(run.context)
    if as_json or everything:
        run.show(place, as_json=as_json)
    else:
        run.show(place, text=lambda: place.store)


@app.command()
def schema(
    ctx: typer.Context,  # noqa: ARG001 - one signature for all commands
    kind: Annotated[str, typer.Argument(metavar="KIND", help="store, account, collaborator, affair, or apply.")],
) -> None:
    """Print the JSON Schema of a kind of file. A store has them in .schemas, which the first line of its files names.

    Example: mailctl store schema apply > .apply.json
    """
    from mailctl.cli import output
    from mailctl.services import stores

    output.emit(stores.schema(kind))


@app.command()
def log(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="An account, collaborator or affair; else all.")
    ] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="So many changes at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what was changed, when and by whom; newest first.

    Example: mailctl store log contact
    """
    from mailctl.services import stores

    run = session(ctx)
    found = stores.log(run.context, name, limit=limit)
    run.show(found, as_json=as_json, columns=("id", "when", "who", "what"))


@app.command()
def sync(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Share the store through its repository: fetch, merge, push. Two changes of one file meet key by key.

    Example: mailctl store sync
    """
    from mailctl.services import stores

    run = session(ctx)
    done = stores.sync(run.context)
    if as_json:
        run.show(done, as_json=True)
    run.say(f"{done.received} changes received, {done.sent} sent")
