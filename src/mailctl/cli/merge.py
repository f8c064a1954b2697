"""`mailctl merge`: one message for each row of a table, from a template."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AccountName, AsJson, Yes, new_app
from mailctl.cli.session import session
from mailctl.cli.templating import Var
from mailctl.errors import AlreadyExistsError, BadDataError, MailctlError, StorageError

if TYPE_CHECKING:
    from typing import TextIO

    from mailctl.cli.session import Session
    from mailctl.domain.rows import Row, Rows
    from mailctl.services.merge import Merge, Merged, Rehearsal

app = new_app()

Keep = Callable[["Rows", "tuple[tuple[Row, str], ...]"], None]

STDIN = "-"
LARGEST_TABLE = 300_000_000  # bytes; a million rows have fewer
ERROR = "error"  # the column of what was said
Table = Annotated[
    str,
    typer.Option(
        "--csv", "--jsonl", metavar="FILE", help="The rows: CSV with column names, or JSON lines; - is stdin."
    ),
]


@app.command()
def merge(
    ctx: typer.Context,
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="The template; its variables are the columns.")],
    table: Table,
    account: AccountName = None,
    sender: Annotated[str | None, typer.Option("--from", metavar="ALIAS", help="An alias to send as.")] = None,
    affair: Annotated[str | None, typer.Option(metavar="REF", help="The affair that all of it is about.")] = None,
    var: Var = None,
    key: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What tells rows apart; else whom each goes to.")
    ] = None,
    job: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another name begins anew; else template and file name.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="So many messages at most.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="N/m", help="So many a second, minute, hour or day.")] = None,
    failed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows that were refused here, and why.")
    ] = None,
    queue: Annotated[bool, typer.Option("--queue", help="Leave all in the outbox for the next flush.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all rows and show the first messages.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Write one message for each row of a table, and send them all with one login.

    Before the first one goes, every row is checked. Stopped and run again, it goes on where it was, and nobody
    gets two.

    Example: mailctl merge relance --csv clients.csv -a contact --dry-run
    """
    from mailctl.cli.templating import variables
    from mailctl.services import merge as service
    from mailctl.services.letters import Wish

    run = session(ctx)
    seconds = service.interval(rate) if rate else 0.0
    given = variables(tuple(var or ()))
    wish = Wish(template=template, account=account, sender=sender, affair=affair, variables=given, key=key)
    name = "standard input" if table == STDIN else table
    with service.merge(run.context, wish, lambda: read(table), file=name, job=job, limit=limit) as one:
        if dry_run:
            return show_rehearsal(run, one.rehearsal(), as_json=as_json)
        ask(run, len(one.due), yes=yes)
        with refused_to(failed) as keep:
            try:
                send(run, one, queue=queue, seconds=seconds)
                show_merged(run, done := one.merged(), as_json=as_json)
            finally:
                keep(one.letters.rows, one.failed_rows())
    if error := service.failure(done, queued=queue):
        raise error
    return None


def read(table: str) -> "Rows":
    """The rows of a file, or of standard input.

    Raises:
        BadDataError: it is too large, or it holds none that can be used.
    """
    from mailctl.cli.writing import file_content
    from mailctl.domain import rows

    most = LARGEST_TABLE + 1
    data = sys.stdin.buffer.read(most) if table == STDIN else file_content(Path(table), most=most)
    if len(data) > LARGEST_TABLE:
        raise BadDataError(f"{table}: more than {LARGEST_TABLE:,} bytes", hint=f"split -l 100000 {table}")
    return rows.read(data, file="standard input" if table == STDIN else table)


def ask(run: "Session", count: int, *, yes: bool) -> None:
    """Ask before more go out than the store lets go without a question."""
    most = run.context.settings.merge.ask_above
    run.confirm(f"send {count} messages?", yes=yes or count <= most, why=f"{count} messages are more than {most}")


def send(run: "Session", one: "Merge", *, queue: bool, seconds: float) -> None:
    """Send what is due; where it stops, one is told how far it has come."""
    try:
        one.send(queue=queue, seconds=seconds)
    except (KeyboardInterrupt, MailctlError) as error:
        if isinstance(error, KeyboardInterrupt) or one.began_to_send:
            run.warn(f"stopped: {told(one.merged())}; the same command goes on")
        raise


@contextmanager
def refused_to(path: Path | None) -> "Iterator[Keep]":
    """What writes the refused rows to a file, which is opened before anything is sent, and gone when it stays empty.

    Raises:
        AlreadyExistsError: the file is there.
        StorageError: it cannot be written.
    """
    if path is None:
        yield lambda _rows, _failed: None
        return
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            yield lambda rows, failed: write_rows(stream, rows, failed)
    except FileExistsError as error:
        raise AlreadyExistsError(f"{path} is there already", hint=f"rm {path}, or name another file") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint=f"ls -ld {path.parent}") from error
    finally:
        with suppress(OSError):
            if path.stat().st_size == 0:
                path.unlink()


def write_rows(stream: "TextIO", rows: "Rows", failed: "tuple[tuple[Row, str], ...]") -> None:
    """Write rows as the kind of file they came from, each with what was said of it."""
    if not failed:
        return
    if rows.is_json:
        import json

        for row, error in failed:
            stream.write(json.dumps({**row.values, ERROR: error}, ensure_ascii=False) + "\n")
        return
    import csv

    writer = csv.writer(stream)
    columns = [name for name in rows.columns if name != ERROR]  # of an earlier run
    writer.writerow([*columns, ERROR])
    writer.writerows([*(row.values.get(name, "") for name in columns), error] for row, error in failed)


def show_rehearsal(run: "Session", found: "Rehearsal", *, as_json: bool) -> None:
    """What would be sent: the first messages whole, and how many there are."""
    run.show(found, as_json=as_json, text=lambda: "\n".join(one.message for one in found.previews))
    if not as_json:
        before = f"; {found.before} were sent, or are in the outbox, since before" if found.before else ""
        run.say(f"nothing is sent; of {found.rows} rows, all fit to be sent, {found.due} would be{before}")


def show_merged(run: "Session", done: "Merged", *, as_json: bool) -> None:
    """What became of it: the rows that were refused, and how many there were of each kind."""
    if as_json:
        run.show(done, as_json=True)
    elif done.failed:
        run.show(done.failed, columns=("line", "recipients", "outbox", "error"))
    for warning in done.warnings:
        run.warn(warning)
    run.say(told(done))
    if done.waiting:
        run.say("mailctl outbox flush sends those that wait there; outbox list shows those that were refused")
    elif done.before == done.rows:
        run.say(f"all were sent before by the job '{done.job}'; --job NAME begins a new one")


def told(done: "Merged") -> str:
    """How many there were of each kind, in words."""
    kinds = {
        "sent": done.sent,
        "in the outbox": done.queued,
        "refused": done.refused,
        "sent before": done.before - done.waiting,
        "in the outbox since before": done.waiting,
        "left for another run": done.left,
    }
    return ", ".join(f"{count} {what}" for what, count in kinds.items() if count) or "nothing to send"
