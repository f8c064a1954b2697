"""`mailctl reply`: an answer to a fetched message."""

from typing import Annotated

import typer

from mailctl.cli import writing
from mailctl.cli.params import AccountName, AsJson, new_app
from mailctl.cli.session import session

app = new_app()


@app.command()
def reply(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(metavar="ID", help="The message's number, as `mailctl list` shows it.")],
    everybody: Annotated[bool, typer.Option("--all", help="Answer those in To and Cc too.")] = False,
    account: AccountName = None,
    subject: Annotated[str, typer.Option("--subject", "-s", metavar="TEXT", help="Another subject.")] = "",
    to: Annotated[writing.Texts, typer.Option("--to", metavar="X", help="One more recipient.")] = None,
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
    """Answer a mail, from the address it was written to. The text is read as `send` reads it.

    Example: mailctl reply 42 --all < answer.txt
    """
    from mailctl.services import reply as service
    from mailctl.services.send import preview, send

    run = session(ctx)
    words = writing.Words(
        to=tuple(to or ()), cc=tuple(cc or ()), bcc=tuple(bcc or ()), reply_to=tuple(reply_to or ()), subject=subject,
        attach=tuple(attach or ()), body=body, markdown=markdown, html=html, no_signature=no_signature,
        header=tuple(header or ()),
    )  # fmt: skip
    start = writing.draft_without_body(words)
    answer = service.answer(run.context, id, start, everybody=everybody, account=account)
    chosen = sender or answer.sender
    with writing.finished(run, words, answer.draft, sure=dry_run) as draft:
        if dry_run:
            shown = preview(run.context, draft, account=answer.account, sender=chosen)
            return writing.show_preview(run, shown, as_json=as_json)
        posted = send(run.context, draft, account=answer.account, sender=chosen, queue=queue)
    if posted.sent.sent:
        service.mark_answered(run.context, id)
    return writing.show_posted(run, posted, as_json=as_json)
