"""`mailctl fetch`: what is new on the servers, into the mirror on this machine."""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AccountNames, AsJson, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.services.fetch import Fetched
    from mailctl.services.pushing import Push

app = new_app()
COLUMNS = ("account", "folders", "new", "changed", "removed", "odd", "error", "filed")


Folders = Annotated[
    list[str] | None, typer.Option("--folder", metavar="F", help="Only this folder; several may be given.")
]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The first time: only mail that came on that day or later. Later on, an earlier day fetches more.",
    ),
]
Reindex = Annotated[
    bool, typer.Option("--reindex", help="First make the index anew from the Maildirs; no mail is fetched again.")
]
PushFlags = Annotated[
    bool, typer.Option("--push", help="First do on the server what other programs did here: read, flagged, trashed.")
]
PushDeletes = Annotated[
    bool, typer.Option("--push-deletes", help="The same, and move to the trash there what was deleted here.")
]
Sure = Annotated[bool, typer.Option("--yes", "-y", help="With --push-deletes: even where half of a folder would go.")]
Watch = Annotated[bool, typer.Option("--watch", help="Stay, and fetch what arrives as it does; Ctrl-C ends it.")]


@app.command()
def fetch(
    ctx: typer.Context,
    accounts: AccountNames = None,
    folders: Folders = None,
    since: Since = None,
    reindex: Reindex = False,
    push: PushFlags = False,
    push_deletes: PushDeletes = False,
    yes: Sure = False,
    watch: Watch = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what is new, of all accounts you may read but checker-only ones; nothing is marked as read.

    The mirror on this machine becomes as the server is: flags follow, and what is gone there goes here. All folders
    are fetched, Junk and Trash too, but those that show the mail of others once more (All Mail, Starred, Important).

    What came is filed under the firm's affairs by their rules, where you may organize the account and the store does
    not say `affairs.auto = false`.

    Where a Maildir reader such as mutt changed messages here, `--push` takes that to the server; both sides' changes
    are kept. It asks for the right to organize. With `--watch` that is done within seconds.

    Example: mailctl fetch -a contact --folder INBOX --since 2026-01-31
    """
    from mailctl.services import fetch as service

    run = session(ctx)
    wish = service.wished(deletes=push_deletes, sure=yes) if push or push_deletes else None
    day = since.date() if since else None
    if watch:
        if as_json or reindex:
            raise UsageError("--watch goes with neither --json nor --reindex", hint="mailctl fetch --help")
        stay(run, accounts=accounts or (), folders=folders or (), since=day, push=wish)
        return
    results = service.fetch(
        run.context, accounts=accounts or (), folders=folders or (), since=day, reindex=reindex, push=wish
    )
    run.show(results, as_json=as_json, columns=COLUMNS)
    if not results:
        run.say("no account that you may read and fetch")
    if failure := service.failure(results):
        raise failure


def stay(
    run: Session, *, accounts: Sequence[str], folders: Sequence[str], since: date | None, push: "Push | None"
) -> None:
    """Fetch what arrives until Ctrl-C or SIGTERM; a line for each time that something did."""
    import signal

    from mailctl.services.watching import Stop, watch

    def tell(result: "Fetched") -> None:
        run.show((result,), columns=COLUMNS)
        sys.stdout.flush()

    stop = Stop()
    before = signal.signal(signal.SIGTERM, lambda *_: stop.say())
    try:
        watch(run.context, tell=tell, stop=stop, accounts=accounts, folders=folders, since=since, push=push)
    finally:
        signal.signal(signal.SIGTERM, before)
        stop.close()
