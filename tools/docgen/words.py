"""Types of values, in words for who reads TOML or JSON and no Python."""

from collections.abc import Callable
from typing import Any

from msgspec import inspect

PLAIN: dict[type, str] = {
    inspect.NoneType: "null",
    inspect.BoolType: "true or false",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.StrType: "text",
    inspect.BytesType: "text, in Base64",
    inspect.DateTimeType: "time, as RFC 3339 in UTC",
    inspect.DateType: "day, as RFC 3339",
    inspect.AnyType: "anything",
}


def in_words(kind: inspect.Type, link: Callable[[type], str] = lambda struct: struct.__name__) -> str:
    """A type as a reader of JSON sees it.

    Args:
        kind: as msgspec describes it.
        link: how a Struct in it is named.
    """
    match kind:
        case inspect.Metadata(type=inner):
            return in_words(inner, link)
        case inspect.UnionType(types=types):
            return ", or ".join(in_words(one, link) for one in types)
        case inspect.EnumType(cls=choices):
            return f"one of {', '.join(f'`{one.value}`' for one in choices)}"
        case inspect.StructType(cls=struct):
            return f"object: {link(struct)}"
        case inspect.DictType(key_type=key, value_type=value):
            return f"object: {in_words(key, link)} → {in_words(value, link)}"
        case inspect.TupleType(item_types=items):
            return f"array of {' and '.join(in_words(item, link) for item in items)}"
    item = getattr(kind, "item_type", None)
    return PLAIN[type(kind)] if item is None else f"array of {in_words(item, link)}"


def structs_in(kind: inspect.Type) -> list[type]:
    """The Structs that a type mentions, itself included."""
    match kind:
        case inspect.Metadata(type=inner):
            return structs_in(inner)
        case inspect.StructType(cls=struct):
            return [struct]
        case inspect.UnionType(types=many) | inspect.TupleType(item_types=many):
            return [found for one in many for found in structs_in(one)]
        case inspect.DictType(value_type=inner):
            return structs_in(inner)
        case _:
            inner = getattr(kind, "item_type", None)
            return structs_in(inner) if inner is not None else []


def fields_of(struct: type) -> tuple[inspect.Field, ...]:
    """A Struct's fields."""
    found: Any = inspect.type_info(struct)
    return tuple(found.fields)


def description(kind: inspect.Type) -> str:
    """What stands beside a type as its description; the outermost one."""
    if not isinstance(kind, inspect.Metadata):
        return ""
    said = (kind.extra_json_schema or {}).get("description", "")
    return said or description(kind.type)
