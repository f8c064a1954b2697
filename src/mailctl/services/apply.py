"""The store as code: a document planned against it, then applied as one change; and the store as a document."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.collaborator import Collaborator
from mailctl.errors import BadDataError, InputMissingError, StoreError
from mailctl.services.context import Context
from mailctl.store.decode import Source
from mailctl.store.documents import Document, decode_documents, encode_document
from mailctl.store.encode import table_of
from mailctl.store.files import Change

LARGEST = 50_000_000  # bytes of a document


class Action(StrEnum):
    """What is done to a file of the store."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


class Step(Struct, frozen=True, kw_only=True):
    """One line of a plan: what happens to a file, or to one key of it; `old` and `new` as JSON would write them."""

    action: Action
    what: str
    name: str
    key: str = ""
    old: str = ""
    new: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """All that would change, and whether it was done."""

    changes: tuple[Step, ...]
    applied: bool


def apply(ctx: Context, sources: tuple[Source, ...], *, prune: bool = False, dry_run: bool = False) -> Plan:
    """Bring the store to what the documents say: all of it or nothing.

    Args:
        ctx: who acts, and where.
        sources: the documents.
        prune: take away the accounts and collaborators that no document names.
        dry_run: say only what would be done.

    Raises:
        RightMissingError: only an administrator applies.
        BadDataError: a document is invalid, or names nobody.
        StoreError: the store is invalid as it is, or would be.
    """
    ctx.require_admin("apply changes to the whole store")
    with refused_as_data({source.file for source in sources}):
        wanted = decode_documents(sources)
    own = {f"accounts/{one.name}.toml" for one in wanted.accounts}
    with refused_as_data(own), ctx.change("apply " + ", ".join(source.file for source in sources)) as change:
        steps = planned(ctx, wanted, prune=prune)
        if dry_run:
            change.check_only = True
        enact(change, wanted, steps)
    return Plan(changes=steps, applied=bool(steps) and not dry_run)


@contextmanager
def refused_as_data(files: set[str]) -> Iterator[None]:
    """What is wrong with the caller's own files is bad data, not a bad store."""
    try:
        yield
    except StoreError as error:
        if not error.problems or {problem.file for problem in error.problems} - files:
            raise
        raise BadDataError(str(error), hint="nothing was changed") from error


def planned(ctx: Context, wanted: Document, *, prune: bool) -> tuple[Step, ...]:
    """What would change: settings, then people, then accounts; within each by name."""
    people, broken_people = ctx.store.collaborators()
    accounts, broken_accounts = ctx.store.accounts()
    for error in (*broken_people, *broken_accounts):
        raise error
    steps = differences("store", "", ctx.settings, wanted.settings) if wanted.settings else []
    steps += compared("collaborator", {one.id: one for one in people}, {one.id: one for one in wanted.collaborators})
    steps += compared("account", {one.name: one for one in accounts}, {one.name: one for one in wanted.accounts})
    if prune:
        steps += removals(people, accounts, wanted)
    return tuple(steps)


def compared(
    what: str,
    have: "dict[str, Account] | dict[str, Collaborator]",
    wanted: "dict[str, Account] | dict[str, Collaborator]",
) -> list[Step]:
    """The steps from what there is to what is wanted."""
    steps = []
    for name, value in sorted(wanted.items()):
        if name not in have:
            steps.append(Step(action=Action.CREATE, what=what, name=name))
        elif have[name] != value:
            steps += differences(what, name, have[name], value)
    return steps


def differences(what: str, name: str, have: Any, wanted: Any) -> list[Step]:
    """One step for each key that differs."""
    old, new = flat(table_of(have)), flat(table_of(wanted))
    return [
        Step(action=Action.CHANGE, what=what, name=name, key=key, old=old.get(key, ""), new=new.get(key, ""))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """A table's values by dotted key, as JSON writes them."""
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = msgspec.json.encode(value).decode()
    return found


def removals(people: tuple[Collaborator, ...], accounts: tuple[Account, ...], wanted: Document) -> list[Step]:
    """What no document names; of a kind that none names anything is kept, lest a partial file empties the store."""
    steps = []
    if wanted.accounts:
        named = {one.name for one in wanted.accounts}
        steps += [
            Step(action=Action.DELETE, what="account", name=one.name) for one in accounts if one.name not in named
        ]
    if wanted.collaborators:
        named = {one.id for one in wanted.collaborators}
        steps += [Step(action=Action.DELETE, what="collaborator", name=one.id) for one in people if one.id not in named]
    return steps


def enact(change: Change, wanted: Document, steps: tuple[Step, ...]) -> None:
    """Put the steps into one change."""
    touched = {(step.what, step.name) for step in steps if step.action is not Action.DELETE}
    if wanted.settings and ("store", "") in touched:
        change.put(wanted.settings)
    for one in wanted.collaborators:
        if ("collaborator", one.id) in touched:
            change.put(one)
    for account in wanted.accounts:
        if ("account", account.name) in touched:
            change.put(account)
    for step in steps:
        if step.action is Action.DELETE:
            (change.remove_account if step.what == "account" else change.remove_collaborator)(step.name)


def export(ctx: Context, names: tuple[str, ...] = ()) -> str:
    """The store as a document: the accounts that the actor sees, or those named; all people and settings without names.

    Raises:
        AccountNotFoundError: one of the names is none.
        StoreError: a file that would have to be in it is broken.
    """
    if names:
        return encode_document(Document(accounts=tuple(ctx.visible(name) for name in names)))
    accounts, broken_accounts = ctx.store.accounts()
    people, broken_people = ctx.store.collaborators()
    for error in (*broken_people, *broken_accounts):
        raise error
    seen = tuple(one for one in accounts if ctx.actor.is_admin or ctx.rights_on(one))
    return encode_document(Document(settings=ctx.settings, collaborators=people, accounts=seen))


def read_sources(paths: tuple[str, ...], stdin: str | None) -> tuple[Source, ...]:
    """The documents in files and folders; `-` is what was read from stdin.

    Raises:
        InputMissingError: a file is missing or unreadable, or a folder holds no document.
    """
    sources: list[Source] = []
    for text in paths:
        if text == "-":
            sources.append(Source("stdin", stdin or ""))
            continue
        path = Path(text)
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not files:
            raise InputMissingError(f"no .toml file in '{text}'", hint="mailctl export > firm.toml")
        sources += [Source(str(file), read_document(file)) for file in files]
    return tuple(sources)


def read_document(file: Path) -> str:
    """A document's text."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputMissingError(f"'{file}' cannot be read: {(error.strerror or 'no file').lower()}") from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise StoreError(f"{file}: not UTF-8", hint=f"iconv -t utf-8 {file}") from error
