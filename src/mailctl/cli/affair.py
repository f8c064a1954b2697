"""`mailctl affair`: cases and projects of the firm, and the mail that belongs to them."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.affair_auto import auto, inbox
from mailctl.cli.params import AccountNames, AsJson, MessageIds, Yes, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from mailctl.domain.affair import Client, Person
    from mailctl.services.affairs import Filed, Row, Shown
    from mailctl.services.links import Linked

app = new_app("Keep the firm's affairs, and file mail under them.", example="mailctl affair mails 2026-014")

Ref = Annotated[str, typer.Argument(metavar="REF", help="The affair's reference.")]
Rules = Annotated[
    list[str] | None,
    typer.Option("--match", metavar="RULE", help="Its mail: from:ADDRESS, domain:DOMAIN, subject:TEXT, list:LIST-ID."),
]
Texts = list[str] | None
COLUMNS = ("ref", "state", "client", "responsible", "mails", "title")
MAIL_COLUMNS = ("id", "date", "account", "folder", "sender", "subject", "linked_by")
FORMATS = ["%Y-%m-%d"]
LONGEST_NUMBER = 20

app.command()(auto)
app.command()(inbox)


@app.command()
def add(
    ctx: typer.Context,
    ref: Ref,
    title: Annotated[str, typer.Option("--title", help="What it is about.")],
    client: Annotated[str, typer.Option("--client", metavar="NAME", help="Whom it is for.")] = "",
    client_address: Annotated[
        Texts, typer.Option("--client-address", metavar="ADDRESS", help="An address the client writes from.")
    ] = None,
    client_domain: Annotated[
        Texts, typer.Option("--client-domain", metavar="DOMAIN", help="A domain of the client's.")
    ] = None,
    responsible: Annotated[
        str | None, typer.Option("--responsible", metavar="C", help="The collaborator who answers for it.")
    ] = None,
    address: Annotated[str, typer.Option("--address", help="Where it takes place.")] = "",
    person: Annotated[
        Texts, typer.Option("--person", metavar="PERSON", help="Somebody involved: 'Paul Roux <p@x.example> (role)'.")
    ] = None,
    match: Rules = None,
    opened: Annotated[
        datetime | None, typer.Option("--opened", formats=FORMATS, help="The day it began; else today.")
    ] = None,
    notes: Annotated[str, typer.Option("--notes", help="Anything worth knowing.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add an affair; an administrator may.

    Example: mailctl affair add 2026-014 --title "Town hall" --client "Ville de Lyon" --client-domain lyon.example
    """
    from mailctl.domain.affair import Affair, person_of
    from mailctl.services import affairs as service

    run = session(ctx)
    affair = Affair(
        ref=ref,
        title=title,
        client=client_of(client, tuple(client_address or ()), tuple(client_domain or ())),
        responsible=responsible,
        address=address,
        people=tuple(person_of(one) for one in person or ()),
        match=tuple(match or ()),
        opened=opened.date() if opened else None,
        notes=notes,
    )
    told(run, service.add(run.context, affair), "added", as_json=as_json)


def client_of(name: str, addresses: tuple[str, ...], domains: tuple[str, ...]) -> "str | Client":
    """Whom an affair is for: a name alone where that is all.

    Raises:
        UsageError: addresses of nobody.
    """
    from mailctl.domain.affair import Client

    if not (addresses or domains):
        return name
    if not name:
        raise UsageError("a client's addresses without a client", hint="--client NAME")
    return Client(name=name, addresses=addresses, domains=domains)


def told(run: Session, row: "Row", what: str, *, as_json: bool) -> None:
    """Say what became of an affair."""
    if as_json:
        run.show(row, as_json=True)
    run.say(f"{what} the affair '{row.ref}'")


@app.command(name="list")
def list_(
    ctx: typer.Context,
    is_open: Annotated[bool, typer.Option("--open", help="Only those that go on.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Only those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """List affairs by reference, with the number of messages linked to each.

    Example: mailctl affair list --open
    """
    from mailctl.domain.affair import State
    from mailctl.services import affairs as service

    if is_open and closed:
        raise UsageError("--open and --closed are all affairs", hint="mailctl affair list")
    run = session(ctx)
    state = State.OPEN if is_open else State.CLOSED if closed else None
    run.show(service.list_(run.context, state=state), as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, ref: Ref, as_json: AsJson = False) -> None:
    """Show an affair: what is known of it, then its mail by date.

    Example: mailctl affair show 2026-014
    """
    from mailctl.services import affairs as service

    run = session(ctx)
    shown = service.show(run.context, ref)
    run.show(shown, as_json=as_json, text=lambda: page(shown))


def page(shown: "Shown") -> str:
    """An affair as a person reads it."""
    from mailctl.cli.output import cell

    state = f"{shown.state} since {shown.closed}" if shown.state == "closed" and shown.closed else str(shown.state)
    fields = [
        ("Affair", shown.ref),
        ("Title", shown.title),
        ("State", state),
        ("Client", shown.client),
        ("Client's mail", ", ".join((*shown.client_addresses, *shown.client_domains))),
        ("Responsible", shown.responsible),
        ("Address", shown.address),
        ("Opened", shown.opened),
        *(("Person", person_text(one)) for one in shown.people),
        *(("Match", one) for one in shown.match),
        *(("Except", one) for one in shown.exceptions),
        ("Notes", shown.notes),
    ]
    head = "".join(f"{name}: {cell(value)}\n" for name, value in fields if value)
    mails = "".join("\t".join(cell(getattr(one, name)) for name in MAIL_COLUMNS) + "\n" for one in shown.mails)
    rest = f"and {shown.elsewhere} more, not fetched here or not yours to read\n" if shown.elsewhere else ""
    return f"{head}\n{mails}{rest}" if mails or rest else head


def person_text(person: "Person") -> str:
    """Somebody involved, as `--person` takes it."""
    address = f" <{person.address}>" if person.address else ""
    return f"{person.name}{address}{f' ({person.role})' if person.role else ''}"


@app.command(name="set")
def set_(
    ctx: typer.Context,
    ref: Ref,
    pairs: Annotated[Texts, typer.Argument(metavar="KEY=VALUE…", help="Keys as in the file.")] = None,
    person: Annotated[
        Texts, typer.Option("--person", metavar="PERSON", help="One more: 'Paul Roux <p@x.example> (role)'.")
    ] = None,
    match: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Set keys of an affair, as in its file; who is responsible for it may. --person and --match add to what there is.

    Example: mailctl affair set 2026-014 client.domains=lyon.example responsible=alice --match subject:Ampère
    """
    from mailctl.domain.affair import person_of
    from mailctl.services import affairs as service

    if not (pairs or person or match):
        from mailctl.services.links import typed

        raise UsageError("nothing to set", hint=f"mailctl affair set {typed(ref)} title=…")
    run = session(ctx)
    more = service.More(people=tuple(person_of(one) for one in person or ()), match=tuple(match or ()))
    told(run, service.set_keys(run.context, ref, tuple(pairs or ()), more=more), "changed", as_json=as_json)


@app.command()
def unset(
    ctx: typer.Context,
    ref: Ref,
    keys: Annotated[list[str], typer.Argument(metavar="KEY…", help="Keys as in the file.")],
    as_json: AsJson = False,
) -> None:
    """Put keys of an affair back to their defaults.

    Example: mailctl affair unset 2026-014 notes
    """
    from mailctl.services import affairs as service

    run = session(ctx)
    told(run, service.set_keys(run.context, ref, (), unset=tuple(keys)), "changed", as_json=as_json)


@app.command()
def close(ctx: typer.Context, ref: Ref, as_json: AsJson = False) -> None:
    """Close an affair: of new mail, only answers to its own are filed under it.

    Example: mailctl affair close 2026-014
    """
    from mailctl.services import affairs as service

    run = session(ctx)
    told(run, service.close(run.context, ref), "closed", as_json=as_json)


@app.command()
def reopen(ctx: typer.Context, ref: Ref, as_json: AsJson = False) -> None:
    """Let a closed affair go on.

    Example: mailctl affair reopen 2026-014
    """
    from mailctl.services import affairs as service

    run = session(ctx)
    told(run, service.reopen(run.context, ref), "reopened", as_json=as_json)


@app.command()
def rename(
    ctx: typer.Context,
    ref: Ref,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new reference.")],
    as_json: AsJson = False,
) -> None:
    """Give an affair another reference; its mail moves along.

    Example: mailctl affair rename 2026-014 "DUR/Lycée Ampère/3"
    """
    from mailctl.services import affairs as service

    run = session(ctx)
    renamed = service.rename(run.context, ref, new)
    if as_json:
        run.show(renamed, as_json=True)
    run.say(f"renamed the affair '{ref}' to '{renamed.ref}'")


@app.command()
def remove(ctx: typer.Context, ref: Ref, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take an affair away, and all its links; the mail itself stays where it is.

    Example: mailctl affair remove 2026-014 --yes
    """
    from mailctl.services import affairs as service
    from mailctl.services.links import messages_of

    run = session(ctx)
    plan = service.removal(run.context, ref)
    filed = f"the links of {messages_of(plan.links)}"
    run.confirm(f"remove the affair '{plan.ref}' ({plan.title}), and {filed}?", yes=yes)
    gone = service.remove(run.context, ref)
    if as_json:
        run.show(gone, as_json=True)
    run.say(f"removed the affair '{gone.ref}', and the links of {messages_of(gone.links)}")


@app.command()
def link(ctx: typer.Context, ref: Ref, id: MessageIds, as_json: AsJson = False) -> None:
    """File messages under an affair, for everybody who shares the store; that takes `organize` on their accounts.

    Example: mailctl affair link 2026-014 42 43
    """
    from mailctl.services import links as service

    run = session(ctx)
    context = run.context
    found = service.link(context, [(ref, context.index.message(one)) for one in dict.fromkeys(id)])
    tell_links(run, found, f"linked to '{ref}'", "linked already", as_json=as_json)


@app.command()
def unlink(
    ctx: typer.Context,
    ref: Ref,
    id: Annotated[
        list[str],
        typer.Argument(metavar="ID…", help="Numbers, as `mailctl list` shows them, or Message-IDs of mail not here."),
    ],
    as_json: AsJson = False,
) -> None:
    """Take messages out of an affair; the mail itself stays where it is.

    Example: mailctl affair unlink 2026-014 42 '<4711@lyon.example>'
    """
    from mailctl.services import links as service

    numbers = [one for one in id if one.isdecimal() and len(one) < LONGEST_NUMBER]
    odd = next((one for one in id if not (one in numbers or "@" in one or ":" in one)), None)
    if odd is not None:
        raise UsageError(f"'{odd}' is neither a message's number nor a Message-ID", hint="mailctl affair mails REF")
    run = session(ctx)
    context = run.context
    here = [context.index.message(one) for one in dict.fromkeys(map(int, numbers))]
    found = service.unlink(context, ref, here, ids=[one for one in dict.fromkeys(id) if one not in numbers])
    tell_links(run, found, f"taken out of '{ref}'", "not linked to it", as_json=as_json)


def tell_links(run: Session, found: "tuple[Linked, ...]", done: str, not_done: str, *, as_json: bool) -> None:
    """Say what became of messages."""
    if as_json:
        run.show(found, as_json=True)
        return
    for one in found:
        name = one.key if one.id is None else f"{one.id}"
        run.say(f"{name} {done if one.changed else not_done}{f': {one.subject}' if one.subject else ''}")


@app.command()
def mails(ctx: typer.Context, ref: Ref, account: AccountNames = None, as_json: AsJson = False) -> None:
    """List the mail of an affair, newest first, of all accounts you may read; what several of them have stands once.

    Example: mailctl affair mails 2026-014
    """
    from mailctl.services import affairs as service

    run = session(ctx)
    found: tuple[Filed, ...] = service.mails(run.context, ref, accounts=account or ())
    run.show(found, as_json=as_json, columns=MAIL_COLUMNS)


@app.command()
def export(
    ctx: typer.Context,
    ref: Ref,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; it is made when it is missing.")],
    attachments: Annotated[bool, typer.Option("--attachments", help="Write the attachments apart, too.")] = False,
    as_zip: Annotated[bool, typer.Option("--zip", help="Pack the folder into DIR.zip, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hand an affair's mail over: one .eml a message, index.csv, index.html, and SHA256SUMS for `sha256sum -c`.

    Run again, it adds what is new and leaves the rest as it is. What is linked and cannot be had here is named, and the
    exit status is 1 then.

    Example: mailctl affair export 2026-014 handover --attachments --zip
    """
    from mailctl.services import affair_export as service

    run = session(ctx)
    done = service.export(run.context, ref, directory, attachments=attachments, archive=as_zip)
    if as_json:
        run.show(done, as_json=True)
    for one in done.missing:
        run.warn(
            f"not exported: {one.key}, linked by {one.linked_by} from '{one.account}': not here, or not yours to read"
        )
    run.say(f"exported {done.messages} messages of '{done.ref}' to {done.folder}, {done.added} of them new")
    if done.missing:
        raise typer.Exit(Exit.NO)
