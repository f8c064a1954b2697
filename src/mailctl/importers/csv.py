"""The spreadsheet an administrator has, saved as CSV: whatever its encoding, separator and language."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mailctl.errors import BadDataError, Problem
from mailctl.importers import Candidate, Column, Found, refused
from mailctl.importers.cells import value_of
from mailctl.importers.headings import KEYS, is_given, is_password, keys_of, plain

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


def read(data: bytes, *, file: str) -> Found:
    """The accounts in a spreadsheet; its first row names the columns.

    Raises:
        BadDataError: it is no such thing, names no addresses, or holds passwords.
    """
    text, encoding = decoded(data, file)
    separator, begin = separator_of(text)
    rows, problems = records(text[begin:], separator, file, skipped=1 if begin else 0)
    if not rows:
        raise refused(problems or (Problem(file, 1, "", "it is empty"),), hint="the first line names the columns")
    header, *others = rows
    columns = columns_of(header, others, file)
    read_as = f"{encoding}, separated by {SEPARATORS.get(separator, repr(separator))}"
    candidates = []
    for row in others:
        try:
            candidates.append(candidate(row, columns, file))
        except BadDataError as error:
            problems += error.problems
    return Found(read_as=read_as, columns=columns, candidates=tuple(candidates), problems=problems)


def decoded(data: bytes, file: str) -> tuple[str, str]:
    """The text, and the name of its encoding.

    Raises:
        BadDataError: it is no text.
    """
    if data.startswith(WORKBOOKS):
        raise refused((Problem(file, 0, "", "a workbook, not CSV"),), hint="save it as CSV, and import that")
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


def separator_of(text: str) -> tuple[str, int]:
    """What stands between cells, as Excel says or as gives most known headings; and where the first row begins."""
    if said := SAID.match(text):
        return said[1], said.end()

    def headings(separator: str) -> tuple[int, int]:
        try:
            cells = next(
                (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)), []
            )
        except csv.Error:
            return 0, 0
        return sum(plain(cell) in KEYS for cell in cells), len(cells)

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


def columns_of(header: Record, rows: list[Record], file: str) -> tuple[Column, ...]:
    """What each column means.

    Raises:
        BadDataError: none holds addresses, two mean the same, or one is for passwords.
    """
    headings = [cell.strip() for cell in header.cells]
    secret = [heading for heading in headings if is_password(heading)]
    if secret:
        problem = Problem(file, header.line, secret[0], "passwords are not imported; take the column out")
        raise refused((problem,), hint="mailctl password set --from-json < FILE keeps many in the keyring")
    cells = [[row.cells[place] for row in rows if place < len(row.cells)] for place in range(len(headings))]
    keys = keys_of(headings, cells)
    problems = tuple(clashes(headings, keys, Problem(file, header.line, "", "")))
    if "address" not in keys:
        problems += (Problem(file, header.line, "", f"no column of addresses among {quoted(headings)}"),)
    if problems:
        raise refused(problems, hint="the first line names the columns, such as: address;name;owner;rights")
    return tuple(Column(heading=heading, key=key) for heading, key in zip(headings, keys, strict=True))


def clashes(headings: list[str], keys: tuple[str | None, ...], where: Problem) -> Iterator[Problem]:
    """The columns that mean the same."""
    for key in dict.fromkeys(filter(None, keys)):
        same = [heading for heading, other in zip(headings, keys, strict=True) if other == key]
        if len(same) > 1 and not (key == "display_name" and any(map(is_given, same))):
            yield where._replace(key=key, text=f"{quoted(same)} both say it")


def quoted(names: list[str]) -> str:
    """Names in a message; a few of many."""
    return ", ".join(f"'{name}'" for name in names[:12]) + (", …" if len(names) > 12 else "")


def candidate(row: Record, columns: tuple[Column, ...], file: str) -> Candidate:
    """The account in a row.

    Raises:
        BadDataError: with each cell that cannot be understood.
    """
    problems = []
    values: dict[str, object] = {}
    if any(cell.strip() for cell in row.cells[len(columns) :]):
        text = f"{len(row.cells)} cells, and {len(columns)} columns have a name"
        problems.append(Problem(file, row.line, "", text))
    for column, cell in zip(columns, row.cells, strict=False):
        try:
            value = value_of(column.key, cell) if column.key else None
        except BadDataError as error:
            problems.append(Problem(file, row.line, column.heading, str(error)))
            continue
        if column.key and value is not None:
            former = values.get(column.key)
            pair = (value, former) if is_given(column.heading) else (former, value)
            values[column.key] = value if former is None else " ".join(map(str, pair))
    if problems:
        raise refused(tuple(problems), hint="nothing was imported")
    name = values.pop("name", None)
    return Candidate(line=row.line, name=str(name) if name else None, table=nested(values))


def nested(values: dict[str, object]) -> dict[str, Any]:
    """The values in tables, as an account's file has them."""
    table: dict[str, Any] = {}
    for key, value in values.items():
        *path, last = key.split(".")
        owner = table
        for step in path:
            owner = owner.setdefault(step, {})
        owner[last] = value
    return table
