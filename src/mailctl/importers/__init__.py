"""Accounts from elsewhere: what a reader gives, and the table of readers, one file each.

A reader is a function `read(data, *, file)`: it takes the bytes of a file and the name to call it by in messages, and
gives `Found`. What it cannot make sense of at all, it refuses with `BadDataError`; what is wrong in one place is a
problem in `Found`.
"""

from typing import Any

from msgspec import Struct

from mailctl.errors import Problem

IMPORTERS = {
    "csv": "mailctl.importers.csv:read",
}


class Column(Struct, frozen=True, kw_only=True):
    """A column, or whatever else holds one setting of every account; a key of None is ignored."""

    heading: str
    key: str | None


class Candidate(Struct, frozen=True, kw_only=True):
    """An account as it was found: the keys that it says, as in an account's file.

    `name` is None where none is given. Owner and rights may name collaborators in any way.
    """

    line: int
    name: str | None
    table: dict[str, Any]


class Found(Struct, frozen=True, kw_only=True):
    """What a file holds; `read_as` says in words how it was read."""

    read_as: str
    columns: tuple[Column, ...]
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...] = ()
