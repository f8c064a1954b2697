"""`mailctl collaborator`: the people of the firm."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, Yes, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import Exit

if TYPE_CHECKING:
    from mailctl.services.leaving import Leaving

app = new_app("Add, look at and change the firm's people.", example="mailctl collaborator list")

Name = Annotated[str, typer.Argument(metavar="C", help="The collaborator's short name.")]


@app.command()
def add(
    ctx: typer.Context,
    collaborator: Name,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The full name, as in a signature.")],
    email: Annotated[str, typer.Option("--email", metavar="ADDRESS", help="Where she reads mail.")],
    login: Annotated[
        list[str] | None, typer.Option("--login", metavar="OSLOGIN", help="A login of hers; else the short name.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="She may change the whole store.")] = False,
    title: Annotated[str, typer.Option("--title", help="For signatures.")] = "",
    phone: Annotated[str, typer.Option("--phone", help="For signatures.")] = "",
    default_account: Annotated[
        str | None, typer.Option("--default-account", metavar="A", help="The account she sends with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a collaborator.

    Example: mailctl collaborator add alice --name "Alice Martin" --email alice@firm.example --title Architect
    """
    from mailctl.domain.collaborator import Collaborator
    from mailctl.services import collaborators as service

    run = session(ctx)
    one = Collaborator(
        id=collaborator,
        name=name,
        email=email,
        logins=tuple(login or ()),
        admin=admin,
        title=title,
        phone=phone,
        default_account=default_account,
    )
    added = service.add(run.context, one)
    if as_json:
        run.show(service.row(added), as_json=True)
    run.say(f"added the collaborator '{added.id}'")


@app.command(name="list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List everybody.

    Example: mailctl collaborator list
    """
    from mailctl.services import collaborators as service

    run = session(ctx)
    run.show(service.list_(run.context), as_json=as_json, columns=("id", "name", "email", "logins", "admin"))


@app.command()
def show(ctx: typer.Context, collaborator: Name, as_json: AsJson = False) -> None:
    """Show one collaborator and her rights.

    Example: mailctl collaborator show alice
    """
    from mailctl.services import collaborators as service

    run = session(ctx)
    run.show(service.show(run.context, collaborator), as_json=as_json)


@app.command(name="set")
def set_(
    ctx: typer.Context,
    collaborator: Name,
    pairs: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="Keys as in the file; an empty value too.")],
    as_json: AsJson = False,
) -> None:
    """Set keys of a collaborator, as in her file.

    Example: mailctl collaborator set alice title="Architect" fields.mobile="+33 6 00 00 00 00"
    """
    from mailctl.services import collaborators as service

    run = session(ctx)
    changed = service.set_keys(run.context, collaborator, tuple(pairs))
    if as_json:
        run.show(service.row(changed), as_json=True)
    run.say(f"changed the collaborator '{collaborator}'")


@app.command()
def unset(
    ctx: typer.Context,
    collaborator: Name,
    keys: Annotated[list[str], typer.Argument(metavar="KEY…", help="Keys as in the file.")],
    as_json: AsJson = False,
) -> None:
    """Put keys of a collaborator back to their defaults.

    Example: mailctl collaborator unset alice phone fields.mobile
    """
    from mailctl.services import collaborators as service

    run = session(ctx)
    changed = service.set_keys(run.context, collaborator, (), unset=tuple(keys))
    if as_json:
        run.show(service.row(changed), as_json=True)
    run.say(f"changed the collaborator '{collaborator}'")


@app.command()
def remove(
    ctx: typer.Context,
    collaborator: Name,
    handover: Annotated[
        str | None, typer.Option("--handover", metavar="C", help="Who gets her accounts, rights and affairs.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; the exit status is 1 then.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take a collaborator away, with all her rights, or hand them over to another; as one change.

    Example: mailctl collaborator remove bob --handover alice --dry-run
    """
    from mailctl.services import leaving as service

    run = session(ctx)
    plan = service.remove(run.context, collaborator, successor=handover, dry_run=True)
    if dry_run:
        show_leaving(run, plan, as_json=as_json)
        raise typer.Exit(Exit.NO)
    if run.is_interactive and not (yes or as_json):
        show_leaving(run, plan, as_json=False)
    what = f"hand over to '{handover}'" if handover else "take all rights of hers away"
    run.confirm(f"remove the collaborator '{collaborator}' and {what}?", yes=yes)
    done = service.remove(run.context, collaborator, successor=handover)
    if as_json:
        run.show(done, as_json=True)
    tell_leaving(run, done)


def show_leaving(run: Session, plan: "Leaving", *, as_json: bool) -> None:
    """The plan, a key a line."""
    if as_json:
        run.show(plan, as_json=True)
    else:
        run.show(plan.changes, columns=("action", "what", "name", "key", "old", "new"))


def tell_leaving(run: Session, done: "Leaving") -> None:
    """Say what was done, and what no store can do."""
    to = f"; '{done.successor}' takes over" if done.successor else ""
    run.say(f"removed the collaborator '{done.collaborator}'{to}: {len(done.changes)} changes")
    if done.could_read:
        names = ", ".join(done.could_read[:5]) + (" …" if len(done.could_read) > 5 else "")
        run.say(f"'{done.collaborator}' could get at the passwords of {len(done.could_read)} accounts: {names}")
        run.say(f"change them, then mailctl password set {done.could_read[0]}")
