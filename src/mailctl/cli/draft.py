"""`mailctl draft`: what `send --draft` and other mail programs keep in an account's Drafts folder."""

from typing import Annotated

import typer

from mailctl.cli import writing
from mailctl.cli.params import AccountName, AsJson, Yes, new_app
from mailctl.cli.session import session

app = new_app(
    "Look after an account's drafts: they lie on its server, where other mail programs find them too.",
    example="mailctl draft list",
)
COLUMNS = ("id", "to", "subject", "date", "size")

Number = Annotated[int, typer.Argument(metavar="ID", help="Its number, as `mailctl draft list` shows it.")]


@app.command(name="list")
def list_(ctx: typer.Context, account: AccountName = None, as_json: AsJson = False) -> None:
    """List the drafts of an account you may send with.

    Example: mailctl draft list -a contact
    """
    from mailctl.services import draft as service

    run = session(ctx)
    run.show(service.list_(run.context, account), as_json=as_json, columns=COLUMNS)


@app.command()
def send(
    ctx: typer.Context,
    number: Number,
    account: AccountName = None,
    at: writing.At = None,
    queue: writing.Queue = False,
    as_json: AsJson = False,
) -> None:
    """Send a draft as it is; it leaves the folder once it is safe in the outbox.

    Example: mailctl draft send 3 -a contact
    """
    from mailctl.services import draft as service

    run = session(ctx)
    posted = service.send(
        run.context, number, account=account, queue=queue, at=writing.moment(run, writing.Words(at=at)),
        doubt=lambda text: writing.ask(run, text),
    )  # fmt: skip
    writing.show_posted(run, posted, as_json=as_json)


@app.command()
def drop(
    ctx: typer.Context, number: Number, account: AccountName = None, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Throw a draft away: it is not sent.

    Example: mailctl draft drop 3 -a contact --yes
    """
    from mailctl.services import draft as service

    run = session(ctx)
    draft = service.show(run.context, number, account=account)
    run.confirm(f"throw draft {number} away, '{draft.subject}', for {draft.to or 'nobody yet'}?", yes=yes)
    dropped = service.drop(run.context, number, account=account)
    if as_json:
        run.show(dropped, as_json=True)
    run.say(f"threw draft {number} away")
