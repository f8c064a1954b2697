"""`mailctl read`: one message."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.domain.message import Part, Reading

app = new_app()
UNITS = ("bytes", "kB", "MB", "GB")


@app.command()
def read(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(metavar="ID", help="The message's number, as `mailctl list` shows it.")],
    as_raw: Annotated[
        bool,
        typer.Option("--raw", help="The whole message as it came, byte for byte where it goes into a file or pipe."),
    ] = False,
    headers: Annotated[bool, typer.Option("--headers", help="All of its header, and nothing else.")] = False,
    html: Annotated[bool, typer.Option("--html", help="As a page in the browser; nothing in it is loaded.")] = False,
    no_mark: Annotated[bool, typer.Option("--no-mark", help="Leave it unread.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read one fetched message. Whoever holds `organize` marks it as read, on the server too.

    With --html, what runs in a page and what it would load from elsewhere is left out; where standard output is no
    terminal, the page is written there.

    Example: mailctl read 42
    """
    from mailctl.services import read as service

    if as_raw + html + (headers or as_json) > 1:
        raise UsageError("--raw and --html go with nothing else", hint=f"mailctl read {id} --raw")
    run = session(ctx)
    if as_raw:
        write_raw(service.raw(run.context, id))
    elif html and sys.stdout.isatty():
        open_page(service.kept_page(run.context, id), f"mailctl read {id}")
    elif html:
        write_raw(service.page(run.context, id).encode("utf-8", "replace"))
    else:
        reading = service.read(run.context, id)
        run.show(reading, as_json=as_json, text=lambda: header_of(reading) if headers else page(reading))
    if not (no_mark or headers):
        service.mark_read(run.context, id)


def write_raw(data: bytes) -> None:
    """Bytes on stdout, untouched; on a terminal without what would turn against it."""
    if sys.stdout.isatty():
        from mailctl.cli.output import print_text

        print_text(data.decode("utf-8", "replace"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def open_page(path: Path, command: str) -> None:
    """Open a page in the user's browser.

    Args:
        path: of the page.
        command: what prints it with `--html`.

    Raises:
        UsageError: there is none.
    """
    import webbrowser

    if not webbrowser.open(path.as_uri()):
        raise UsageError("no browser can be opened here", hint=f"{command} --html > mail.html")


def header_of(reading: "Reading") -> str:
    """Every field of the header, a line each."""
    return "".join(f"{name}: {value}\n" for name, value in reading.headers)


def page(reading: "Reading") -> str:
    """A message as a person reads it."""
    from mailctl.cli.output import cell

    fields = [
        ("From", reading.sender),
        ("Reply-To", reading.reply_to if reading.reply_to != reading.sender else ""),
        ("To", reading.to),
        ("Cc", reading.cc),
        ("Subject", reading.subject),
        ("Date", cell(reading.date)),
        ("Affair", ", ".join(reading.affairs)),
        *(("Attachment", described(part)) for part in reading.attachments),
        *(("Note", note) for note in reading.notes),
    ]
    head = "".join(f"{name}: {value}\n" for name, value in fields if value)
    return f"{head}\n{reading.text.strip(chr(10))}"


def described(part: "Part") -> str:
    """An attachment in words."""
    inline = ", inline" if part.inline else ""
    return f"{part.filename} ({part.content_type}, {size_of(part.size)}{inline})"


def size_of(size: int) -> str:
    """A size for a person."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if unit == 0 or value >= 10 else f"{value:.1f} {UNITS[unit]}"
