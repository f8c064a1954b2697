"""docs/json.md: what each command prints with `--json`."""

import inspect
import re
from collections.abc import Iterator

from docgen.markdown import code, page, table
from docgen.results import Shown, results
from docgen.walk import leaves
from docgen.words import fields_of, in_words, structs_in

INTRODUCTION = """\
With `--json`, one document on standard output and nothing else there. An array where a command lists, an object
elsewhere; every key is there, with `null` where there is nothing to say, but those said to be left out. Times are in
UTC, sizes in bytes, durations in seconds. A key, once published, is neither renamed nor taken away; new ones may
come, so skip those you do not know.

A failure is one document on standard error, `{"error": {"code": …, "message": …, "hint": …}}`; a store with faults
adds `problems`, an array of `file`, `line`, `key`, `text`. Go by the exit status and the `code`, which
[exit-codes.md](exit-codes.md) lists; the message is for people and changes."""


def text() -> str:
    """The page."""
    commands = [(command, results(command)) for command in leaves()]
    rows = [
        (code(f"mailctl {command.name}"), " or ".join(linked(shown) for shown in found))
        for command, found in commands
        if found
    ]
    types = reachable([shown.type for _, found in commands for shown in found])
    return page("JSON", INTRODUCTION, [table(("command", "prints"), rows), *map(section, types)])


def linked(shown: Shown) -> str:
    """A result with a link to its keys."""
    return f"array of {link(shown.type)}" if shown.is_array else link(shown.type)


def link(struct: type) -> str:
    """A link to a Struct's keys."""
    return f"[{title(struct)}](#{title(struct).lower().replace(' ', '-')})"


def title(struct: type) -> str:
    """A name that only one Struct has: services call what they show alike."""
    return f"{struct.__module__.rpartition('.')[2]} {struct.__name__}"


def reachable(types: list[type]) -> list[type]:
    """These Structs and those inside them, by name."""
    found: dict[str, type] = {}
    waiting = list(types)
    while waiting:
        struct = waiting.pop()
        if found.setdefault(title(struct), struct) is not struct:
            raise TypeError(f"two Structs are called {title(struct)}")
        inner = [one for field in fields_of(struct) for one in structs_in(field.type)]
        waiting += [one for one in inner if title(one) not in found]
    return [found[name] for name in sorted(found)]


def section(struct: type) -> str:
    """One Struct's keys."""
    said = re.sub(r"\bNone\b", "null", inspect.cleandoc(struct.__doc__ or ""))
    return f"## {title(struct)}\n{said}\n\n{table(('key', 'value'), key_rows(struct))}"


def key_rows(struct: type) -> Iterator[tuple[str, str]]:
    """A Struct's keys with their types."""
    skips_defaults = struct.__struct_config__.omit_defaults  # type: ignore[attr-defined]
    for field in fields_of(struct):
        left_out = "; left out where it is the default" if skips_defaults and not field.required else ""
        yield code(field.encode_name), in_words(field.type, link) + left_out
