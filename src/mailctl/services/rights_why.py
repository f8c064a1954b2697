"""Why somebody has a right on an account, or has not: the line that says so."""

import json

from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.rights import Right, in_order, rights_of, with_implied
from mailctl.services.context import Context
from mailctl.services.rights import Answer
from mailctl.store.lines import line_of


def explained(ctx: Context, answer: Answer) -> Answer:
    """The answer, with the line that gives it."""
    account = ctx.store.account(answer.account)
    who, right = answer.collaborator, answer.right
    if ctx.actor.is_alone:
        return replace(answer, why="the store has no collaborators: it is one person's", granters=())
    key: tuple[str, ...] = ()
    if account.owner == who:
        key, why = ("owner",), f'owner = "{who}"; the owner holds every right'
    elif who in account.rights:
        key, why = ("rights", who), said_of(account, who, right)
    else:
        why = f"no line for '{who}' in [rights]"
    file = f"accounts/{account.name}.toml"
    return replace(
        answer,
        why="; ".join([why, *notes(ctx, account, who, right)]),
        file=file,
        line=line_of(ctx.store.read(file) or "", key) if key else None,
        granters=() if answer.allowed else granters(ctx, account),
    )


def reason(answer: Answer) -> str:
    """An explained answer for a person: the line and what it says; for who lacks the right, who can give it."""
    where = "".join(f"{part}:" for part in (answer.file, answer.line) if part)
    lines = ["yes" if answer.allowed else "no", f"{where} {answer.why}".strip()]
    if answer.granters:
        typed = f"mailctl rights grant {answer.account} {answer.collaborator} {answer.right}"
        lines.append(f"{' or '.join(answer.granters)} can grant it: {typed}")
    return "\n".join(lines)


def said_of(account: Account, who: str, right: Right) -> str:
    """What a collaborator's own line says of a right."""
    granted = account.rights[who]
    line = f"rights.{written(who)} = {json.dumps(granted)}"
    if right in granted:
        return line
    holder = next((one for one in reversed(in_order(frozenset(granted))) if right in with_implied((one,))), None)
    return f"{line}; {holder} holds {right}" if holder else f"{line}; {right} is not among them"


def written(name: str) -> str:
    """A name as a key of TOML."""
    return f'"{name}"' if {".", "+"} & set(name) else name


def notes(ctx: Context, account: Account, who: str, right: Right) -> list[str]:
    """What else one has to know: a watched account neither sends nor fetches, an administrator may change it anyway."""
    found = []
    if account.checker_only and right is not Right.MANAGE:
        found.append("checker_only = true: whatever the rights, it is watched, and neither sends nor fetches")
    manages = Right.MANAGE in rights_of(who, owner=account.owner, grants=account.rights)
    if right is Right.MANAGE and not manages and is_administrator(ctx, who):
        found.append("an administrator may change the account all the same, and not use it for mail")
    return found


def is_administrator(ctx: Context, who: str) -> bool:
    """Whether a collaborator may change the whole store."""
    one = ctx.store.collaborator(who)
    return one.admin or bool(set(one.os_logins) & set(ctx.settings.administrators))


def granters(ctx: Context, account: Account) -> tuple[str, ...]:
    """Who can give a right on an account: its owner and who manages it, else the administrators."""
    managers = [name for name, rights in account.rights.items() if Right.MANAGE in rights]
    found = [*([account.owner] if account.owner else []), *managers]
    return tuple(found) or ctx.settings.administrators or ("root",)
