"""docs/store.md: every key of the store's files."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect

from docgen.markdown import code, page, table
from docgen.words import description, fields_of, in_words
from mailctl.store.encode import BY_FILE_NAME
from mailctl.store.jsonschema import FILES

INTRODUCTION = """\
A folder of small TOML files, made by `mailctl init`, found by `mailctl store path`: read it, edit it by hand, keep it
in git. Passwords are never in it. After editing by hand, `mailctl store check` names every fault with file, line and
key. Each file's first line names its JSON Schema, by which editors complete and check it.

```
store.toml                 what holds for the whole firm
accounts/contact.toml      one account a file
collaborators/alice.toml   one person a file
affairs/2026-014.toml      one case or project a file
templates/relance.md       one mail with blanks a file: docs/templates.md
signatures/                images that signatures embed
```

Keys in a table are written with dots here, as `mailctl account set` takes them: `incoming.port` is `port` in
`[incoming]`. `NAME` stands for a name of your own; `[]` for each table of an array, `[[aliases]]`. Only `account set`
and `collaborator set` are needed to change a file by script; `mailctl apply` brings the whole store to what files
say."""
RIGHTS = """\
## Rights

| right | lets one | holds |
| --- | --- | --- |
| `read` | fetch, list, read and save; be told of unread mail | |
| `organize` | change what lies in the mailbox: what one reads is marked as read on the server | `read` |
| `send` | send and reply; that account's outbox | |
| `manage` | change the account, its signature, its password and its rights | all others |

The owner of a personal account holds every right on it. An administrator (a login in `administrators`, a collaborator
with `admin = true`, or root) may change the whole store, and needs a right like anyone to read or send through an
account. A store without collaborators is one person's: everything is allowed.

Whoever can read a password can use it, with or without mailctl. Rights bind where the secret is out of the
collaborator's reach, or where the mail server enforces them too."""


def text() -> str:
    """The page."""
    parts = [
        f"## {title.partition(':')[0]}\n{table(('key', 'value', 'default', 'meaning'), rows(kind))}"
        for kind, title in FILES.values()
    ]
    return page("The store", INTRODUCTION, [*parts, RIGHTS])


def rows(kind: type) -> Iterator[tuple[str, str, str, str]]:
    """A file's keys, but those that its name says."""
    return (row for row in keys(kind, "") if row[0].strip("`") != BY_FILE_NAME.get(kind.__name__))


def keys(kind: type, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """A Struct's keys, those of the tables in it with dots.

    Raises:
        TypeError: a key has no description.
    """
    for field in fields_of(kind):
        name = f"{prefix}{field.encode_name}"
        found = bare(field.type)
        if isinstance(found, inspect.StructType):
            yield from keys(found.cls, f"{name}.")
        elif isinstance(found, inspect.VarTupleType) and isinstance(bare(found.item_type), inspect.StructType):
            yield from keys(bare(found.item_type).cls, f"{name}[].")  # type: ignore[attr-defined]
        else:
            for table_in in tables_in(found):  # a name, or a table that says more
                yield from keys(table_in, f"{name}.")
            said = description(field.type)
            if not said:
                raise TypeError(f"{kind.__name__}.{field.name} has no description: Annotated[…, Meta(description=…)]")
            mapped = ".NAME" if isinstance(found, inspect.DictType) else ""
            value = found.value_type if isinstance(found, inspect.DictType) else found
            yield code(name + mapped), in_words(value), default(field), said


def bare(kind: inspect.Type) -> inspect.Type:
    """A type without its description, and without null, which no TOML file says."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        some = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return bare(some[0]) if len(some) == 1 else kind
    return kind


def tables_in(kind: inspect.Type) -> tuple[type, ...]:
    """The tables among the types that a key may have."""
    types = kind.types if isinstance(kind, inspect.UnionType) else ()
    return tuple(one.cls for one in map(bare, types) if isinstance(one, inspect.StructType))


def default(field: inspect.Field) -> str:
    """What holds when a key is left out; nothing where that says nothing."""
    if field.required:
        return "required"
    value: Any = field.default
    if value in (msgspec.NODEFAULT, None, "", ()):
        return ""
    shown = value.value if isinstance(value, Enum) else value
    return code(str(shown).lower() if isinstance(shown, bool) else str(shown))
