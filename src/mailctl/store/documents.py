"""Files for `apply`: any number of accounts, collaborators, affairs and the settings in one TOML document."""

from typing import Any, TypeVar

import tomli_w
from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.affair import Affair, normal
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import VERSION, Settings
from mailctl.errors import Problem, StoreError, nearest
from mailctl.store.affairs import affair_in
from mailctl.store.decode import Source, account_in, collaborator_in, invalid, settings_in, table_of
from mailctl.store.encode import table_of as table_for

PLACES = ("store", "collaborators", "accounts", "affairs")

Value = Settings | Collaborator | Account | Affair
Kind = TypeVar("Kind", bound=Value)


class Document(Struct, frozen=True, kw_only=True):
    """What a store should hold; settings of None are left as they are."""

    settings: Settings | None = None
    collaborators: tuple[Collaborator, ...] = ()
    accounts: tuple[Account, ...] = ()
    affairs: tuple[Affair, ...] = ()


def decode_documents(sources: tuple[Source, ...]) -> Document:
    """The documents, taken together.

    Raises:
        StoreError: with every problem of every file; a name that stands in two files is one.
    """
    problems: list[Problem] = []
    found: dict[tuple[str, str], Value] = {}
    for source in sources:
        try:
            add_document(source, found, problems)
        except StoreError as error:
            problems += error.problems
    if problems:
        raise invalid(tuple(problems))
    values = tuple(found.values())
    return Document(
        settings=next(iter(those(Settings, values)), None),
        collaborators=those(Collaborator, values),
        accounts=those(Account, values),
        affairs=those(Affair, values),
    )


def those(kind: type[Kind], values: tuple[Value, ...]) -> tuple[Kind, ...]:
    """The values of one kind."""
    return tuple(value for value in values if isinstance(value, kind))


def add_document(source: Source, found: dict[tuple[str, str], Value], problems: list[Problem]) -> None:
    """Put what one document holds beside what others held."""
    for place, tables in table_of(source).items():
        if place not in PLACES or not isinstance(tables, dict):
            guess = nearest(place, PLACES)
            what = f"unknown table (did you mean '{guess}'?)" if guess else "unknown table"
            problems.append(source.problem((place,), what if place not in PLACES else "expected a table"))
            continue
        named = {"": tables} if place == "store" else tables
        for name, table in named.items():
            path = (place, name) if name else (place,)
            if (place, normal(name)) in found:
                problems.append(source.problem(path, "stands in another file too"))
                continue
            try:
                found[place, normal(name)] = value_in(place, name, table, Source(source.file, source.text, path))
            except StoreError as error:
                problems += error.problems


def value_in(place: str, name: str, table: Any, source: Source) -> Value:
    """The value that one table describes."""
    if not isinstance(table, dict):
        raise invalid((source.problem((), "expected a table"),))
    if place == "accounts":
        return account_in(name, table, source)
    if place == "collaborators":
        return collaborator_in(name, table, source)
    if place == "affairs":
        return affair_in(name, table, source)
    return settings_in({"version": VERSION, **table}, source)


def encode_document(document: Document) -> str:
    """The text that, applied, gives these values again."""
    tables: dict[str, Any] = {}
    if document.settings:
        tables["store"] = table_for(document.settings)
    if document.collaborators:
        tables["collaborators"] = {one.id: table_for(one) for one in document.collaborators}
    if document.accounts:
        tables["accounts"] = {one.name: table_for(one) for one in document.accounts}
    if document.affairs:
        tables["affairs"] = {one.ref: table_for(one) for one in document.affairs}
    return tomli_w.dumps(tables, multiline_strings=True)
