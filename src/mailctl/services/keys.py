"""`KEY=VALUE` and the keys of a file: dotted as in the file, values read as the key's type asks."""

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec
import tomli
from msgspec import inspect

from mailctl.domain.account import Account
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings
from mailctl.errors import BadDataError, StoreError, UsageError
from mailctl.store.decode import unknown_key
from mailctl.store.encode import BY_FILE_NAME, table_of
from mailctl.store.schema import value_types

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair

Value = TypeVar("Value", bound="Account | Collaborator | Settings | Affair")
Table = dict[str, object]
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NUMBER = re.compile(r"-?[0-9]{1,18}")
LISTS: dict[str, Callable[[str], list[str]]] = {"command": shlex.split, "open": shlex.split}


def with_keys(value: Value, pairs: tuple[str, ...], *, decode: Callable[[str], Value]) -> Value:
    """The value with each `KEY=VALUE` set.

    Args:
        value: what the file holds.
        pairs: dotted keys; lists separated by commas, or as in TOML.
        decode: the file's text to its value, every rule checked.

    Raises:
        UsageError: a word without `=`.
        BadDataError: no such key, or a value it cannot hold.
    """
    table = table_of(value)
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"'{pair}' is no KEY=VALUE", hint="such as incoming.port=143")
        place(table, key.strip(), text, type(value))
    return checked(table, decode)


def without_keys(value: Value, keys: tuple[str, ...], *, decode: Callable[[str], Value]) -> Value:
    """The value with each of these keys back at its default.

    Raises:
        BadDataError: there is no such key, or the file cannot do without it.
    """
    table = table_of(value)
    for key in keys:
        *path, last = path_of(key, type(value))
        owner: object = table
        for step in path:
            owner = owner.get(step, {}) if isinstance(owner, dict) else {}
        if isinstance(owner, dict):
            owner.pop(last, None)
    return checked(table, decode)


def checked(table: Table, decode: Callable[[str], Value]) -> Value:
    """The table's value; what is wrong with it is the caller's data, not the store."""
    import tomli_w

    try:
        return decode(tomli_w.dumps(table))
    except StoreError as error:
        first = error.problems[0]
        raise BadDataError(f"{first.key}: {first.text}", hint="docs/store.md names every key") from error


def place(table: Table, key: str, text: str, kind: type) -> None:
    """Put a value into a table, at a dotted key."""
    *path, last = path_of(key, kind)
    owner = table
    for step in path:
        inner = owner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise BadDataError(f"{key}: '{step}' holds no keys", hint=f"{step}=VALUE")
        owner = inner
    owner[last] = read_value(text, [*path, last], kind)


def path_of(key: str, kind: type) -> list[str]:
    """The steps of a dotted key. A collaborator's name may hold dots: behind `rights.` all is one step.

    Raises:
        BadDataError: there is no such key.
    """
    steps = key.split(".")
    for number, step in enumerate(steps):
        fields = {item.encode_name: item.type for item in msgspec.structs.fields(kind)}
        if step not in fields or step == BY_FILE_NAME.get(kind.__name__):
            raise BadDataError(f"{key}: {unknown_key(step, kind)}", hint="docs/store.md names every key")
        rest = ".".join(steps[number + 1 :]).strip('"')
        inner = struct_of(fields[step])
        if inner is None:
            return [*steps[: number + 1], *([rest] if rest else [])]
        kind = inner
    return steps


def struct_of(annotation: object) -> type | None:
    """The Struct that a key holds as a table of its own; None for one that holds a value, a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    parts = getattr(annotation, "__args__", ())
    if getattr(annotation, "__origin__", None) in (tuple, list, dict):
        return None
    return next((found for part in parts if (found := struct_of(part))), None)


def read_value(text: str, path: list[str], kind: type) -> object:
    """A word of the command line as the value that its key holds."""
    holds = {type(part) for part in value_types(path, kind)}
    if text[:1] in "[{" and holds & {inspect.VarTupleType, inspect.DictType}:
        return toml_value(text, ".".join(path))
    if inspect.VarTupleType in holds:
        return parts_of(text, path)
    if inspect.BoolType in holds:
        return WORDS.get(text.lower(), text)
    if inspect.IntType in holds and NUMBER.fullmatch(text):
        return int(text)
    return text


def parts_of(text: str, path: list[str]) -> list[str]:
    """The entries of a list: apart by commas, a command's as a shell takes it apart.

    Raises:
        BadDataError: a quotation mark is left open.
    """
    try:
        return LISTS.get(path[-1], by_commas)(text)
    except ValueError as error:
        said = str(error).lower()
        raise BadDataError(f"{'.'.join(path)}: {said}: {text}", hint="such as \"pass show 'mail/contact'\"") from error


def by_commas(text: str) -> list[str]:
    """The parts between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def toml_value(text: str, key: str) -> object:
    """A value written as in TOML.

    Raises:
        BadDataError: it is none.
    """
    try:
        return tomli.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError) as error:
        raise BadDataError(f"{key}: no valid TOML: {text}", hint="such as rights.bob=read,send") from error
