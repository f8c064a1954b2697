"""Whether the names in one file are those of other files."""

from mailctl.domain.account import Account
from mailctl.errors import Problem, nearest
from mailctl.store.lines import line_of


def reference_faults(
    accounts: tuple[Account, ...], collaborators: frozenset[str], texts: dict[str, str | None]
) -> tuple[Problem, ...]:
    """Owners and rights that name no collaborator; lines are those of the texts, where they are known."""
    faults = []
    for account in accounts:
        file = f"accounts/{account.name}.toml"
        text = texts.get(file) or ""
        if account.owner and account.owner not in collaborators:
            line = line_of(text, ("owner",))
            faults.append(Problem(file, line, "owner", nobody(account.owner, collaborators)))
        for name in account.rights:
            if name not in collaborators:
                line = line_of(text, ("rights", name))
                faults.append(Problem(file, line, f"rights.{name}", nobody(name, collaborators)))
    return tuple(faults)


def nobody(name: str, collaborators: frozenset[str]) -> str:
    """What to say of a name that is no collaborator's."""
    close = nearest(name, collaborators)
    return f"no such collaborator '{name}'" + (f" (did you mean '{close}'?)" if close else "")
