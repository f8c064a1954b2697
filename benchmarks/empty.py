"""An empty Typer program, one command and no options: what start-up is measured against."""

import typer

app = typer.Typer(add_completion=False)


@app.command()
def nothing() -> None:
    """Do nothing."""


if __name__ == "__main__":
    app()
