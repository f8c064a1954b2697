"""`mailctl list`: what was fetched."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mailctl.cli.params import AccountNames, AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.domain.message import Summary
    from mailctl.services.search import Hit

app = new_app()
COLUMNS = ("id", "flags", "date", "account", "sender", "subject")
ON_TERMINAL = ("id", "flags", "date", "sender", "subject")
BY_THREAD = ("id", "thread", "depth", "flags", "date", "account", "sender", "subject")
INBOX = "INBOX"
DEEPEST_SHOWN = 8
SENDER_WIDTH = 24


class Row(NamedTuple):
    """A message as people see it; flags: N unread, F flagged, R answered, A with attachment."""

    id: int
    thread: int | None
    depth: int
    flags: str
    date: datetime
    account: str
    sender: str
    subject: str
    affairs: tuple[str, ...]


@app.command()
def list_(
    ctx: typer.Context,
    account: AccountNames = None,
    folder: Annotated[str | None, typer.Option("--folder", metavar="F", help="The folder; else INBOX.")] = None,
    unread: Annotated[bool, typer.Option("--unread", help="Only what is unread.")] = False,
    affair: Annotated[
        str | None, typer.Option("--affair", metavar="REF", help="Only the mail of an affair, of all folders.")
    ] = None,
    thread: Annotated[bool, typer.Option("--thread", help="Whole conversations, answers indented.")] = False,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10**9, help="How many at most.")] = 50,
    live: Annotated[bool, typer.Option("--live", help="Ask the servers, for what was not fetched too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List fetched mail, newest first: N unread, F flagged, R answered, A with attachment.

    Without -a, the mail of all accounts you may read; what several of them got stands once. Nothing is asked of the
    server: `mailctl fetch` does that. With --live, the servers' folders are listed as they are just now, and nothing is
    fetched: folder and UID say which message is meant, and those that were fetched have their number.

    Example: mailctl list -a contact --unread
    """
    from mailctl.services import list_ as service

    run = session(ctx)
    if affair is not None and (live or thread):
        from mailctl.services.links import typed

        other = "--live" if live else "--thread"
        raise UsageError(f"--affair and {other} do not go together", hint=f"mailctl affair mails {typed(affair)}")
    if live:
        from mailctl.cli.search import answer
        from mailctl.services.list_live import list_live

        if thread:
            raise UsageError("no server is asked for conversations", hint="leave out --live, or --thread")
        on_servers = list_live(run.context, account or (), folder=folder or INBOX, unread=unread, limit=number)
        answer(run, on_servers, live=True, as_json=as_json)
        return
    found = service.list_(
        run.context, account or (), folder=folder, unread=unread, limit=number, by_thread=thread, affair=affair
    )
    if as_json:
        run.show(found, as_json=True)
        return
    on_terminal = sys.stdout.isatty()
    rows = tuple(row_of(summary, short=on_terminal) for summary in found)
    several = len({row.account for row in rows}) > 1
    if not on_terminal:
        run.show(rows, columns=BY_THREAD if thread else COLUMNS)
    elif rows:
        columns = COLUMNS if several else ON_TERMINAL
        run.show(rows, columns=(*columns, "affairs") if any(row.affairs for row in rows) else columns)


def row_of(summary: "Summary", *, short: bool) -> Row:
    """A message as a line; on a terminal its sender is cut to what fits."""
    return Row(
        id=summary.id,
        thread=summary.thread,
        depth=summary.depth,
        flags=flags_of(summary),
        date=summary.date,
        account=",".join([summary.account, *(copy.account for copy in summary.copies)]),
        sender=shortened(summary.sender) if short else summary.sender,
        subject=indented(summary) if short else summary.subject,
        affairs=summary.affairs,
    )


def indented(summary: "Summary") -> str:
    """A subject, as far to the right as its message stands in its conversation."""
    deep = min(summary.depth, DEEPEST_SHOWN)
    return f"{'  ' * (deep - 1)}└ {summary.subject}" if deep else summary.subject


def flags_of(summary: "Summary | Hit") -> str:
    """A message's state as letters."""
    letters = {"N": summary.unread, "F": summary.flagged, "R": summary.answered, "A": summary.has_attachment}
    return "".join(letter for letter, is_so in letters.items() if is_so)


def shortened(sender: str) -> str:
    """The name of a sender; the address where there is none, or where the name looks like another's address."""
    name, _, rest = sender.rpartition(" <")
    bare = name.strip('"').replace('\\"', '"')
    shown = bare if bare and "@" not in bare else rest.rstrip(">") or sender
    return shown if len(shown) <= SENDER_WIDTH else shown[: SENDER_WIDTH - 1] + "…"
