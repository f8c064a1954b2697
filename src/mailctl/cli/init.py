"""`mailctl init`."""

import typer

app = typer.Typer(add_completion=False)


@app.command()
def init() -> None:
    """Make a store.

    Example: mailctl init
    """
