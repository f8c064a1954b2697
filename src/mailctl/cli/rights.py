"""`mailctl rights`: who may do what with which account."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from mailctl.services.rights import Grant
    from mailctl.services.rights_push import Compared

app = new_app("Say who may do what with which account.", example="mailctl rights list")
COLUMNS = ("account", "collaborator", "rights", "owner")
REVIEWED = ("account", "collaborator", "right", "through", "since", "by", "change")

Account = Annotated[str, typer.Argument(metavar="A", help="The account.")]
Collaborator = Annotated[str, typer.Argument(metavar="C", help="The collaborator.")]
OneAccount = Annotated[str | None, typer.Option("-a", "--account", metavar="A", help="This account only.")]
OneCollaborator = Annotated[
    str | None, typer.Option("-c", "--collaborator", metavar="C", help="This collaborator only.")
]


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
    tell(run, service.grant(run.context, account, collaborator, service.parse_rights(rights)), as_json=as_json)


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
    tell(run, service.revoke(run.context, account, collaborator, named), as_json=as_json)


def tell(run: Session, line: "Grant", *, as_json: bool) -> None:
    """Say what a collaborator may do now."""
    if as_json:
        run.show(line, as_json=True)
    else:
        run.say(f"'{line.collaborator}' on '{line.account}': {', '.join(line.rights) or 'no right'}")


@app.command(name="list")
def list_(
    ctx: typer.Context, account: OneAccount = None, collaborator: OneCollaborator = None, as_json: AsJson = False
) -> None:
    """List who may do what; on a terminal, as a matrix of those who hold any right on these accounts.

    Example: mailctl rights list -a contact
    """
    from mailctl.services import rights as service

    run = session(ctx)
    found = service.list_(run.context, account, collaborator)
    if as_json or not sys.stdout.isatty():
        run.show(found, as_json=as_json, columns=COLUMNS)
        return
    from mailctl.cli.matrix import LEGEND, draw_matrix

    draw_matrix(found)
    run.say(LEGEND)


@app.command()
def check(
    ctx: typer.Context,
    account: Account,
    right: Annotated[str, typer.Argument(metavar="RIGHT", help="read, organize, send, manage.")],
    collaborator: Annotated[
        str | None, typer.Option("-c", "--collaborator", metavar="C", help="The collaborator; else you.")
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Name the line that gives the right, or who can grant it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a collaborator has a right; the exit status is 0 for yes, 1 for no.

    Example: mailctl rights check contact send -c bob --why
    """
    from mailctl.services import rights as service

    run = session(ctx)
    [wanted, *more] = service.parse_rights(right)
    if more:
        raise typer.BadParameter("one right at a time", param_hint="RIGHT")
    answer = service.check(run.context, account, wanted, collaborator)
    if why:
        from mailctl.services.rights_why import explained, reason

        answer = explained(run.context, answer)
        run.show(answer, as_json=as_json, text=lambda: reason(answer))
    else:
        run.show(answer, as_json=as_json, text=lambda: "yes" if answer.allowed else "no")
    if not answer.allowed:
        raise typer.Exit(Exit.NO)


@app.command()
def report(
    ctx: typer.Context,
    account: OneAccount = None,
    collaborator: OneCollaborator = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """List every right with since when it is held and who gave it, as the store's history knows; for the yearly review.

    Example: mailctl rights report --csv > rights.csv
    """
    from mailctl.services import rights_review as service

    run = session(ctx)
    if as_csv and as_json:
        raise UsageError("--csv or --json, not both")
    found = service.report(run.context, account, collaborator=collaborator)
    if as_csv:
        from mailctl.cli.output import print_csv

        print_csv(found, REVIEWED)
    else:
        run.show(found, as_json=as_json, columns=REVIEWED)


@app.command()
def diff(ctx: typer.Context, account: Account, as_json: AsJson = False) -> None:
    """Compare the rights with the ACLs on the IMAP server; the exit status is 1 when they differ.

    Example: mailctl rights diff contact
    """
    from mailctl.services import rights_push as service

    run = session(ctx)
    found = service.diff(run.context, account)
    show_compared(run, found, as_json=as_json)
    if found.differences or found.skipped:
        raise typer.Exit(Exit.NO)
    run.say(f"the ACLs of '{account}' are as its rights")


@app.command()
def push(
    ctx: typer.Context,
    account: Account,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="ID", help="Also take away what this stranger may do.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; the exit status is 1 when something would.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set the ACLs of all the account's folders as its rights say, so that the IMAP server holds to them too.

    Example: mailctl rights push contact --dry-run
    """
    from mailctl.services import rights_push as service

    run = session(ctx)
    found = service.push(run.context, account, remove=tuple(remove or ()), dry_run=dry_run)
    show_compared(run, found, as_json=as_json)
    if found.skipped or (dry_run and found.differences):
        raise typer.Exit(Exit.NO)
    run.say(f"{len(found.differences)} entries changed in the ACLs of {found.folders} folders")


def show_compared(run: Session, found: "Compared", *, as_json: bool) -> None:
    """What differs, an entry a line; and on stderr what is left alone."""
    if as_json:
        run.show(found, as_json=True)
    else:
        run.show(found.differences, columns=("folder", "identifier", "now", "wanted"))
    for one in found.foreign:
        more = f" and {len(one.folders) - 1} more folders" if len(one.folders) > 1 else ""
        run.say(f"left alone: '{one.identifier}' has '{one.letters}' on '{one.folders[0]}'{more}; no collaborator's")
    for folder in found.skipped:
        run.warn(f"'{folder}': the server does not let one change its ACL")
