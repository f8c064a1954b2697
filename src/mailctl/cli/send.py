"""`mailctl send`: a mail from the command line, a script, or an editor."""

from typing import Annotated

import typer

from mailctl.cli import writing
from mailctl.cli.params import AccountName, AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

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
    queue: writing.Queue = False,
    dry_run: writing.DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send a mail. Its body comes from standard input when that is no terminal, else from your editor.

    Exit status 0 or 75: the message is with the server or safe in the outbox.

    Example: mailctl send anna@firm.example -a contact -s "Plans" --attach plan.pdf < body.txt
    """
    from mailctl.services import send as service

    run = session(ctx)
    chosen = writing.sending_account(run, account).name
    words = writing.Words(
        to=(*(recipients or ()), *(to or ())), cc=tuple(cc or ()), bcc=tuple(bcc or ()),
        reply_to=tuple(reply_to or ()), subject=subject, attach=tuple(attach or ()), body=body, markdown=markdown,
        html=html, no_signature=no_signature, header=tuple(header or ()),
    )  # fmt: skip
    start = writing.draft_without_body(words)
    if not start.recipients:
        raise UsageError("nobody to send it to", hint="mailctl send anna@firm.example …, or --to, --cc, --bcc")
    with writing.finished(run, words, start, sure=dry_run) as draft:
        if dry_run:
            preview = service.preview(run.context, draft, account=chosen, sender=sender)
            return writing.show_preview(run, preview, as_json=as_json)
        posted = service.send(run.context, draft, account=chosen, sender=sender, queue=queue)
    return writing.show_posted(run, posted, as_json=as_json)
