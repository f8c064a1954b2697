"""A spreadsheet saved as CSV → its rows, whatever its encoding, separator and language."""

import csv
import io
import re
from collections.abc import Callable
from typing import NamedTuple

from mailctl.errors import BadDataError, Problem

SEPARATORS = {";": "semicolons", ",": "commas", "\t": "tabs"}
SAID = re.compile(r'"?sep=([^"\w\r\n])"?\r?\n', re.IGNORECASE)  # the line by which Excel tells itself the separator
BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
LARGEST_CELL = 100_000  # characters


class Record(NamedTuple):
    """One row: the line of the file on which it begins, and its cells."""

    line: int
    cells: list[str]


class Sheet(NamedTuple):
    """A sheet's rows, the first one of which names the columns; and what keeps the rest from being read, if any."""

    separator: str
    header: Record
    rows: list[Record]
    problems: tuple[Problem, ...]


def sheet_in(text: str, is_heading: Callable[[str], bool], file: str) -> Sheet:
    """The sheet in a text.

    Args:
        text: all of it.
        is_heading: whether a cell of the first row is one that is known.
        file: its name, for messages.

    Raises:
        BadDataError: not even a first row can be read.
    """
    separator, begin = separator_of(text, is_heading)
    rows, problems = records(text[begin:], separator, file, skipped=1 if begin else 0)
    if not rows:
        raise refused(problems or (Problem(file, 1, "", "it is empty"),), hint="the first line names the columns")
    return Sheet(separator, rows[0], rows[1:], problems)


def decoded(data: bytes, file: str) -> tuple[str, str]:
    """The text, and the name of its encoding.

    Raises:
        BadDataError: it is no text.
    """
    if data.startswith(WORKBOOKS):
        raise refused((Problem(file, 0, "", "a workbook, not CSV"),), hint="save it as CSV, and give that")
    encodings = [encoding for bom, encoding in BOMS.items() if data.startswith(bom)]
    if not encodings and b"\0" in data[:2]:
        encodings = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    for encoding in encodings or ["utf-8", "cp1252"]:
        try:
            return data.decode(encoding), NAMES.get(encoding, "UTF-16")
        except UnicodeDecodeError as error:
            line = 1 + data[: error.start].count(b"\n")
    problem = Problem(file, line, "", "neither UTF-8, UTF-16 nor Windows-1252")
    raise refused((problem,), hint="save it as CSV in UTF-8")


def separator_of(text: str, is_heading: Callable[[str], bool]) -> tuple[str, int]:
    """What stands between cells, as Excel says or as gives most known headings; and where the first row begins.

    Args:
        text: of the sheet.
        is_heading: whether a cell of the first row is one that is known.
    """
    if said := SAID.match(text):
        return said[1], said.end()

    def headings(separator: str) -> tuple[int, int]:
        try:
            cells = next(
                (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)), []
            )
        except csv.Error:
            return 0, 0
        return sum(map(is_heading, cells)), len(cells)

    return max(SEPARATORS, key=headings), 0


def records(text: str, separator: str, file: str, *, skipped: int) -> tuple[list[Record], tuple[Problem, ...]]:
    """The rows that are not blank, and what keeps the rest from being read, if anything does."""
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Record] = []
    line = 1 + skipped
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(Record(line, cells))
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        said = "a quotation mark is not closed" if "end of data" in str(error) else str(error)
        return rows, (Problem(file, line, "", said),)
    return rows, ()


def refused(problems: tuple[Problem, ...], *, hint: str) -> BadDataError:
    """The error that shows these problems; the first one is its message."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return BadDataError(f"{problems[0]}{more}", hint=hint, problems=problems)
