"""tests/contract/json_keys.toml: the keys each command has ever printed with `--json`; it grows and never shrinks."""

from collections.abc import Iterator
from pathlib import Path

import tomli
import tomli_w
from msgspec import inspect

from docgen.results import results
from docgen.walk import NOTE, leaves
from docgen.words import fields_of

FILE = Path(__file__).parents[2] / "tests/contract/json_keys.toml"


def text() -> str:
    """The file with new keys added; those that are gone stay, and a test fails."""
    known, now = recorded(), current()
    union = {name: sorted({*known.get(name, ()), *now.get(name, ())}) for name in sorted({*known, *now})}
    return f"# {NOTE} What stands here is what scripts rely on.\n" + tomli_w.dumps(union)


def recorded() -> dict[str, list[str]]:
    """The keys by command, as the file has them."""
    return tomli.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def current() -> dict[str, set[str]]:
    """The keys by command, as the result types have them: `incoming.host`, `[].name` in an array."""
    found: dict[str, set[str]] = {}
    for command in leaves():
        for shown in results(command):
            prefix = "[]." if shown.is_array else ""
            found.setdefault(command.name, set()).update(keys(shown.type, prefix))
    return found


def keys(struct: type, prefix: str) -> Iterator[str]:
    """A Struct's keys, and those of the Structs in it."""
    for field in fields_of(struct):
        yield prefix + field.encode_name
        yield from inner_keys(field.type, prefix + field.encode_name)


def inner_keys(kind: inspect.Type, name: str) -> Iterator[str]:
    """The keys inside a value."""
    match kind:
        case inspect.Metadata(type=inner):
            yield from inner_keys(inner, name)
        case inspect.UnionType(types=types):
            for one in types:
                yield from inner_keys(one, name)
        case inspect.StructType(cls=struct):
            yield from keys(struct, f"{name}.")
        case inspect.VarTupleType(item_type=item):
            yield from inner_keys(item, f"{name}[]")
        case inspect.DictType(value_type=value):
            yield from inner_keys(value, f"{name}.NAME")
