"""The store as code: a document planned against it, then applied as one change; and the store as a document."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.affair import Affair, ref_of
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings
from mailctl.errors import BadDataError, InputMissingError, Problem, ProviderNotFoundError, StoreError
from mailctl.services.context import Context
from mailctl.services.renaming import forget_secrets, refuse_waiting
from mailctl.store.change import Change
from mailctl.store.decode import Source, invalid
from mailctl.store.documents import Document, decode_documents, encode_document
from mailctl.store.encode import table_of
from mailctl.store.files import readable
from mailctl.store.lines import lines_of
from mailctl.store.references import dangling_defaults

Value = Account | Collaborator | Affair
Kept = TypeVar("Kept")
Read = tuple[tuple[Kept, ...], tuple[StoreError, ...]]  # values, and the errors of those that cannot be read
Values = tuple[Account, ...] | tuple[Collaborator, ...] | tuple[Affair, ...]
REMOVED = ("account", "collaborator", "affair")  # the order in which a plan shows removals


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
        prune: take away the accounts, collaborators and affairs that no document names.
        dry_run: say only what would be done.

    Raises:
        RightMissingError: only an administrator applies.
        BadDataError: a document is invalid, or names nobody.
        StoreError: the store is invalid as it is, or would be.
    """
    ctx.require_admin("apply changes to the whole store")
    with refused_as_data(sources):
        wanted = decode_documents(sources)
        refuse_unknown_presets(ctx, wanted)
    with ctx.change("apply " + ", ".join(source.file for source in sources)) as change:
        change.check_only = dry_run
        have = whole(ctx) if prune else known(ctx, wanted)
        with refused_as_data(sources):
            steps = planned(ctx, have, wanted, prune=prune)
            refuse_dangling(ctx, have, wanted, steps)
            enact(change, wanted, steps)
            change.check_references(ctx.store.read)
        gone = {step.name for step in steps if step.action is Action.DELETE and step.what == "account"}
        refuse_waiting(ctx, gone)
    if not dry_run:
        forget_secrets(ctx, [account for account in have.accounts if account.name in gone])
    return Plan(changes=steps, applied=bool(steps) and not dry_run)


def refuse_unknown_presets(ctx: Context, wanted: Document) -> None:
    """Refuse accounts whose provider there is not.

    Raises:
        StoreError: with each of them.
    """
    problems = []
    for account in wanted.accounts:
        try:
            ctx.provider(account)
        except ProviderNotFoundError as error:
            problems.append(Problem(f"accounts/{account.name}.toml", 0, "provider", str(error)))
    if problems:
        raise invalid(tuple(problems))


@contextmanager
def refused_as_data(sources: tuple[Source, ...]) -> Iterator[None]:
    """What is wrong with the caller's own documents is bad data, not a bad store; their lines are named."""
    try:
        yield
    except StoreError as error:
        problems = tuple(in_document(problem, sources) for problem in error.problems)
        if not problems or {problem.file for problem in problems} - {source.file for source in sources}:
            raise
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BadDataError(f"{problems[0]}{more}", hint="nothing was changed", problems=problems) from error


def in_document(problem: Problem, sources: tuple[Source, ...]) -> Problem:
    """A fault in a file that would be written, where the document says it; as it is when none does."""
    folder, _, stem = problem.file.removesuffix(".toml").partition("/")
    place = (folder, ref_of(stem) or stem) if stem else (folder,)
    for source in sources:
        if place in lines_of(source.text):
            key = tuple(filter(None, problem.key.partition(".")[::2]))  # a collaborator's name may hold dots
            return source.problem((*place, *key), problem.text)
    return problem


def refuse_dangling(ctx: Context, have: Document, wanted: Document, steps: tuple[Step, ...]) -> None:
    """Refuse defaults that the document gives, or that stay, and whose account there would not be.

    Raises:
        StoreError: with each of them.
    """
    gone = {step.name for step in steps if step.action is Action.DELETE and step.what == "account"}
    names = frozenset({*ctx.store.account_names(), *(one.name for one in wanted.accounts)} - gone)
    people = {one.id: one for one in (*(have.collaborators if gone else ()), *wanted.collaborators)}
    left = {step.name for step in steps if step.action is Action.DELETE and step.what == "collaborator"}
    settings = wanted.settings or (ctx.settings if gone else None)
    problems = dangling_defaults(
        settings, tuple(one for name, one in people.items() if name not in left), names, ctx.store.read
    )
    if problems:
        raise invalid(problems)


def planned(ctx: Context, have: Document, wanted: Document, *, prune: bool) -> tuple[Step, ...]:
    """What would change: settings, then people, accounts and affairs; within each by name."""
    steps = differences("store", "", ctx.settings, wanted.settings) if wanted.settings else []
    for what, key, there, desired in kinds(have, wanted):
        steps += compared(what, {getattr(one, key): one for one in there}, {getattr(one, key): one for one in desired})
    return (*steps, *removals(have, wanted)) if prune else tuple(steps)


def whole(ctx: Context) -> Document:
    """All that the store holds.

    Raises:
        StoreError: one of its files is broken; each fault of each file is in it.
    """
    return sound(ctx, ctx.store.collaborators(), ctx.store.accounts(), ctx.store.affairs())


def known(ctx: Context, wanted: Document) -> Document:
    """What the store holds of what a document names; no other file is read, and a broken one stops nothing.

    Raises:
        StoreError: one of those files is broken; each fault of each file is in it.
    """
    store = ctx.store
    people = {one.id for one in wanted.collaborators}.intersection(store.collaborator_names())
    accounts = {one.name for one in wanted.accounts}.intersection(store.account_names())
    affairs = {one.ref for one in wanted.affairs}.intersection(store.affair_names())
    return sound(
        ctx,
        readable(store.collaborator, tuple(sorted(people))),
        readable(store.account, tuple(sorted(accounts))),
        readable(store.affair, tuple(sorted(affairs))),
    )


def sound(ctx: Context, people: Read[Collaborator], accounts: Read[Account], affairs: Read[Affair]) -> Document:
    """What was read, as a document.

    Raises:
        StoreError: one of the files is broken.
    """
    problems = [one for _, errors in (people, accounts, affairs) for error in errors for one in error.problems]
    if problems:
        raise invalid(tuple(problems))
    return Document(settings=ctx.settings, collaborators=people[0], accounts=accounts[0], affairs=affairs[0])


def kinds(have: Document, wanted: Document) -> Iterator[tuple[str, str, Values, Values]]:
    """Each kind of file: its word, the field that names a file, what there is, what is wanted."""
    yield "collaborator", "id", have.collaborators, wanted.collaborators
    yield "account", "name", have.accounts, wanted.accounts
    yield "affair", "ref", have.affairs, wanted.affairs


def compared(what: str, have: dict[str, Value], wanted: dict[str, Value]) -> list[Step]:
    """The steps from what there is to what is wanted."""
    steps = []
    for name, value in sorted(wanted.items(), key=itemgetter(0)):
        if name not in have:
            steps.append(Step(action=Action.CREATE, what=what, name=name))
        elif have[name] != value:
            steps += differences(what, name, have[name], value)
    return steps


def differences(what: str, name: str, have: Value | Settings, wanted: Value | Settings) -> list[Step]:
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


def removals(have: Document, wanted: Document) -> list[Step]:
    """What no document names; of a kind that none names anything is kept, lest a partial file empties the store."""
    steps = []
    for what, key, there, desired in kinds(have, wanted):
        named = {getattr(one, key) for one in desired}
        gone = [getattr(one, key) for one in there if named and getattr(one, key) not in named]
        steps += [Step(action=Action.DELETE, what=what, name=name) for name in gone]
    return sorted(steps, key=lambda step: REMOVED.index(step.what))


def enact(change: Change, wanted: Document, steps: tuple[Step, ...]) -> None:
    """Put the steps into one change."""
    touched = {(step.what, step.name) for step in steps if step.action is not Action.DELETE}
    if wanted.settings and ("store", "") in touched:
        change.put(wanted.settings)
    for what, key, _, desired in kinds(wanted, wanted):
        for one in desired:
            if (what, getattr(one, key)) in touched:
                change.put(one)
    remove = {
        "account": change.remove_account, "collaborator": change.remove_collaborator, "affair": change.remove_affair
    }  # fmt: skip
    for step in steps:
        if step.action is Action.DELETE:
            remove[step.what](step.name)


def export(ctx: Context, names: tuple[str, ...] = ()) -> str:
    """The store as a document: the accounts that the actor sees, or those named; without names, all else too.

    Raises:
        AccountNotFoundError: one of the names is none.
        StoreError: a file that would have to be in it is broken.
    """
    if names:
        return encode_document(Document(accounts=tuple(ctx.visible(name) for name in names)))
    have = whole(ctx)
    seen = tuple(one for one in have.accounts if ctx.actor.is_admin or ctx.rights_on(one))
    return encode_document(replace(have, accounts=seen))


def read_sources(paths: tuple[str, ...], stdin: bytes) -> tuple[Source, ...]:
    """The documents in files and folders; `-` is what was read from stdin.

    Raises:
        InputMissingError: a file is missing or unreadable, or a folder holds no document.
        BadDataError: one is not in UTF-8.
    """
    sources: list[Source] = []
    for text in paths:
        if text == "-":
            sources.append(Source("stdin", text_of("stdin", stdin)))
            continue
        path = Path(text)
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not files:
            raise InputMissingError(f"no .toml file in '{text}'", hint="mailctl export > firm.toml")
        sources += [Source(str(file), text_of(str(file), read_bytes(file))) for file in files]
    return tuple(sources)


def text_of(file: str, data: bytes) -> str:
    """A document's text.

    Raises:
        BadDataError: it is not in UTF-8.
    """
    try:
        return data.decode().removeprefix("\ufeff")  # Windows' editors put one there
    except UnicodeDecodeError as error:
        line = 1 + data[: error.start].count(b"\n")
        raise BadDataError(f"{file}:{line}: not UTF-8", hint="iconv -f latin1 -t utf-8 FILE") from error


def read_bytes(file: Path) -> bytes:
    """What is in a file that the caller named.

    Raises:
        InputMissingError: it is missing or unreadable.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        why = (error.strerror or "no file").lower()
        raise InputMissingError(f"'{file}' cannot be read: {why}", hint=f"ls -l {file}") from error
