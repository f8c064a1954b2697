"""Accounts from elsewhere, planned against the store and brought into it as one change."""

from pathlib import Path

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.sheet import refused
from mailctl.errors import BadDataError, Problem, UsageError
from mailctl.importers import IMPORTERS, Column, Found
from mailctl.loading import load
from mailctl.services.apply import Action, differences, read_bytes, whole
from mailctl.services.candidates import Planned, known_of, planned
from mailctl.services.context import Context


class KeyChange(Struct, frozen=True, kw_only=True):
    """One key of an account; `old` and `new` as JSON would write them, `old` empty for a new account."""

    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.key}: {self.old} → {self.new}" if self.old else f"{self.key}={self.new}"


class Row(Struct, frozen=True, kw_only=True):
    """One account that is made or changed, and the line of the file that says so."""

    name: str
    action: Action
    line: int
    address: str
    changes: tuple[KeyChange, ...]


class Imported(Struct, frozen=True, kw_only=True):
    """How a file was understood, what it changes, and whether that was done; `unchanged` counts its other accounts."""

    read_as: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    unchanged: int
    applied: bool


def reader_of(form: str) -> str:
    """Where the reader of a form of file is.

    Raises:
        UsageError: there is none.
    """
    if form not in IMPORTERS:
        raise UsageError(f"nothing reads '{form}'", hint=f"one of {', '.join(IMPORTERS)}")
    return IMPORTERS[form]


def import_(
    ctx: Context,
    form: str,
    data: bytes,
    *,
    file: str,
    provider: str | None = None,
    update: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Bring the accounts of a file into the store: all of them or none.

    Args:
        ctx: who acts, and where.
        form: what kind of file it is, a name in IMPORTERS.
        data: what is in it.
        file: its name, for messages.
        provider: the preset of new accounts that name neither one nor a server.
        update: change accounts that are there and differ; without it they are faults.
        dry_run: say only what would be done.

    Raises:
        RightMissingError: only an administrator imports.
        BadDataError: with each fault of the file; nothing is changed then.
        StoreError: the store is invalid as it is.
    """
    ctx.require_admin("import accounts")
    found: Found = load(reader_of(form))(data, file=file)
    with ctx.change(f"import accounts from {file}") as change:
        plans = changes_of(ctx, found, file=file, provider=provider, update=update)
        if dry_run:
            change.check_only = True
        for one in plans:
            change.put(one.after)
    return Imported(
        read_as=found.read_as,
        columns=found.columns,
        rows=tuple(row(one) for one in plans),
        unchanged=len(found.candidates) - len(plans),
        applied=bool(plans) and not dry_run,
    )


def changes_of(ctx: Context, found: Found, *, file: str, provider: str | None, update: bool) -> tuple[Planned, ...]:
    """The accounts to make and to change.

    Raises:
        BadDataError: with each fault of the file.
    """
    known = known_of(whole(ctx), found.columns, file=file, provider=provider)
    problems, plans = list(found.problems), []
    for candidate in found.candidates:
        try:
            plans.append(planned(ctx, known, candidate))
        except BadDataError as error:
            problems += error.problems
    problems += doubles(plans, file=file, has_names="name" in known.headings)
    changed = tuple(one for one in plans if one.before != one.after)
    differing = [] if update else [Problem(file, one.line, "", differs(one)) for one in changed if one.before]
    if problems or differing:
        hint = "nothing was imported" if problems else "--update changes the accounts that are there"
        raise refused(tuple(sorted((*problems, *differing), key=lambda one: one.line)), hint=hint)
    return changed


def doubles(plans: list[Planned], *, file: str, has_names: bool) -> tuple[Problem, ...]:
    """The accounts that stand in the file twice, or would have one name."""
    names: dict[str, int] = {}
    addresses: dict[str, int] = {}
    problems = []
    for one in plans:
        twin = addresses.setdefault(one.after.address.casefold(), one.line)
        namesake = names.setdefault(one.after.name, one.line)
        if twin != one.line:
            problems.append(Problem(file, one.line, "", f"'{one.after.address}' stands in line {twin} too"))
        elif namesake != one.line:
            advice = "" if has_names else "; a column 'account' can tell them apart"
            text = f"the account of line {namesake} is called '{one.after.name}' too{advice}"
            problems.append(Problem(file, one.line, "", text))
    return tuple(problems)


def differs(one: Planned) -> str:
    """What to say of an account that is there and would change."""
    keys = ", ".join(change.key for change in row(one).changes)
    return f"the account '{one.after.name}' is there, with another {keys}"


def row(one: Planned) -> Row:
    """What becomes of a candidate, key by key."""
    name = one.after.name
    steps = differences("account", name, one.before or Account(name=name, address=""), one.after)
    return Row(
        name=name,
        action=Action.CHANGE if one.before else Action.CREATE,
        line=one.line,
        address=one.after.address,
        changes=tuple(KeyChange(key=step.key, old=step.old if one.before else "", new=step.new) for step in steps),
    )


def read_file(place: str | None, stdin: bytes) -> tuple[bytes, str]:
    """What is in a file, and its name for messages; `-`, or none, is what was read from stdin.

    Raises:
        InputMissingError: the file is missing or unreadable.
    """
    return (stdin, "stdin") if place in (None, "-") else (read_bytes(Path(str(place))), str(place))
