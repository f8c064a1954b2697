"""`mailctl affair auto` and `affair inbox`: mail filed by the rules, and mail that they leave to somebody."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mailctl.cli.params import AsJson
from mailctl.cli.session import Session, session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.services.filing import Explained, Unsure

FILED = ("id", "ref", "step", "why", "sender", "subject")
UNSURE = ("id", "candidates", "sender", "subject")


def auto(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be filed, and file nothing.")] = False,
    explain: Annotated[
        int | None, typer.Option("--explain", metavar="ID", help="Say what the rules make of one message, and why.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """File fetched mail under affairs by their rules: all that is not filed yet, of accounts you may organize.

    The first that names one affair decides: what the message answers, whom it is from or went to, a reference in its
    subject, a reference in its text. What may belong to several is left to `mailctl affair inbox`. Each fetch does the
    same with what it brings.

    Example: mailctl affair auto --dry-run
    """
    from mailctl.services import filing as service

    run = session(ctx)
    if explain is not None:
        if dry_run:
            raise UsageError("--explain goes without --dry-run: it files nothing", hint="mailctl affair auto --help")
        show_explained(run, service.explain(run.context, explain), as_json=as_json)
        return
    done = service.auto(run.context, dry_run=dry_run)
    run.show(done, as_json=as_json, columns=FILED)
    if not done:
        run.say("the rules file nothing more")


def inbox(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the mail that may belong to several affairs, newest first, with the affairs and why.

    `mailctl affair link REF ID` says which one is meant.

    Example: mailctl affair inbox
    """
    from mailctl.services import filing as service

    run = session(ctx)
    found = service.inbox(run.context)
    if as_json:
        run.show(found, as_json=True)
        return
    run.show(tuple(map(row_of, found)), columns=UNSURE)
    if not found:
        run.say("no mail waits for somebody to say which affair it belongs to")


class Row(NamedTuple):
    """A message as people see it, its candidates in words."""

    id: int
    candidates: str
    sender: str
    subject: str


def row_of(one: "Unsure") -> Row:
    """A message as a line."""
    words = ", ".join(f"{candidate.ref} ({candidate.why})" for candidate in one.candidates)
    return Row(one.id, words, one.sender, one.subject)


def show_explained(run: Session, one: "Explained", *, as_json: bool) -> None:
    """What the rules say of a message: JSON, or a line for each reason."""
    run.show(one, as_json=as_json, text=lambda: "\n".join(lines_of(one)))


def lines_of(one: "Explained") -> list[str]:
    """What the rules say, in words."""
    verdict = one.ref or ("one of several affairs" if one.reasons else "no affair")
    reasons = [f"  {reason.ref}: by {reason.step}: {reason.why}" for reason in one.reasons]
    return [
        f"message {one.id}: {one.subject}",
        f"filed under: {', '.join(one.filed) or '-'}",
        f"the rules say: {verdict}",
        *reasons,
    ]
