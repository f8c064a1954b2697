"""`mailctl search`: what was fetched, or what the servers have, by what stands in it."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mailctl.cli.list_ import flags_of, shortened
from mailctl.cli.params import AccountNames, AsJson, new_app
from mailctl.cli.session import Session, session

if TYPE_CHECKING:
    from mailctl.services.search import Found, Hit

app = new_app()
COLUMNS = ("id", "flags", "date", "account", "folder", "uid", "sender", "subject")
ON_TERMINAL = ("id", "flags", "date", "folder", "sender", "subject")


class Row(NamedTuple):
    """A message as people see it; without number it was not fetched."""

    id: int | None
    flags: str
    date: datetime
    account: str
    folder: str
    uid: int | None
    sender: str
    subject: str


@app.command()
def search(
    ctx: typer.Context,
    query: Annotated[list[str], typer.Argument(metavar="QUERY…", help="What to look for.")],
    account: AccountNames = None,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10**6, help="How many at most.")] = 50,
    live: Annotated[bool, typer.Option("--live", help="Ask the servers, for what was not fetched too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find mail by its words, newest first. Accents and case do not count; all words must be there.

    Words stand for themselves, "several words" follow each other, word* may go on. from: to: subject: body: say where;
    in:FOLDER account:A affair:REF has:attachment is:unread (read, flagged, answered) before:2026-03-31 after:2026-01
    larger:10M smaller:50k say which. OR, NOT and -word, and parentheses go between. The index answers at once and knows
    whole words; a server, with --live, knows parts of words too.

    Example: mailctl search 'from:anna subject:"site plans" after:2026-01 NOT in:Trash'
    """
    from mailctl.services import search as service

    run = session(ctx)
    found = service.search(run.context, " ".join(query), accounts=account or (), limit=number, live=live)
    answer(run, found, live=live, as_json=as_json)


def answer(run: Session, found: "Found", *, live: bool, as_json: bool) -> None:
    """Show what was found.

    Raises:
        SomeFailedError: some accounts could not be asked.
    """
    from mailctl.services.asking import failure

    if as_json:
        run.show(found.hits, as_json=True)
    else:
        show(run, found.hits, live=live)
    if error := failure(found.failed):
        raise error


def show(run: Session, found: "tuple[Hit, ...]", *, live: bool) -> None:
    """A line a message; on a terminal, as many columns as say something."""
    on_terminal = sys.stdout.isatty()
    rows = tuple(row_of(one, short=on_terminal) for one in found)
    if not rows:
        run.say("nothing found")
    elif not on_terminal or live or len({row.account for row in rows}) > 1:
        run.show(rows, columns=COLUMNS)
    else:
        run.show(rows, columns=ON_TERMINAL)


def row_of(found: "Hit", *, short: bool) -> Row:
    """A message as a line; on a terminal its sender is cut to what fits."""
    return Row(
        id=found.id,
        flags=flags_of(found),
        date=found.date,
        account=found.account,
        folder=found.folder,
        uid=found.uid,
        sender=shortened(found.sender) if short else found.sender,
        subject=found.subject,
    )
