"""Whether the names in one file are those of other files."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mailctl.domain.account import Account
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings
from mailctl.errors import Problem, nearest
from mailctl.store.decode import Path, dotted
from mailctl.store.lines import line_of

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair

Read = Callable[[str], str | None]


def reference_faults(
    accounts: tuple[Account, ...], affairs: "tuple[Affair, ...]", collaborators: frozenset[str], read: Read
) -> tuple[Problem, ...]:
    """Owners, rights and responsibles that name no collaborator.

    Args:
        accounts: whose references are looked at.
        affairs: the same.
        collaborators: the names there are.
        read: gives a file's text, for the line; None where it is not known.
    """
    named: list[tuple[str, Path, str]] = []
    for account in accounts:
        file = f"accounts/{account.name}.toml"
        if account.owner:
            named.append((file, ("owner",), account.owner))
        named += [(file, ("rights", name), name) for name in account.rights]
    named += [(f"affairs/{one.stem}.toml", ("responsible",), one.responsible) for one in affairs if one.responsible]
    return tuple(
        Problem(file, line_of(read(file) or "", path), dotted(path), nobody(name, collaborators))
        for file, path, name in named
        if name not in collaborators
    )


def dangling_defaults(
    settings: Settings | None, people: tuple[Collaborator, ...], accounts: frozenset[str], read: Read
) -> tuple[Problem, ...]:
    """Accounts that are to send when none is named, and that there are not.

    Args:
        settings: whose defaults are looked at; None for no one's.
        people: the same.
        accounts: the names there are.
        read: gives a file's text, for the line; None where it is not known.
    """
    named: list[tuple[str, Path, str | None]] = []
    if settings:
        chosen = settings.sendmail
        named += [
            ("store.toml", ("default_account",), settings.default_account),
            ("store.toml", ("sendmail", "account"), chosen.account),
            ("store.toml", ("sendmail", "fallback"), chosen.fallback),
        ]
    named += [(f"collaborators/{one.id}.toml", ("default_account",), one.default_account) for one in people]
    return tuple(
        Problem(file, line_of(read(file) or "", path), dotted(path), f"no account '{name}'")
        for file, path, name in named
        if name and name not in accounts
    )


def nobody(name: str, collaborators: frozenset[str]) -> str:
    """What to say of a name that is no collaborator's."""
    close = nearest(name, collaborators)
    return f"no such collaborator '{name}'" + (f" (did you mean '{close}'?)" if close else "")
