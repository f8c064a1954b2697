"""`mailctl password`: the secrets of accounts, kept in the keyring."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, Yes, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.cli.session import Session

app = new_app(
    "Keep, try and forget the passwords of accounts; they are in the keyring and never in the store.",
    example="mailctl password check contact",
)
COLUMNS = ("service", "server", "login", "ok", "error")

Name = Annotated[str, typer.Argument(metavar="A", help="The account.")]


@app.command(name="set")
def set_(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[A]", help="The account.")] = None,
    from_json: Annotated[
        bool,
        typer.Option("--from-json", help='Many at once: {"contact": "…"} on standard input.'),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep an account's password in the keyring; asked for on a terminal, read from standard input elsewhere.

    Where mailctl gets OAuth2 tokens (auth.client_id), it is the secret of that client; `mailctl login A` does the rest.

    Example: mailctl password set contact
    """
    from mailctl.services import password as service

    run = session(ctx)
    if from_json:
        set_many(run, name, as_json=as_json)
        return
    if name is None:
        raise UsageError("no account named", hint="mailctl password set A, or --from-json for many")
    service.places(run.context, name)
    kept = service.set_(run.context, name, read_secret(run, name))
    if as_json:
        run.show(kept, as_json=True)
    run.say(f"kept the password for {', '.join(kept.users)}")


def set_many(run: "Session", name: str | None, *, as_json: bool) -> None:
    """Keep the passwords in a JSON document on standard input."""
    from mailctl.services import passwords as service

    if name is not None:
        raise UsageError("--from-json names the accounts itself", hint="mailctl password set --from-json < FILE")
    kept = service.set_many(run.context, sys.stdin.read())
    if as_json:
        run.show(kept, as_json=True)
    run.say(f"kept the passwords of {len(kept)} accounts")


def read_secret(run: "Session", name: str) -> str:
    """The password: without echo from a terminal, else all of standard input but its last line break."""
    if run.is_interactive:
        return str(typer.prompt(f"password of '{name}'", hide_input=True, err=True))
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


@app.command()
def check(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Log in at an account's servers with the secret it has, wherever that is kept, and log out.

    Example: mailctl password check contact
    """
    from mailctl.services import password as service

    run = session(ctx)
    logins, failure = service.check(run.context, name)
    run.show(logins, as_json=as_json, columns=COLUMNS)
    if failure:
        raise failure


@app.command()
def delete(ctx: typer.Context, name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget an account's password, or its OAuth2 tokens; not an error if the keyring has none.

    Example: mailctl password delete contact --yes
    """
    from mailctl.services import password as service

    run = session(ctx)
    users = service.forgettable(run.context, name).users
    run.confirm(f"forget the password for {', '.join(users)}?", yes=yes)
    kept = service.delete(run.context, name)
    if as_json:
        run.show(kept, as_json=True)
    run.say(f"forgot the password for {', '.join(kept.users)}")
