"""`mailctl reply`: an answer to a fetched message."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli import templating, writing
from mailctl.cli.params import AccountName, AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.domain.answering import Whom

app = new_app()


@app.command()
def reply(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(metavar="ID", help="The message's number, as `mailctl list` shows it.")],
    everybody: Annotated[bool, typer.Option("--all", help="Answer those in To and Cc too.")] = False,
    to_list: Annotated[bool, typer.Option("--list", help="Answer the mailing list it came through.")] = False,
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
    """Answer a mail, from the address it was written to. The text is read as `send` reads it.

    Example: mailctl reply 42 --all < answer.txt
    """
    from mailctl.services import reply as service

    run = session(ctx)
    words = writing.Words(
        to=tuple(to or ()), cc=tuple(cc or ()), bcc=tuple(bcc or ()), reply_to=tuple(reply_to or ()), subject=subject,
        attach=tuple(attach or ()), body=body, markdown=markdown, html=html, no_signature=no_signature,
        header=tuple(header or ()), priority=priority, dsn=dsn,
        at=at, affair=affair,
    )  # fmt: skip
    words = words._replace(template=templating.chosen(template, var, words))
    way = writing.way_of(draft=draft, queue=queue, dry_run=dry_run)
    start = writing.draft_without_body(words)
    made, account, alias = service.answer(
        run.context, id, start, whom=whom(everybody=everybody, to_list=to_list), account=account
    )
    made = writing.from_template(run, words, made, account=account, sender=sender or alias)
    writing.finish(
        run, words, made, account=account, sender=sender or alias, way=way, as_json=as_json,
        then=lambda: service.mark_answered(run.context, id),
    )  # fmt: skip


def whom(*, everybody: bool, to_list: bool) -> "Whom":
    """Who gets the answer, by the options.

    Raises:
        UsageError: they contradict each other.
    """
    from mailctl.domain.answering import Whom

    if everybody and to_list:
        raise UsageError("--all and --list contradict each other", hint="mailctl reply --help")
    if to_list:
        return Whom.LIST
    return Whom.EVERYBODY if everybody else Whom.AUTHOR
