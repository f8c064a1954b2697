"""`mailctl template`: mail with blanks."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli import templating
from mailctl.cli.params import AccountName, AsJson, Yes, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.services.template import Rendered

app = new_app("Look at, try and write templates: mail with blanks.", example="mailctl template show relance")
Name = Annotated[str, typer.Argument(metavar="T", help="The template.")]


@app.command(name="list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the templates.

    Example: mailctl template list
    """
    from mailctl.services import template as service

    run = session(ctx)
    run.show(service.list_(run.context), as_json=as_json, columns=("name", "affair", "variables", "description"))


@app.command()
def show(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a template: its variables, and its text as it is written.

    Example: mailctl template show relance --json
    """
    from mailctl.services import template as service

    run = session(ctx)
    run.show(service.show(run.context, name), as_json=as_json)


@app.command()
def check(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[T]", help="The template; else all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try a template, or all of them, with samples; the exit status is 78 when there is a fault.

    Example: mailctl template check relance
    """
    from mailctl.cli.store import show_findings
    from mailctl.services import template_check as service
    from mailctl.services.stores import findings

    run = session(ctx)
    show_findings(run, findings(service.check(run.context, name)), as_json=as_json, none="no fault found")


@app.command()
def render(
    ctx: typer.Context,
    name: Name,
    var: templating.Var = None,
    account: AccountName = None,
    sender: Annotated[str | None, typer.Option("--from", metavar="ALIAS", help="An alias of the account.")] = None,
    affair: Annotated[str | None, typer.Option("--affair", metavar="REF", help="The affair it is about.")] = None,
    html: Annotated[bool, typer.Option("--html", help="Print it as a page, signed, as its reader sees it.")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Show that page in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fill a template in and show the mail that it makes; nothing is sent.

    On a terminal, variables that were not said are asked for.

    Example: mailctl template render relance --affair 2026-014 --var facture=F-104 --var montant=1234,50 --open
    """
    from mailctl.domain.rights import Right
    from mailctl.services import template as service

    if html + open_it + as_json > 1:
        raise UsageError("one of --html, --open and --json", hint=f"mailctl template render {name} --open")
    run = session(ctx)
    chosen = run.context.account(account, need=Right.SEND)
    made = service.filler(run.context, name, account=chosen, affair=affair, sender=sender)
    given = templating.answers(run, made, tuple(var or ()))
    if not (html or open_it):
        rendered = service.render(made, given, account=chosen.name, affair=affair)
        return run.show(rendered, as_json=as_json, text=lambda: as_text(rendered))
    from mailctl.cli.read import open_page, write_raw

    page = service.page(run.context, made.draft(given), account=chosen, sender=sender)
    if html:
        return write_raw(page.encode("utf-8", "replace"))
    return open_page(service.kept_page(run.context, name, page), f"mailctl template render {name}")


def as_text(mail: "Rendered") -> str:
    """A mail as a person reads it."""
    fields = [
        ("To", ", ".join(mail.to)),
        ("Cc", ", ".join(mail.cc)),
        ("Bcc", ", ".join(mail.bcc)),
        ("Reply-To", ", ".join(mail.reply_to)),
        ("Subject", mail.subject),
        *mail.headers,
        *(("Attachment", name) for name in mail.attachments),
    ]
    head = "".join(f"{key}: {value}\n" for key, value in fields if value)
    return f"{head}\n{mail.text.strip(chr(10))}"


@app.command()
def new(
    ctx: typer.Context,
    name: Name,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="Its text; - is stdin. Else one to begin with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a template: the text of a file, else one to begin with. Only administrators may.

    Example: mailctl template new relance --file relance.md
    """
    from mailctl.cli.writing import read_text
    from mailctl.services import template as service

    run = session(ctx)
    service.new(run.context, name, read_text(file) if file is not None else service.STARTER)
    if as_json:
        run.show(service.show(run.context, name), as_json=True)
    run.say(f"added the template '{name}'; mailctl template edit {name}")


@app.command()
def edit(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Write a template in $VISUAL or $EDITOR. A text that cannot be filled in is kept beside, and changes nothing.

    Example: mailctl template edit relance
    """
    from mailctl.cli.signature import in_editor
    from mailctl.services import template as service

    run = session(ctx)
    before = service.own(run.context, name)
    with in_editor(run, before, what="template") as text:
        if text != before:
            service.put(run.context, name, text, f"change the template '{name}'")
    if as_json:
        run.show(service.show(run.context, name), as_json=True)
    run.say(f"the template '{name}' is as it was" if text == before else f"changed the template '{name}'")


@app.command()
def remove(ctx: typer.Context, name: Name, yes: Yes = False) -> None:
    """Take a template away. Only administrators may.

    Example: mailctl template remove relance --yes
    """
    from mailctl.services import template as service

    run = session(ctx)
    service.own(run.context, name)
    run.confirm(f"remove the template '{name}'?", yes=yes)
    service.remove(run.context, name)
    run.say(f"removed the template '{name}'")
