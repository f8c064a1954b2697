"""What becomes of an account found elsewhere: which one of the store it is, and what it says over what is there."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.rights import with_implied
from mailctl.domain.sheet import refused
from mailctl.errors import BadDataError, MailctlError, Problem, StoreError, nearest
from mailctl.importers import Candidate, Column
from mailctl.services.accounts import completed
from mailctl.services.context import Context
from mailctl.services.rights import needed
from mailctl.store.decode import Source, account_in
from mailctl.store.documents import Document
from mailctl.store.encode import table_of

Table = dict[str, Any]


class Known(Struct, frozen=True, kw_only=True):
    """What a file's candidates are held against.

    `headings` are the columns by their keys, `addresses` the accounts by their addresses in small letters, and `people`
    the collaborators by every way to name one.
    """

    file: str
    provider: str | None
    headings: dict[str, str]
    accounts: dict[str, Account]
    addresses: dict[str, str]
    people: dict[str, str]


class Planned(Struct, frozen=True, kw_only=True):
    """What becomes of one candidate; `before` is None for a new account."""

    line: int
    before: Account | None
    after: Account


def known_of(have: Document, columns: tuple[Column, ...], *, file: str, provider: str | None) -> Known:
    """The store as a file's candidates are held against it."""
    return Known(
        file=file,
        provider=provider,
        headings={column.key: column.heading for column in columns if column.key},
        accounts={one.name: one for one in have.accounts},
        addresses={one.address.casefold(): one.name for one in have.accounts},
        people=names_of((one.id, (one.email, one.name)) for one in have.collaborators),
    )


def names_of(people: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    """Every way to name a collaborator, in small letters, and the short name; what could mean two of them is none."""
    short: dict[str, str] = {}
    longer: dict[str, set[str]] = {}
    for name, others in people:
        short[name.casefold()] = name
        for other in others:
            longer.setdefault(other.casefold(), set()).add(name)
    return {other: min(names) for other, names in longer.items() if len(names) == 1} | short


def planned(ctx: Context, known: Known, candidate: Candidate) -> Planned:
    """What becomes of a candidate.

    Raises:
        BadDataError: with each fault of it.
    """
    address = str(candidate.table.get("address", ""))
    if not address:
        raise faulty(known, candidate, [("address", "is missing")])
    name = candidate.name or known.addresses.get(address.casefold()) or short_name(address)
    before = known.accounts.get(name)
    other = known.addresses.get(address.casefold(), name)
    if other != name:
        raise faulty(known, candidate, [("address", f"'{address}' is the address of the account '{other}'")])
    table = overlaid(before, with_collaborators(known, candidate))
    after = checked(ctx, known, candidate, name, table)
    return Planned(line=candidate.line, before=before, after=kept(before, after) if before else after)


def short_name(address: str) -> str:
    """The name of an account that is given none: what stands before the @, in small letters."""
    return address.rpartition("@")[0].lower()


def with_collaborators(known: Known, candidate: Candidate) -> Table:
    """What a candidate says, its owner and rights by short names.

    Raises:
        BadDataError: with each of them that is nobody.
    """
    table = dict(candidate.table)
    named = [("owner", table["owner"])] if "owner" in table else []
    named += [("rights", who) for who in table.get("rights", ())]
    strangers = [(key, nobody(known, who)) for key, who in named if who.casefold() not in known.people]
    if strangers:
        raise faulty(known, candidate, strangers)
    if "owner" in table:
        table["owner"] = known.people[table["owner"].casefold()]
    if "rights" in table:
        rights = {known.people[who.casefold()]: held for who, held in table["rights"].items()}
        table["rights"] = {who: needed(with_implied(held)) for who, held in rights.items()}
    return table


def nobody(known: Known, who: str) -> str:
    """What to say of a name that is no collaborator's."""
    close = nearest(who.casefold(), known.people)
    return f"no such collaborator '{who}'" + (f" (did you mean '{known.people[close]}'?)" if close else "")


def overlaid(before: Account | None, said: Table) -> Table:
    """The table of an account as it will be: what is said over what there is."""
    table = table_of(before) if before else {}
    if "owner" in said and "kind" not in said:
        table["kind"] = "personal"
    for key, value in said.items():
        is_table = isinstance(value, dict) and key != "rights"
        table[key] = {**table.get(key, {}), **value} if is_table else value
    return table


def checked(ctx: Context, known: Known, candidate: Candidate, name: str, table: Table) -> Account:
    """The account of a table, each rule of its file checked, with its provider where it is new.

    Raises:
        BadDataError: with each fault.
    """
    if "provider" in candidate.table:
        table["provider"] = preset_named(candidate.table["provider"])
    try:
        account = account_in(name, table, Source(known.file, ""))
    except StoreError as error:
        raise faulty(known, candidate, [(one.key, one.text) for one in error.problems]) from error
    try:
        return with_provider(ctx, known, account)
    except MailctlError as error:
        key = "provider" if "provider" in candidate.table else "address"
        advice = f"; {error.hint}" if key == "provider" else "; a column 'provider', or --provider P, can say it"
        raise faulty(known, candidate, [(key, f"{error}{advice}")]) from error


def with_provider(ctx: Context, known: Known, account: Account) -> Account:
    """The account with the provider that is meant for new ones, or guessed from its address.

    Raises:
        ProviderNotFoundError: the preset it names is none.
        BadDataError: it is new, and no server is known for it.
    """
    if account.name in known.accounts:
        ctx.provider(account)
        return account
    if known.provider and not (account.provider or account.incoming.host or account.outgoing.host):
        return completed(ctx, replace(account, provider=known.provider), discover=False)
    return completed(ctx, account, discover=True)


def preset_named(text: str) -> str:
    """The preset with that short or full name, in any case; else the text itself, which then is refused."""
    from mailctl.providers import names, providers

    if text.lower() in names():
        return text.lower()
    return next((one.id for one in providers() if one.name.casefold() == text.casefold()), text)


def kept(before: Account, after: Account) -> Account:
    """The account as it will be; aliases and rights that mean the same stay as they were written."""
    there = {alias.address.casefold(): alias for alias in before.aliases}
    aliases = tuple(there.get(alias.address.casefold(), alias) for alias in after.aliases)
    same_aliases = len(aliases) == len(there) and all(alias in before.aliases for alias in aliases)
    old, new = ({who: with_implied(held) for who, held in one.rights.items()} for one in (before, after))
    return replace(
        after,
        aliases=before.aliases if same_aliases else aliases,
        rights=before.rights if old == new else after.rights,
    )


def faulty(known: Known, candidate: Candidate, faults: list[tuple[str, str]]) -> BadDataError:
    """The error of a candidate, each fault under the heading of the column that says its key."""
    problems = [Problem(known.file, candidate.line, heading_of(known, key), text) for key, text in faults]
    return refused(tuple(problems), hint="nothing was imported")


def heading_of(known: Known, key: str) -> str:
    """The column that says a key: `aliases[0].address` is in that of the aliases."""
    plain = key.partition("[")[0]
    while plain and plain not in known.headings:
        plain = plain.rpartition(".")[0]
    return known.headings.get(plain, key)
