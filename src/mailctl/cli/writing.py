"""What `send` and `reply` share: their options, the draft made of them, and what is told at the end."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mailctl.errors import AccountNotFoundError, BadDataError, InputMissingError

if TYPE_CHECKING:
    from mailctl.cli.session import Session
    from mailctl.domain.account import Account
    from mailctl.domain.message import Draft
    from mailctl.services.send import Posted, Preview

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
Queue = Annotated[bool, typer.Option("--queue", help="Leave it in the outbox for the next flush.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be sent; no server is reached.")]


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
    from mailctl.domain.address import parse_all
    from mailctl.domain.message import Draft
    from mailctl.services.send import attachment

    return Draft(
        to=parse_all(words.to),
        cc=parse_all(words.cc),
        bcc=parse_all(words.bcc),
        reply_to=parse_all(words.reply_to),
        subject=words.subject,
        headers=tuple(header(text) for text in words.header),
        attachments=tuple(attachment(path) for path in words.attach),
        markdown=words.markdown,
        html=decoded(attachment(words.html).content, str(words.html)) if words.html else None,
        signed=not words.no_signature,
    )


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


def body(run: "Session", words: Words) -> AbstractContextManager[str]:
    """What the mail says: from a file, from standard input when that is no terminal, else from the editor."""
    if words.body not in (None, STDIN):
        return nullcontext(decoded(file_content(Path(str(words.body))), str(words.body)))
    if words.body is None and words.html is not None:
        return nullcontext("")
    if words.body == STDIN or not sys.stdin.isatty():
        return nullcontext(decoded(sys.stdin.buffer.read(), "standard input"))
    from mailctl.cli.editor import written

    return written(run, what="mail")


def file_content(path: Path) -> bytes:
    """The content of a file that was named."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputMissingError(f"{path}: {getattr(error, 'strerror', None) or error}", hint=f"ls -l {path}") from error


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

    with body(run, words) as text:
        draft = replace(start, body=text)
        for doubt in doubts(draft):
            if run.is_interactive and not sure:
                typer.confirm(f"{doubt}: send anyway?", abort=True, err=True)
            else:
                run.warn(doubt)
        yield draft


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
    if failure is not None:
        raise failure
    if sent.sent:
        run.say(f"sent to {', '.join(sent.recipients)}")
    else:
        run.say(f"in the outbox as {sent.outbox}; mailctl outbox flush sends it")
