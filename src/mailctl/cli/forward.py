"""`mailctl forward`: a fetched message, passed on."""

from typing import Annotated

import typer

from mailctl.cli import templating, writing
from mailctl.cli.params import AccountName, AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

app = new_app()


@app.command()
def forward(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(metavar="ID", help="The message's number, as `mailctl list` shows it.")],
    recipients: Annotated[writing.Texts, typer.Argument(metavar="[TO]...", help="Recipients.")] = None,
    as_attachment: Annotated[
        bool, typer.Option("--as-attachment", help="Pass it on whole, byte for byte, as a file.")
    ] = False,
    account: AccountName = None,
    subject: Annotated[str, typer.Option("--subject", "-s", metavar="TEXT", help="Another subject.")] = "",
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
    affair: writing.Affair = None,
    draft: writing.AsDraft = False,
    at: writing.At = None,
    queue: writing.Queue = False,
    dry_run: writing.DryRun = False,
    template: templating.Template = None,
    var: templating.Var = None,
    as_json: AsJson = False,
) -> None:
    """Pass a mail on, its attachments with it. A text before it is read as `send` reads it.

    Example: mailctl forward 42 anna@firm.example < note.txt
    """
    from mailctl.services import forward as service

    run = session(ctx)
    words = writing.Words(
        to=(*(recipients or ()), *(to or ())), cc=tuple(cc or ()), bcc=tuple(bcc or ()),
        reply_to=tuple(reply_to or ()), subject=subject, attach=tuple(attach or ()), body=body, markdown=markdown,
        html=html, no_signature=no_signature, header=tuple(header or ()), priority=priority, dsn=dsn,
        at=at, affair=affair,
    )  # fmt: skip
    words = words._replace(template=templating.chosen(template, var, words))
    way = writing.way_of(draft=draft, queue=queue, dry_run=dry_run)
    start = writing.draft_without_body(words)
    made, account, alias = service.forward(run.context, id, start, account=account, as_attachment=as_attachment)
    made = writing.from_template(run, words, made, account=account, sender=sender or alias)
    if not (made.recipients or draft):
        raise UsageError("nobody to send it to", hint=f"mailctl forward {id} anna@firm.example")
    writing.finish(
        run, words, made, account=account, sender=sender or alias, way=way, as_json=as_json,
        then=lambda: service.mark_forwarded(run.context, id),
    )  # fmt: skip
