"""What `send`, `reply` and `forward` share: their options, the draft made of them, and what is told at the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mailctl.domain.message import Priority as Pressing
from mailctl.errors import AccountNotFoundError, BadDataError, InputMissingError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from mailctl.cli.session import Session
    from mailctl.cli.templating import Chosen
    from mailctl.domain.account import Account
    from mailctl.domain.message import Draft, Sent
    from mailctl.services.page import Page
    from mailctl.services.posting import Posted
    from mailctl.services.send import Preview

STDIN = "-"
Texts = list[str] | None

Cc = Annotated[Texts, typer.Option("--cc", "-c", metavar="X", help="A recipient of a copy; repeat, or use commas.")]
Bcc = Annotated[Texts, typer.Option("--bcc", "-b", metavar="X", help="A recipient nobody sees.")]
ReplyTo = Annotated[Texts, typer.Option("--reply-to", metavar="X", help="Where answers shall go.")]
From = Annotated[str | None, typer.Option("--from", metavar="ALIAS", help="An alias of the account, for From.")]
Attach = Annotated[list[Path] | None, typer.Option("--attach", metavar="FILE", help="A file to send along; repeat.")]
Body = Annotated[str | None, typer.Option("--body", metavar="FILE", help="The text; - is standard input.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="The text is Markdown: it goes out as HTML too.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="An HTML page to send beside the text.")]
NoSignature = Annotated[bool, typer.Option("--no-signature", help="Leave the account's signature out.")]
Header = Annotated[Texts, typer.Option("--header", metavar="'X-K: V'", help="One more header; repeat.")]
Priority = Annotated[Pressing | None, typer.Option("--priority", help="How much it presses.")]
Dsn = Annotated[
    str | None,
    typer.Option("--dsn", metavar="WHEN", help="Reports you want: never, or some of failure,delay,success."),
]
Affair = Annotated[
    str | None,
    typer.Option("--affair", metavar="REF", help="The affair it is about: it is filed there once it is sent."),
]
AsDraft = Annotated[bool, typer.Option("--draft", help="Keep it in the account's Drafts folder; nothing is sent.")]
Queue = Annotated[bool, typer.Option("--queue", help="Leave it in the outbox for the next flush.")]
At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="Send it then: 18:00, 'tomorrow 8:00', +2h.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be sent; no server is reached.")]


class Way(StrEnum):
    """What becomes of a mail that is written."""

    SEND = "send"
    QUEUE = "queue"
    DRAFT = "draft"
    DRY_RUN = "dry-run"


class Words(NamedTuple):
    """The options of a mail, as they were typed."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str = ""
    attach: tuple[Path, ...] = ()
    body: str | None = None
    markdown: bool = False
    html: Path | None = None
    no_signature: bool = False
    header: tuple[str, ...] = ()
    priority: Pressing | None = None
    dsn: str | None = None
    at: str | None = None
    key: str | None = None
    affair: str | None = None
    template: "Chosen | None" = None


def moment(run: "Session", words: Words) -> "datetime | None":
    """When the mail is to go, in UTC; None for now.

    Raises:
        BadDataError: that is no moment to come.
    """
    if words.at is None:
        return None
    from mailctl.domain import moment as domain

    return domain.moment(words.at, run.context.now().astimezone())


def way_of(*, draft: bool, queue: bool, dry_run: bool) -> Way:
    """What becomes of the mail, by the options.

    Raises:
        UsageError: they contradict each other.
    """
    asked = {Way.DRAFT: draft, Way.QUEUE: queue, Way.DRY_RUN: dry_run}
    found = [way for way, said in asked.items() if said]
    if len(found) > 1:
        raise UsageError(f"--{found[0]} and --{found[1]} contradict each other", hint="mailctl send --help")
    return found[0] if found else Way.SEND


def sending_account(run: "Session", name: str | None) -> "Account":
    """The account to send with, before anything is read or asked."""
    from mailctl.domain.rights import Right

    try:
        return run.context.account(name, need=Right.SEND)
    except AccountNotFoundError as error:
        if name and Path(name).is_file():
            raise AccountNotFoundError(f"no account '{name}'", hint=f"-a is the account; --attach {name}") from error
        raise


def draft_without_body(words: Words) -> "Draft":
    """All of a draft but what its writer says in it.

    Raises:
        BadDataError: an address or a header cannot be used.
        InputMissingError: an attachment or the HTML file is missing, unreadable, or no file.
    """
    from mailctl.domain import dsn
    from mailctl.domain.address import parse_all
    from mailctl.domain.message import Draft
    from mailctl.services.send import attachment

    shown = page(words.html) if words.html else None
    return Draft(
        to=parse_all(words.to),
        cc=parse_all(words.cc),
        bcc=parse_all(words.bcc),
        reply_to=parse_all(words.reply_to),
        subject=words.subject,
        headers=tuple(header(text) for text in words.header),
        attachments=tuple(attachment(path) for path in words.attach),
        markdown=words.markdown,
        html=shown.html if shown else None,
        images=shown.images if shown else (),
        priority=words.priority,
        dsn=dsn.parse(words.dsn) if words.dsn is not None else None,
        signed=not words.no_signature,
        affairs=(words.affair,) if words.affair is not None else (),
    )


def page(path: Path) -> "Page":
    """A page, with the images beside it that it shows."""
    from mailctl.domain.content import whole
    from mailctl.services import page as service
    from mailctl.services.send import attachment

    return service.page(decoded(whole(attachment(path).content), str(path)), path.parent)


def header(text: str) -> tuple[str, str]:
    """Name and value of a header."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise BadDataError(f"bad header '{text}': there is no name and colon", hint="--header 'X-Project: Plans'")
    return name.strip(), value.strip()


def decoded(data: bytes, where: str) -> str:
    """Text from a file or a pipe: UTF-8.

    Raises:
        BadDataError: it is in another encoding.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{where} is not in UTF-8", hint="iconv -f windows-1252 -t utf-8") from error


def body(run: "Session", words: Words, start: "Draft") -> AbstractContextManager[str]:
    """What the mail says: from a file, from standard input when that is no terminal, else from the editor.

    What a template says is there already.
    """
    if words.template is not None:
        return nullcontext(start.body)
    if words.body is not None:
        return nullcontext(read_text(words.body))
    if words.html is not None:
        return nullcontext("")
    if not sys.stdin.isatty():
        return nullcontext(read_text(STDIN))
    from mailctl.cli.editor import written

    return written(run, what="mail")


def read_text(file: str) -> str:
    """The text of a file, or of standard input."""
    if file == STDIN:
        return decoded(sys.stdin.buffer.read(), "standard input")
    return decoded(file_content(Path(file)), file)


def file_content(path: Path, *, most: int = -1) -> bytes:
    """The content of a file that was named; of a larger one than that the beginning."""
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except (OSError, ValueError) as error:
        raise InputMissingError(f"{path}: {getattr(error, 'strerror', None) or error}", hint=f"ls -l {path}") from error


def from_template(run: "Session", words: Words, start: "Draft", *, account: str, sender: str | None) -> "Draft":
    """The draft with what the template says, where one was named; what the options say goes before it."""
    if words.template is None:
        return start
    from mailctl.cli import templating

    affair = start.affairs[0] if len(set(start.affairs)) == 1 else words.affair  # an answer has that of the question
    chosen = sending_account(run, account)
    return templating.draft_from(run, words.template, start, account=chosen, sender=sender, affair=affair)


@contextmanager
def finished(run: "Session", words: Words, start: "Draft", *, sure: bool) -> Iterator["Draft"]:
    """The draft with its body; who may have forgotten something is asked on a terminal, and warned elsewhere.

    Args:
        run: where to ask.
        words: the options.
        start: all but the body.
        sure: nobody is asked, for nothing is sent.
    """
    from msgspec.structs import replace

    from mailctl.domain.doubts import doubts

    with body(run, words, start) as text:
        draft = replace(start, body=text)
        for doubt in doubts(draft):
            ask(run, doubt, sure=sure)
        yield draft


def ask(run: "Session", doubt: str, *, sure: bool = False) -> None:
    """Ask whether to send in spite of a doubt, where somebody can be asked; else a warning."""
    if run.is_interactive and not sure:
        typer.confirm(f"{doubt}: send anyway?", abort=True, err=True)
    else:
        run.warn(doubt)


def finish(
    run: "Session",
    words: Words,
    start: "Draft",
    *,
    account: str,
    sender: str | None,
    way: Way,
    as_json: bool,
    then: Callable[[], object] = lambda: None,
) -> None:
    """Let the mail be written, then send, queue, keep or show it, and tell what became of it.

    Args:
        run: where to ask and tell.
        words: the options.
        start: all of the draft but its body.
        account: that sends.
        sender: an alias for From; None for the account's address.
        way: what becomes of it.
        as_json: whether to tell in JSON.
        then: what is done once somebody has it.
    """
    from mailctl.services import send as service

    if way is Way.DRAFT and (words.at or words.key):
        raise UsageError("a draft is kept, not sent: --at and --idempotency-key say nothing of it", hint="drop one")
    at = moment(run, words)
    with finished(run, words, start, sure=way in (Way.DRY_RUN, Way.DRAFT)) as draft:
        if way is Way.DRY_RUN:
            preview = service.preview(run.context, draft, account=account, sender=sender)
            return show_preview(run, preview, as_json=as_json)
        if way is Way.DRAFT:
            return keep(run, draft, account=account, sender=sender, as_json=as_json)
        posted = service.send(
            run.context, draft, account=account, sender=sender, queue=way is Way.QUEUE, at=at, key=words.key
        )
    if posted.sent.sent and not posted.sent.repeated:
        then()
    return show_posted(run, posted, as_json=as_json)


def show_preview(run: "Session", preview: "Preview", *, as_json: bool) -> None:
    """The message as it would go out, and to whom."""
    run.show(preview, as_json=as_json, text=lambda: preview.message)
    if not as_json:
        run.say(f"not sent; from {preview.sender or '<>'} to {', '.join(preview.recipients)}")


def show_posted(run: "Session", posted: "Posted", *, as_json: bool) -> None:
    """What became of the message.

    Raises:
        MailctlError: it did not go, or not to all.
    """
    sent, failure = posted
    if as_json:
        run.show(sent, as_json=True)
    for warning in sent.warnings:
        run.warn(warning)
    tell_old(run)
    if failure is not None:
        raise failure
    run.say(told(sent))


def told(sent: "Sent") -> str:
    """What became of a message, in a few words."""
    if sent.sent:
        before = f" before, as {sent.message_id}" if sent.repeated else ""
        return f"sent{before} to {', '.join(sent.recipients)}"
    already = " already" if sent.repeated else ""
    when = f" from {sent.due.astimezone():%Y-%m-%d %H:%M} on" if sent.due else ""
    return f"in the outbox as {sent.outbox}{already}; mailctl outbox flush sends it{when}"


def tell_old(run: "Session") -> None:
    """Warn of what has waited in the outbox for a day: nobody may be looking after it."""
    from mailctl.services import outbox

    if number := outbox.oldest(run.context):
        run.warn(f"message {number} has waited in the outbox for over a day: mailctl outbox show {number}")


def keep(run: "Session", draft: "Draft", *, account: str, sender: str | None, as_json: bool) -> None:
    """Keep a draft, and tell where it is now, and how it is sent."""
    from mailctl.services import draft as service

    kept = service.keep(run.context, draft, account=account, sender=sender)
    if as_json:
        run.show(kept, as_json=True)
    if kept.id is None:
        run.say(f"kept in '{kept.folder}'; mailctl draft list -a {kept.account}")
    else:
        run.say(f"kept in '{kept.folder}' as {kept.id}; mailctl draft send {kept.id} -a {kept.account}")
