"""`mailctl signature`: what is added to the mail of an account."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, Yes, new_app
from mailctl.cli.session import Session, session
from mailctl.domain.signature import Position
from mailctl.errors import BadDataError, Exit, UsageError

if TYPE_CHECKING:
    from mailctl.domain.signature import Signature

app = new_app(
    "Look at and write what is added to the mail of an account.", example="mailctl signature show contact --as alice"
)
STDIN = "-"


class Part(StrEnum):
    """The texts of a signature."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


Name = Annotated[str, typer.Argument(metavar="A", help="The account.")]
Alias = Annotated[str | None, typer.Option("--alias", metavar="X", help="The signature of this alias of it.")]


@app.command()
def show(
    ctx: typer.Context,
    name: Name,
    collaborator: Annotated[
        str | None, typer.Option("--as", metavar="C", help="As it stands under this colleague's mail; else yours.")
    ] = None,
    alias: Alias = None,
    as_json: AsJson = False,
) -> None:
    """Show a signature as it stands under a mail.

    Example: mailctl signature show contact --as alice
    """
    from mailctl.services import signature as service

    run = session(ctx)
    shown = service.show(run.context, name, collaborator=collaborator, alias=alias)
    if shown.text is None and not as_json:
        run.say(f"'{name}' has no signature; mailctl signature set {name} --text FILE")
        return
    run.show(shown, as_json=as_json, text=lambda: shown.text or "")


@app.command(name="set")
def set_(
    ctx: typer.Context,
    name: Name,
    text: Annotated[str | None, typer.Option("--text", metavar="FILE", help="Plain text; - is stdin.")] = None,
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="HTML, for mail in HTML.")] = None,
    markdown: Annotated[str | None, typer.Option("--markdown", metavar="FILE", help="Markdown, for HTML.")] = None,
    position: Annotated[
        Position | None, typer.Option("--position", help="Above or below the quotation of a reply.")
    ] = None,
    alias: Alias = None,
    as_json: AsJson = False,
) -> None:
    """Set a signature, or one text of it. It may use {{ collaborator.name }}, title, phone, account, alias and firm.

    Example: mailctl signature set contact --text signature.txt --html signature.html
    """
    from mailctl.cli.writing import read_text
    from mailctl.services import signature as service

    run = session(ctx)
    files = {key: file for key, file in (("text", text), ("html", html), ("markdown", markdown)) if file is not None}
    refuse_unclear(files, position)
    before = service.own(run.context, name, alias=alias)
    texts = {key: read_text(file) for key, file in files.items()}
    if service.edited(before, texts, position=position) is None:
        raise BadDataError("nothing would be left of the signature", hint=f"mailctl signature clear {name}")
    names = {key: "standard input" if file == STDIN else file for key, file in files.items()}
    after = service.set_(
        run.context, name, lambda before: service.edited(before, texts, position=position), alias=alias, names=names
    )
    tell(run, name, before, after, alias=alias, as_json=as_json)


def refuse_unclear(files: dict[str, str], position: Position | None) -> None:
    """Refuse options that leave open what is meant."""
    if not files and position is None:
        raise UsageError("nothing to set", hint="--text FILE, --markdown FILE or --html FILE; - is stdin")
    if list(files.values()).count(STDIN) > 1:
        raise UsageError("standard input can be read once only", hint="--text FILE --html -")
    if {"html", "markdown"} <= set(files):
        raise UsageError("the HTML comes from --html or from --markdown, not from both")


def tell(
    run: Session, name: str, before: "Signature", after: "Signature | None", *, alias: str | None, as_json: bool
) -> None:
    """Say what was done; give the signature itself to a program."""
    if as_json:
        from mailctl.services import signature as service

        run.show(service.show(run.context, name, alias=alias), as_json=True)
    if after == before:
        run.say(f"the signature of '{alias or name}' is as it was")
    else:
        run.say(f"{'changed' if after else 'cleared'} the signature of '{alias or name}'")


@app.command()
def edit(
    ctx: typer.Context,
    name: Name,
    part: Annotated[
        Part | None, typer.Option("--part", help="Which text of it; else the one there is, plain text first.")
    ] = None,
    alias: Alias = None,
    as_json: AsJson = False,
) -> None:
    """Write a signature in $VISUAL or $EDITOR. An editor that fails, or a text left as it was, changes nothing.

    Example: mailctl signature edit contact
    """
    from mailctl.services import signature as service

    run = session(ctx)
    before = service.own(run.context, name, alias=alias)
    key = str(part or next((one for one in Part if getattr(before, one)), Part.TEXT))
    old = getattr(before, key) or ""
    with in_editor(run, old) as new:
        after = service.set_(
            run.context, name, lambda now: service.edited(now, {key: new}), alias=alias, names={key: "your text"}
        )
    tell(run, name, before, after, alias=alias, as_json=as_json)


@contextmanager
def in_editor(run: Session, text: str, *, what: str = "signature") -> Iterator[str]:
    """A text as the user leaves it in the editor; kept and named when what follows fails.

    Raises:
        UsageError: there is no editor and no terminal for one.
        InputMissingError: the editor failed.
    """
    from mailctl.cli.editor import call_editor, new_file
    from mailctl.cli.writing import decoded

    environ = run.context.environ
    if not (run.is_interactive or environ.get("VISUAL") or environ.get("EDITOR")):
        raise UsageError(
            "no editor: neither VISUAL nor EDITOR is set, and this is no terminal",
            hint=f"set EDITOR; or mailctl {what} {'set --text FILE' if what == 'signature' else 'new T --file FILE'}",
        )
    path = new_file(run.context.paths.state / "abandoned", run.context.now(), what)
    path.write_text(text, encoding="utf-8")
    try:
        call_editor(run, path)
        yield decoded(path.read_bytes(), "your text")
    except BaseException:
        if path.exists() and path.read_text("utf-8", "replace") != text:
            run.warn(f"your text is kept in {path}")
        else:
            path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


@app.command()
def clear(ctx: typer.Context, name: Name, alias: Alias = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take a signature away. An alias has the account's then.

    Example: mailctl signature clear contact --yes
    """
    from mailctl.services import signature as service

    run = session(ctx)
    before = service.own(run.context, name, alias=alias)
    run.confirm(f"clear the signature of '{alias or name}'?", yes=yes)
    after = service.set_(run.context, name, lambda _: None, alias=alias)
    tell(run, name, before, after, alias=alias, as_json=as_json)


@app.command()
def check(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[A]", help="The account; else all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what is to be looked at in signatures; the exit status is 1 when there is something.

    That is faults, fields that somebody who may send has not filled in, and images over 100 kB or on a web server.

    Example: mailctl signature check contact
    """
    from mailctl.services import signature_review as service

    run = session(ctx)
    found = service.review(run.context, name)
    if found or as_json:
        run.show(found, as_json=as_json, columns=("account", "alias", "collaborator", "kind", "text"))
    if found:
        raise typer.Exit(Exit.NO)
    run.say("nothing to look at")
