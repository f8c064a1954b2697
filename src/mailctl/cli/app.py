"""The root of the command line: the table of commands, its lazy group, and the global options."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mailctl import __version__
from mailctl.cli.session import Globals
from mailctl.loading import load
from mailctl.values import load_values

STORE, MAIL, WATCH = "Store", "Mail", "Watching and finding faults"
AFFAIRS = "Affairs and templates"

COMMANDS: dict[str, tuple[str, str]] = {
    "init": (STORE, "Make a store."),
    "account": (STORE, "Add, look at and change the firm's mailboxes."),
    "collaborator": (STORE, "Add, look at and change the firm's people."),
    "rights": (STORE, "Say who may do what with which account."),
    "signature": (STORE, "Look at and write the signatures of accounts."),
    "password": (STORE, "Keep, try and forget passwords, in the keyring."),
    "login": (STORE, "Log in with OAuth2, in a browser."),
    "provider": (STORE, "Look at the presets of known providers."),
    "apply": (STORE, "Bring the store to what files say, as one change."),
    "export": (STORE, "Print the store as one TOML document."),
    "store": (STORE, "Check the store, show its history, share it, say where it lies."),
    "whoami": (STORE, "Say who you are, and what you may do."),
    "send": (MAIL, "Send a mail; its body comes from standard input."),
    "reply": (MAIL, "Answer a mail."),
    "forward": (MAIL, "Pass a mail on."),
    "draft": (MAIL, "Look after drafts, and send them."),
    "outbox": (MAIL, "Look after the mail that could not go yet."),
    "fetch": (MAIL, "Fetch what is new."),
    "list": (MAIL, "List fetched mail, newest first."),
    "search": (MAIL, "Find mail by what stands in it."),
    "read": (MAIL, "Read one message."),
    "save": (MAIL, "Save a message's attachments."),
    "flag": (MAIL, "Mark messages as read, unread, flagged."),
    "move": (MAIL, "Move messages into another folder."),
    "delete": (MAIL, "Move messages into Trash, or remove them for good."),
    "folders": (MAIL, "List folders, make one."),
    "affair": (AFFAIRS, "Keep the firm's affairs, and file mail under them."),
    "template": (AFFAIRS, "Look at, try and write mail with blanks."),
    "merge": (AFFAIRS, "Write one mail for each row of a table."),
    "checker": (WATCH, "Watch accounts, and tell of unread mail."),
    "demo": (WATCH, "Take a tour on servers of mailctl's own."),
}


class LazyGroup(TyperGroup):
    """Lists every command from COMMANDS; imports one only to run it or to complete its options."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        for name, (panel, summary) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=summary, rich_help_panel=panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names, its module imported; None while completing a half-typed name."""
        name, stub, rest = super().resolve_command(ctx, args)
        if name is None or stub is None:
            return name, stub, rest
        load_values()
        command = get_command(load(f"mailctl.cli.{module_of(name)}:app"))
        command.name = name
        for one in (command, *getattr(command, "commands", {}).values()):
            one.help = flowing(one.help or "")
        return name, command, rest


def flowing(text: str) -> str:
    """A help text whose paragraphs are broken by the terminal's width alone; examples stand as they are."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(one if "Example:" in one else " ".join(one.split()) for one in paragraphs)


def module_of(name: str) -> str:
    """The module in `mailctl.cli` that holds a command; a name Python reserves has an underscore behind it."""
    return f"{name}_" if name in {"list", "import"} else name


def print_version(asked: bool) -> None:
    """Print the version and leave, for the eager `--version`."""
    if asked:
        typer.echo(f"mailctl {__version__}, a firm's mailboxes from the command line")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    name="mailctl",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


@app.callback()
def main(
    ctx: typer.Context,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store", envvar="MAILCTL_STORE", metavar="DIR", readable=False, help="The folder of TOML files."
        ),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            "--as", envvar="MAILCTL_AS", metavar="COLLABORATOR", help="Act for somebody; administrators only."
        ),
    ] = None,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Tell of each connection; twice, all that is said on it.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say errors only.")] = False,
    trace: Annotated[
        Path | None,
        typer.Option(
            "--trace", metavar="FILE", help="Write the conversation with servers, without secrets and bodies."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=print_version, help="Print the version.")
    ] = False,
) -> None:
    """Run a firm's mailboxes: accounts, rights, signatures; send, fetch, read; watch.

    Example: mailctl send anna@firm.example -a contact -s "Plans" < body.txt
    """
    ctx.obj = Globals(
        store=store, actor=actor, verbosity=-1 if quiet else verbose, trace=trace, environ=dict(os.environ)
    )
