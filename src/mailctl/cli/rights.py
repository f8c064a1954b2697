"""`mailctl rights`: who may do what with which account."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import Exit

if TYPE_CHECKING:
    from mailctl.services.rights import Grant

app = new_app("Say who may do what with which account.")
COLUMNS = ("account", "collaborator", "rights", "owner")

Account = Annotated[str, typer.Argument(metavar="A", help="The account.")]
Collaborator = Annotated[str, typer.Argument(metavar="C", help="The collaborator.")]


@app.command()
def grant(
    ctx: typer.Context,
    account: Account,
    collaborator: Collaborator,
    rights: Annotated[str, typer.Argument(metavar="RIGHT[,RIGHT]", help="read, organize, send, manage.")],
    as_json: AsJson = False,
) -> None:
    """Give a collaborator rights on an account; `manage` holds all others, `organize` holds `read`.

    Example: mailctl rights grant contact bob read,send
    """
    from mailctl.services import rights as service

    run = session(ctx)
    report(run, service.grant(run.context, account, collaborator, service.parse_rights(rights)), as_json=as_json)


@app.command()
def revoke(
    ctx: typer.Context,
    account: Account,
    collaborator: Collaborator,
    rights: Annotated[str | None, typer.Argument(metavar="[RIGHT[,RIGHT]]", help="All of them when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take rights on an account from a collaborator.

    Example: mailctl rights revoke contact bob send
    """
    from mailctl.services import rights as service

    run = session(ctx)
    named = service.parse_rights(rights) if rights else ()
    report(run, service.revoke(run.context, account, collaborator, named), as_json=as_json)


def report(run: Session, line: "Grant", *, as_json: bool) -> None:
    """Say what a collaborator may do now."""
    if as_json:
        run.show(line, as_json=True)
    else:
        run.say(f"'{line.collaborator}' on '{line.account}': {', '.join(line.rights) or 'no right'}")


@app.command(name="list")
def list_(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Option("-a", "--account", metavar="A", help="This account only.")] = None,
    collaborator: Annotated[
        str | None, typer.Option("-c", "--collaborator", metavar="C", help="This collaborator only.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List who may do what; on a terminal, as a matrix.

    Example: mailctl rights list -a contact
    """
    from mailctl.services import rights as service

    run = session(ctx)
    found = service.list_(run.context, account, collaborator)
    if as_json or not sys.stdout.isatty():
        run.show(found, as_json=as_json, columns=COLUMNS)
    else:
        draw_matrix(found)


def draw_matrix(found: "tuple[Grant, ...]") -> None:
    """Accounts down, collaborators across."""
    from mailctl.cli.tables import draw_rows

    people = sorted({line.collaborator for line in found})
    cells: dict[str, dict[str, str]] = {}
    for line in found:
        cells.setdefault(line.account, {})[line.collaborator] = "owner" if line.owner else ",".join(line.granted)
    draw_rows(["account", *people], [[name, *(row.get(who, "") for who in people)] for name, row in cells.items()])


@app.command()
def check(
    ctx: typer.Context,
    account: Account,
    right: Annotated[str, typer.Argument(metavar="RIGHT", help="read, organize, send, manage.")],
    collaborator: Annotated[
        str | None, typer.Option("-c", "--collaborator", metavar="C", help="The collaborator; else you.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a collaborator has a right; the exit status is 0 for yes, 1 for no.

    Example: mailctl rights check contact send -c bob && echo "he may"
    """
    from mailctl.services import rights as service

    run = session(ctx)
    [wanted, *more] = service.parse_rights(right)
    if more:
        raise typer.BadParameter("one right at a time", param_hint="RIGHT")
    answer = service.check(run.context, account, wanted, collaborator)
    run.show(answer, as_json=as_json, text=lambda: "yes" if answer.allowed else "no")
    if not answer.allowed:
        raise typer.Exit(Exit.NO)
