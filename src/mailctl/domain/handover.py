"""The index of an affair's mail as it is handed over: a table, a page to read, and the sums that prove both."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import PurePosixPath

from msgspec import Struct
from msgspec.structs import asdict

from mailctl.errors import BadDataError

FORMULA = ("=", "+", "-", "@")
# a spreadsheet of those who write 1,5 parts cells at semicolons
INNER, GUARDED = re.compile(r"(;\s*'*)(?=[=+\-@])"), re.compile(r"(;\s*'*)'(?=[=+\-@])")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
TOGETHER = " | "  # between several values of a cell
LONGEST_FIELD = 1 << 20  # letters of a cell, of which the csv module takes fewer by itself
PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 1.5em }} table {{ border-collapse: collapse }}
td, th {{ border-bottom: 1px solid #ccc; padding: .3em .8em .3em 0; text-align: left; vertical-align: top }}
.proof {{ color: #555; font-size: small; overflow-wrap: anywhere }}</style></head>
<body><h1>{title}</h1>
<p>{count}. <code>sha256sum -c SHA256SUMS</code> checks the files.</p>
<table><tr><th>Date</th><th>From</th><th>To</th><th>Subject</th><th>Attachments</th></tr>
{rows}</table>
</body></html>
"""
ROW = """<tr><td>{date}</td><td>{sender}</td><td>{to}</td><td><a href="{link}">{subject}</a>
<div class="proof">{proof}</div></td><td>{attachments}</td></tr>
"""


class Line(Struct, frozen=True, kw_only=True):
    """A message of the index; each value is text as a cell holds it, times RFC 3339 in UTC."""

    date: str
    sender: str
    to: str
    subject: str
    file: str
    size: str
    sha256: str
    account: str
    folder: str
    linked_by: str
    linked_at: str
    attachments: str
    key: str
    dkim_signature: str
    authentication_results: str
    affair: str


COLUMNS = Line.__struct_fields__


def table(lines: Iterable[Line]) -> str:
    """The lines as comma-separated values (RFC 4180), no cell a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in in_order(lines):
        writer.writerow([guarded(cell) for cell in asdict(line).values()])
    return BYTE_ORDER_MARK + text.getvalue()


def lines_of(text: str) -> tuple[Line, ...]:
    """The lines of a table that `table` wrote.

    Raises:
        BadDataError: it is another's, or was damaged.
    """
    csv.field_size_limit(LONGEST_FIELD)
    try:
        heading, *rows = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""))
        if tuple(heading) != COLUMNS:
            raise ValueError("its columns are others")
        return tuple(Line(**dict(zip(COLUMNS, map(bare, row), strict=True))) for row in rows)
    except (ValueError, csv.Error) as error:
        raise BadDataError(
            f"index.csv is no index of an export: {error}", hint="export into an empty folder"
        ) from error


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    safe = INNER.sub(r"\1'", cell)
    return f"'{safe}" if safe.lstrip().startswith((*FORMULA, "'")) else safe


def bare(cell: str) -> str:
    """A cell as it was before it was guarded."""
    return GUARDED.sub(r"\1", cell.removeprefix("'"))


def in_order(lines: Iterable[Line]) -> list[Line]:
    """The lines by date."""
    return sorted(lines, key=lambda line: (line.date, line.file))


def page(title: str, lines: Iterable[Line]) -> str:
    """The lines as a page; nothing that came by mail is more than text in it."""
    found = in_order(lines)
    count = "1 message" if len(found) == 1 else f"{len(found)} messages"
    return PAGE.format(title=escape(title), count=count, rows="".join(map(row, found)))


def row(line: Line) -> str:
    """A line of the page."""
    proof = [f"SHA-256 {line.sha256}"]
    proof += [f"DKIM-Signature: {line.dkim_signature}"] if line.dkim_signature else []
    proof += [f"Authentication-Results: {line.authentication_results}"] if line.authentication_results else []
    return ROW.format(
        date=escape(line.date),
        sender=escape(line.sender),
        to=escape(line.to),
        link=escape(reference(line.file)),
        subject=escape(line.subject or "(no subject)"),
        proof="<br>".join(escape(one) for one in proof),
        attachments="<br>".join(
            f'<a href="{escape(reference(name))}">{escape(name.rpartition("/")[2])}</a>'
            if "/" in name
            else escape(name)
            for name in line.attachments.split(TOGETHER)
            if name
        ),
    )


def reference(file: str) -> str:
    """A file beside the page, as a link names it."""
    from urllib.parse import quote

    return quote(f"./{file}")


def sums(found: Mapping[str, str]) -> str:
    """What `sha256sum -c` reads: the sum of each file."""
    return "".join(f"{found[file]}  {file}\n" for file in sorted(found))


def sums_in(text: str) -> dict[str, str]:
    """The sum of each file in what `sums` wrote; odd lines are left out, and files beyond the folder."""
    pairs = (line.split("  ", 1) for line in text.splitlines())
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2 and len(pair[0]) == 64 and is_within(pair[1])}


def is_within(file: str) -> bool:
    """Whether a name is that of a file in the folder or below it."""
    path = PurePosixPath(file)
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts and "\0" not in file
