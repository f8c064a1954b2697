"""Parameters that several commands share, and how a command's module begins."""

from typing import Annotated

import typer

AccountName = Annotated[
    str | None, typer.Option("-a", "--account", metavar="A", help="The account; else your default one.")
]
AccountNames = Annotated[
    list[str] | None, typer.Option("-a", "--account", metavar="A", help="An account; several may be given.")
]
MessageIds = Annotated[
    list[int], typer.Argument(metavar="ID…", help="The messages' numbers, as `mailctl list` shows them.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


def new_app(help_text: str | None = None, *, example: str = "") -> typer.Typer:
    """A Typer application for one command or, with a help text and an example, for a family of commands."""
    return typer.Typer(
        add_completion=False,
        no_args_is_help=help_text is not None,
        help=f"{help_text}\n\nExample: {example}" if example else help_text,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
    )
