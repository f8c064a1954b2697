"""Two changes of one file of the store, merged by its keys."""

from typing import Any

import tomli
import tomli_w
from msgspec import Struct

from mailctl.errors import Problem
from mailctl.store.editors import first_line

LONGEST = 80  # letters of a value in a message
Flat = dict[tuple[str, ...], Any]


class Clash(Struct, frozen=True, kw_only=True):
    """One key with two new values; None stands for removed."""

    file: str
    key: str
    ours: Any
    theirs: Any

    @property
    def problem(self) -> Problem:
        """The clash in words."""
        told = brief if self.key else str
        shown = ["removed" if value is None else told(value) for value in (self.ours, self.theirs)]
        return Problem(self.file, 0, self.key, f"{shown[0]} here, {shown[1]} there")


def brief(value: object) -> str:
    """The beginning of a value, on one line."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def merged(
    file: str, *, base: str | None, ours: str | None, theirs: str | None
) -> tuple[str | None, tuple[Clash, ...]]:
    """The merged text, None for removed; and the keys that have two new values.

    Args:
        file: whose ending tells how it is merged: TOML by keys, `.links` by lines.
        base: what both sides began with; None where there was no such file.
        ours: what it became here; None for removed.
        theirs: what it became there.
    """
    if file.endswith(".links"):  # the affair was renamed or removed on one side: what the other added since stays
        found = united(base or "", ours or "", theirs or "")
        return (None if None in (ours, theirs) and not found else found), ()
    if ours is None or theirs is None:
        return None, (whole(file, ours, theirs),)
    try:
        sides = [flat(tomli.loads(text or "")) for text in (base, ours, theirs)]
    except (ValueError, RecursionError):  # no TOML, or hundreds of brackets
        return None, (whole(file, ours, theirs),)
    if not file.endswith(".toml"):
        return None, (whole(file, ours, theirs),)
    return combine(file, *sides)


def whole(file: str, ours: object, theirs: object) -> Clash:
    """The clash of two changes that cannot be taken apart."""
    return Clash(
        file=file, key="", ours=None if ours is None else "changed", theirs=None if theirs is None else "changed"
    )


def united(base: str, ours: str, theirs: str) -> str:
    """The lines of both sides, sorted, but for those that one side took away."""
    before, here, there = (set(text.splitlines()) for text in (base, ours, theirs))
    return "".join(f"{line}\n" for line in sorted((here & there) | ((here ^ there) - before)))


def combine(file: str, base: Flat, ours: Flat, theirs: Flat) -> tuple[str | None, tuple[Clash, ...]]:
    """Every key as whoever changed it has it."""
    found: Flat = {}
    clashes = []
    for key in dict.fromkeys((*theirs, *ours)):
        before, here, there = base.get(key), ours.get(key), theirs.get(key)
        if here != there and before not in (here, there):
            clashes.append(Clash(file=file, key=".".join(key), ours=here, theirs=there))
        value = there if here == before else here
        if value is not None:
            found[key] = value
    clashes += [
        Clash(file=file, key=".".join(key[:length]), ours=ours.get(key[:length]), theirs="a table")
        for key in found
        for length in range(1, len(key))
        if key[:length] in found
    ]
    text = first_line(file) + tomli_w.dumps(nested(found), multiline_strings=True)
    return (None if clashes else text), tuple(clashes)


def flat(table: dict[str, Any], prefix: tuple[str, ...] = ()) -> Flat:
    """A table's values by the path of their keys."""
    found: Flat = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= flat(value, (*prefix, key))
        else:
            found[*prefix, key] = value
    return found


def nested(values: Flat) -> dict[str, Any]:
    """The table that has these values."""
    table: dict[str, Any] = {}
    for path, value in values.items():
        owner = table
        for step in path[:-1]:
            owner = owner.setdefault(step, {})
        owner[path[-1]] = value
    return table
