"""`mailctl outbox`: mail on its way out, and what keeps it."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, Yes, new_app
from mailctl.cli.session import session

if TYPE_CHECKING:
    from mailctl.services.outbox import Shown

app = new_app(
    "Look after the mail that could not go yet, was refused, or still wants its copy in Sent.",
    example="mailctl outbox list",
)
COLUMNS = ("id", "account", "state", "recipients", "subject", "next_attempt", "last_reply")

Number = Annotated[int, typer.Argument(metavar="N", help="Its number, as `mailctl outbox list` shows it.")]


@app.command(name="list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List what is in the outbox of the accounts you may send with.

    Example: mailctl outbox list
    """
    from mailctl.services import outbox as service

    run = session(ctx)
    run.show(service.list_(run.context), as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one entry: how far it has come, the server's words, the message.

    Example: mailctl outbox show 3
    """
    from mailctl.services import outbox as service

    run = session(ctx)
    shown = service.show(run.context, number)
    run.show(shown, as_json=as_json, text=lambda: page(shown))


def page(shown: "Shown") -> str:
    """An entry as a person reads it: what is known of it, a line each, then the message."""
    from mailctl.cli.output import cell

    known = {name: getattr(shown, name) for name in shown.__struct_fields__ if name not in ("refused", "message")}
    lines = [f"{name}: {cell(value)}\n" for name, value in known.items() if cell(value)]
    lines += [f"refused: {one.recipient}: {one.reply}\n" for one in shown.refused]
    return f"{''.join(lines)}\n{shown.message}"


@app.command()
def flush(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Send all whose time has come: after a failure, a message waits longer each time.

    Example: mailctl outbox flush
    """
    from mailctl.services import outbox as service

    run = session(ctx)
    found = service.flush(run.context)
    run.show(found, as_json=as_json, columns=("id", "account", "state", "subject", "error"))
    for one in found:
        for warning in one.warnings:
            run.warn(f"{one.id}: {warning}")
    if not found:
        run.say(f"nothing is due{others(len(service.waiting(run.context)))}")
    if failure := service.failure(found):
        raise failure


def others(number: int) -> str:
    """That some wait, if some do."""
    return f"; {number} wait for their time or for you: mailctl outbox list, retry N" if number else ""


@app.command()
def retry(ctx: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Send one now, whatever it waits for; also one that was refused.

    Example: mailctl outbox retry 3
    """
    from mailctl.services import outbox as service

    run = session(ctx)
    done, failure = service.retry(run.context, number)
    if as_json:
        run.show(done, as_json=True)
    for warning in done.warnings:
        run.warn(warning)
    if failure is not None:
        raise failure
    run.say(f"sent {done.id}")


@app.command()
def drop(ctx: typer.Context, number: Number, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget one: it is not sent, or not once more.

    Example: mailctl outbox drop 3 --yes
    """
    from mailctl.services import outbox as service

    run = session(ctx)
    entry = service.entry_of(run.context, number)
    run.confirm(f"forget {number}, '{entry.subject}', for {', '.join(entry.everybody)}?", yes=yes)
    dropped = service.drop(run.context, number)
    if as_json:
        run.show(dropped, as_json=True)
    run.say(f"forgot {number}")


@app.command()
def install(ctx: typer.Context) -> None:
    """Have the outbox flushed every minute: write a systemd user timer, enable and start it.

    Example: mailctl outbox install
    """
    from mailctl.services import outbox_unit

    run = session(ctx)
    for line in outbox_unit.install(run.context):
        run.say(line)


@app.command()
def uninstall(ctx: typer.Context) -> None:
    """Stop looking after the outbox, and take the timer away.

    Example: mailctl outbox uninstall
    """
    from mailctl.services import outbox_unit

    run = session(ctx)
    for line in outbox_unit.uninstall(run.context):
        run.say(line)
