"""Rows to write mail from: CSV, or JSON lines → what each column holds, row by row."""

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from mailctl.domain.sheet import LARGEST_CELL, Record, decoded, refused, sheet_in
from mailctl.errors import BadDataError, Problem

MOST_ROWS = 1_000_000
MOST_PROBLEMS = 20
NO_WORD = re.compile(r"\W+")
A_LIST = re.compile(r"\s*\[\s*[\[{]")


class Row(Struct, frozen=True, kw_only=True):
    """One row: the line of the file on which it begins, and its values by column; what is empty is not there."""

    line: int
    values: dict[str, str]


class Rows(Struct, frozen=True, kw_only=True):
    """A file's rows; `columns` are in the file's order, and `is_json` says which kind of file it was."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    is_json: bool = False


def read(data: bytes, *, file: str) -> Rows:
    """The rows of a file, whichever kind it is of.

    Args:
        data: all of it.
        file: its name, for messages.

    Raises:
        BadDataError: it is neither, or a row of it cannot be read; with each such row.
    """
    text, _ = decoded(data, file)
    text = text.removeprefix("\ufeff")
    if A_LIST.match(text):
        raise refused(
            (Problem(file, 1, "", "a list: JSON lines have an object in each line"),), hint="jq -c '.[]' FILE"
        )
    found = from_lines(text, file) if text.lstrip().startswith("{") else from_sheet(text, file)
    if not found.rows:
        raise refused((Problem(file, 1, "", "there is no row in it"),), hint="a line of column names, then a row each")
    if len(found.rows) > MOST_ROWS:
        raise refused((Problem(file, 0, "", f"more than {MOST_ROWS:,} rows"),), hint="split -l 100000 FILE")
    return found


def plain(name: str) -> str:
    """A column's name as it is compared: no accents, no case, one `_` for all that is no letter or digit."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    return NO_WORD.sub("_", bare).strip("_")


def from_sheet(text: str, file: str) -> Rows:
    """The rows of a spreadsheet, whose first one names the columns."""
    _, header, others, problems = sheet_in(text, lambda cell: bool(cell.strip()), file)
    columns = [cell.strip() for cell in header.cells]
    twice = {name for name in columns if name and columns.count(name) > 1}
    problems += tuple(Problem(file, header.line, name, "two columns of that name") for name in sorted(twice))
    problems += tuple(
        Problem(file, row.line, "", f"{len(row.cells)} cells, and {len(columns)} columns")
        for row in others
        if any(cell.strip() for cell in row.cells[len(columns) :])
    )
    refuse(problems)
    return Rows(columns=tuple(filter(None, columns)), rows=tuple(row_of(record, columns) for record in others))


def row_of(record: Record, columns: list[str]) -> Row:
    """A record's cells by their columns."""
    pairs = zip(columns, record.cells, strict=False)
    return Row(line=record.line, values={name: cell.strip() for name, cell in pairs if name and cell.strip()})


def from_lines(text: str, file: str) -> Rows:
    """The rows of JSON lines: an object each."""
    problems: list[Problem] = []
    rows = []
    for line, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        try:
            rows.append(Row(line=line, values=values_of(json.loads(said, parse_int=str, parse_float=str))))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(file, line, "", str(error) or "no JSON"))
    refuse((*problems, *too_long(rows, file)))
    columns = dict.fromkeys(name for row in rows for name in row.values)
    return Rows(columns=tuple(columns), rows=tuple(rows), is_json=True)


def values_of(found: Any) -> dict[str, str]:
    """An object's values as texts.

    Raises:
        ValueError: it is no object, or holds lists or objects.
    """
    if not isinstance(found, dict):
        raise ValueError("no object: a row is {…}")
    values = {}
    for name, value in found.items():
        if isinstance(value, dict | list):
            raise ValueError(f"{name}: a list or an object cannot be filled in")
        said = value if isinstance(value, str) else json.dumps(value)
        if value is not None and said.strip():
            values[name.strip()] = said.strip()
    return values


def too_long(rows: Iterable[Row], file: str) -> tuple[Problem, ...]:
    """The values that are longer than a cell may be, which a sheet's reader refuses by itself."""
    return tuple(
        Problem(file, row.line, name, f"more than {LARGEST_CELL:,} characters")
        for row in rows
        for name, value in row.values.items()
        if len(value) > LARGEST_CELL
    )


def refuse(problems: tuple[Problem, ...]) -> None:
    """Raise what is wrong, if anything is; the first of many."""
    if problems:
        raise faulty(problems)


def faulty(problems: tuple[Problem, ...], *, hint: str = "") -> BadDataError:
    """The error for rows that cannot be used, with what helps the first of them, if anything is known to."""
    shown = tuple(sorted(problems, key=lambda one: one.line))
    error = refused(shown, hint=f"{hint or 'mend the rows and run it again'}; nothing was sent")
    error.problems = shown[:MOST_PROBLEMS]
    return error
