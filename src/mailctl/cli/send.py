"""`mailctl send`: a mail from the command line, a script, or an editor."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli import templating, writing
from mailctl.cli.params import AccountName, AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.cli.session import Session

app = new_app()


@app.command()
def send(
    ctx: typer.Context,
    recipients: Annotated[writing.Texts, typer.Argument(metavar="[TO]...", help="Recipients.")] = None,
    account: AccountName = None,
    subject: Annotated[str, typer.Option("--subject", "-s", metavar="TEXT", help="The subject.")] = "",
    to: Annotated[writing.Texts, typer.Option("--to", metavar="X", help="A recipient; repeat, or use commas.")] = None,
    cc: writing.Cc = None,
    bcc: writing.Bcc = None,
    reply_to: writing.ReplyTo = None,
    sender: writing.From = None,
    attach: writing.Attach = None,
    body: writing.Body = None,
    markdown: writing.Markdown = False,
    html: writing.Html = None,
    no_signature: writing.NoSignature = False,
    header: writing.Header = None,
    priority: writing.Priority = None,
    dsn: writing.Dsn = None,
    raw: Annotated[
        str | None,
        typer.Option("--raw", metavar="FILE", help="Send a message that is ready made, byte for byte; - is stdin."),
    ] = None,
    affair: writing.Affair = None,
    draft: writing.AsDraft = False,
    key: Annotated[
        str | None,
        typer.Option("--idempotency-key", metavar="K", help="What was sent with this key before is not sent again."),
    ] = None,
    at: writing.At = None,
    queue: writing.Queue = False,
    dry_run: writing.DryRun = False,
    template: templating.Template = None,
    var: templating.Var = None,
    as_json: AsJson = False,
) -> None:
    """Send a mail. Its body comes from standard input when that is no terminal, else from your editor.

    Exit status 0 or 75: the message is with the server or safe in the outbox.

    Example: mailctl send anna@firm.example -a contact -s "Plans" --attach plan.pdf < body.txt
    """
    run = session(ctx)
    words = writing.Words(
        to=(*(recipients or ()), *(to or ())), cc=tuple(cc or ()), bcc=tuple(bcc or ()),
        reply_to=tuple(reply_to or ()), subject=subject, attach=tuple(attach or ()), body=body, markdown=markdown,
        html=html, no_signature=no_signature, header=tuple(header or ()), priority=priority, dsn=dsn,
        at=at, key=key, affair=affair,
    )  # fmt: skip
    way = writing.way_of(draft=draft, queue=queue, dry_run=dry_run)
    if raw is not None:
        refuse_template(template or var)
        refuse_more(raw, words._replace(reply_to=(*words.reply_to, *([sender] if sender else []))), way)
        return send_raw(run, raw, words, account=account, way=way, as_json=as_json)
    words = words._replace(template=templating.chosen(template, var, words))
    chosen = writing.sending_account(run, account).name
    start = writing.from_template(run, words, writing.draft_without_body(words), account=chosen, sender=sender)
    if not (start.recipients or draft):
        raise UsageError("nobody to send it to", hint="mailctl send anna@firm.example …, or --to, --cc, --bcc")
    return writing.finish(run, words, start, account=chosen, sender=sender, way=way, as_json=as_json)


def refuse_template(said: object) -> None:
    """Refuse a template beside a message that is ready made.

    Raises:
        UsageError: there is one, or a variable of one.
    """
    if said:
        raise UsageError("--raw sends a message as it is, and --template writes one", hint="one of the two")


def refuse_more(raw: str, words: writing.Words, way: writing.Way) -> None:
    """Refuse what cannot go with a message that is ready made.

    Raises:
        UsageError: an option that would change it, or keep it as a draft.
    """
    bare = writing.Words(
        to=words.to, cc=words.cc, bcc=words.bcc, dsn=words.dsn, at=words.at, key=words.key, affair=words.affair
    )
    if words != bare or way is writing.Way.DRAFT:
        raise UsageError(
            "--raw sends a message as it is: recipients, -a, --dsn, --at, --queue and their like go with it",
            hint=f"mailctl send --raw {raw}",
        )


def send_raw(
    run: "Session", raw: str, words: writing.Words, *, account: str | None, way: writing.Way, as_json: bool
) -> None:
    """Send a message that is ready made."""
    from mailctl.domain import dsn
    from mailctl.services import once, ready
    from mailctl.services import send as service

    is_piped = raw == writing.STDIN
    content = ready.read_from(run.context, sys.stdin.buffer) if is_piped else service.content_of(Path(raw))
    reports = dsn.parse(words.dsn) if words.dsn is not None else None
    named = (*words.to, *words.cc, *words.bcc)
    message = ready.ready(run.context, content, account=account, recipients=named, dsn=reports)
    if words.affair is not None:
        message = message._replace(entry=service.for_affairs(run.context, message.entry, (words.affair,)))
    if way is writing.Way.DRY_RUN:
        preview = service.previewed(message)
        return writing.show_preview(run, preview, as_json=as_json)
    queue = way is writing.Way.QUEUE
    posted = once.post_once(run.context, message, queue=queue, at=writing.moment(run, words), key=words.key)
    return writing.show_posted(run, posted, as_json=as_json)
