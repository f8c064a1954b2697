"""Two changes of one TOML file, merged by its keys."""

from typing import Any

import tomli
import tomli_w
from msgspec import Struct

Flat = dict[tuple[str, ...], Any]


class Clash(Struct, frozen=True, kw_only=True):
    """One key with two new values; None stands for removed."""

    file: str
    key: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        shown = ["removed" if value is None else repr(value) for value in (self.ours, self.theirs)]
        return f"{self.file}: {self.key}: {shown[0]} here, {shown[1]} there"


def merged(
    file: str, *, base: str | None, ours: str | None, theirs: str | None
) -> tuple[str | None, tuple[Clash, ...]]:
    """The merged text, None for removed; and the keys that have two new values."""
    if not file.endswith(".toml"):
        return ours, (Clash(file=file, key="the file", ours="changed", theirs="changed"),)
    if ours is None or theirs is None:
        if base is not None and (ours or theirs) == base:
            return None, ()
        shown = [None if text is None else "changed" for text in (ours, theirs)]
        return None, (Clash(file=file, key="the file", ours=shown[0], theirs=shown[1]),)
    sides = [flat(tomli.loads(text or "")) for text in (base, ours, theirs)]
    return combine(file, *sides)


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
    return (None if clashes else tomli_w.dumps(nested(found), multiline_strings=True)), tuple(clashes)


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
