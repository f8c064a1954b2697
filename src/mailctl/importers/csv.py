"""The spreadsheet an administrator has, saved as CSV: whatever its encoding, separator and language."""

from collections.abc import Iterator
from typing import Any

from mailctl.domain.sheet import SEPARATORS, Record, decoded, refused, sheet_in
from mailctl.errors import BadDataError, Problem
from mailctl.importers import Candidate, Column, Found
from mailctl.importers.cells import value_of
from mailctl.importers.headings import KEYS, is_given, is_password, keys_of, plain


def read(data: bytes, *, file: str) -> Found:
    """The accounts in a spreadsheet; its first row names the columns.

    Raises:
        BadDataError: it is no such thing, names no addresses, or holds passwords.
    """
    text, encoding = decoded(data, file)
    separator, header, others, problems = sheet_in(text, lambda cell: plain(cell) in KEYS, file)
    columns = columns_of(header, others, file)
    read_as = f"{encoding}, separated by {SEPARATORS.get(separator, repr(separator))}"
    candidates = []
    for row in others:
        try:
            candidates.append(candidate(row, columns, file))
        except BadDataError as error:
            problems += error.problems
    return Found(read_as=read_as, columns=columns, candidates=tuple(candidates), problems=problems)


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
