"""What the keys of a file may hold, read off the Structs."""

import re
from collections.abc import Sequence
from typing import get_args

from msgspec import inspect

from mailctl.domain import account, watching

PLAINLY = {
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "float": "a number",
}
SHAPES = {  # in words, for who does not read regular expressions
    account.Name: "a name of letters, digits, . _ + -",
    account.Host: "a host's name",
    account.Variable: "a variable's name: letters, digits, _",
    account.Credential: "a name of letters, digits, . _ -",
    account.Fingerprint: "64 hexadecimal digits",
    account.Url: "an address such as https://sso.firm.example/token",
    account.Scope: "a scope: no blanks, no quotes",
    account.Tenant: "a firm's domain or number",
    watching.Interval: "a time such as 30s, 5m or 1h",
    watching.Pause: "a time such as 30s, 5m or 1h, or never",
    watching.Hours: "hours such as 20:00-07:30",
}
WORDS = {repr(get_args(shape)[1].pattern): words for shape, words in SHAPES.items()}  # as msgspec quotes them


def value_types(path: Sequence[str | int], kind: type) -> tuple[inspect.Type, ...]:
    """What a key may hold, as msgspec describes it; behind a mapping's key, what the mapping holds."""
    found = alternatives(inspect.type_info(kind))
    for step in path:
        if isinstance(step, int):
            items = next(part for part in found if isinstance(part, inspect.VarTupleType))
            found = alternatives(items.item_type)
            continue
        holder = next(part for part in found if isinstance(part, inspect.DictType | inspect.StructType))
        if isinstance(holder, inspect.DictType):
            found = alternatives(holder.value_type)
        else:
            found = alternatives(next(field.type for field in holder.fields if field.encode_name == step))
    return found


def alternatives(info: inspect.Type) -> tuple[inspect.Type, ...]:
    """The types in a union, descriptions stripped."""
    if isinstance(info, inspect.Metadata):
        return alternatives(info.type)
    return tuple(alternatives(part)[0] for part in info.types) if isinstance(info, inspect.UnionType) else (info,)


def plainly(what: str, path: Sequence[str | int], kind: type) -> str:
    """msgspec's complaint about a value in words for who writes TOML; the choices, where there are some."""
    if path and path[-1] == "secret":  # who takes it for the place of a password must not read it in a message
        return f"says where the password is, never the password: one of {', '.join(choices(path, kind))}"
    if what.startswith("Invalid enum value"):
        return f"{what[:1].lower()}{what[1:]} (one of {', '.join(choices(path, kind))})"
    if shape := re.fullmatch(r"Expected `str` matching regex (.*)", what):
        return f"expected {WORDS.get(shape[1], 'text without control characters')}"
    if what == "Invalid RFC3339 encoded date":
        return "expected a day such as 2026-11-24"
    words = re.sub(r"`([a-z]+(?: \| [a-z]+)*)`", lambda found: in_words(found[1]), what)
    words = words.replace("`", "'")
    return words[:1].lower() + words[1:]


def in_words(kinds: str) -> str:
    """Types as msgspec names them, `str | object`, in words."""
    found = [PLAINLY.get(one, f"'{one}'") for one in kinds.split(" | ") if one != "null"]
    return " or ".join(found)


def choices(path: Sequence[str | int], kind: type) -> tuple[str, ...]:
    """The values of the closed set that a key takes."""
    enums = (part.cls for part in value_types(path, kind) if isinstance(part, inspect.EnumType))
    return tuple(str(member.value) for cls in enums for member in cls)


def filler(path: Sequence[str | int], kind: type) -> object:
    """Something valid for a key, to see what else is wrong with a file."""
    return filling(value_types(path, kind)[0])


def filling(info: inspect.Type) -> object:
    """The plainest value of a type."""
    match alternatives(info)[0]:
        case inspect.EnumType(cls=cls):
            return str(next(iter(cls)).value)
        case inspect.StructType(fields=fields):
            return {field.encode_name: filling(field.type) for field in fields if field.required}
        case inspect.VarTupleType():
            return []
        case inspect.DictType():
            return {}
        case inspect.IntType():
            return 1
        case inspect.BoolType():
            return True
    return "x"
