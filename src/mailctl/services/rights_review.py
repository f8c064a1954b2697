"""Who may do what, since when and by whose change: for the yearly review."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.rights import Right, in_order, rights_of, with_implied
from mailctl.errors import RightMissingError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.store.history import Event

OWNER = "owner"


class Held(Struct, frozen=True, kw_only=True):
    """One right that one collaborator holds on one account.

    `through` is the granted right that brings it, or `owner`. `since`, `by` and `change` are None where no history says
    them.
    """

    account: str
    collaborator: str
    name: str | None
    right: Right
    through: str
    since: datetime | None
    by: str | None
    change: str | None


def report(ctx: Context, name: str | None = None, *, collaborator: str | None = None) -> tuple[Held, ...]:
    """Every right on the accounts that the actor manages; for an administrator on all.

    Args:
        ctx: who acts, and where.
        name: one account only.
        collaborator: one collaborator only.

    Raises:
        RightMissingError: the actor manages none.
        AccountNotFoundError, CollaboratorNotFoundError: there is none of that name.
    """
    from mailctl.store.history import is_kept
    from mailctl.store.origins import origins

    accounts = reviewed(ctx, name)
    if collaborator is not None:
        ctx.store.collaborator(collaborator)
    names = {one.id: one.name for one in ctx.store.collaborators()[0]}
    if not is_kept(ctx.store.root):
        ctx.say("the store has no history, so it is not known since when and by whom; mailctl init --git begins one")
    known = origins(ctx.store.root)
    return tuple(
        held for one in accounts for held in rights_on(one, names, known) if collaborator in (None, held.collaborator)
    )


def reviewed(ctx: Context, name: str | None) -> tuple[Account, ...]:
    """The accounts that the actor may review."""
    if name is not None:
        return (ctx.managed(name),)
    found = ctx.readable_accounts()
    if ctx.actor.is_admin or ctx.actor.is_alone:
        return found
    managed = tuple(one for one in found if Right.MANAGE in ctx.rights_on(one))
    if not managed:
        raise RightMissingError(
            f"'{ctx.actor.name}' may review no account: the right 'manage' is missing", hint="mailctl whoami"
        )
    return managed


def rights_on(
    account: Account, names: Mapping[str, str], known: "Mapping[tuple[str, str, Right], Event]"
) -> Iterator[Held]:
    """Every right on one account, by collaborator."""
    people = sorted({*([account.owner] if account.owner else []), *account.rights})
    for who in people:
        for right in in_order(rights_of(who, owner=account.owner, grants=account.rights)):
            origin = known.get((account.name, who, right))
            yield Held(
                account=account.name,
                collaborator=who,
                name=names.get(who),
                right=right,
                through=through(account, who, right),
                since=origin.when if origin else None,
                by=origin.who if origin else None,
                change=origin.what if origin else None,
            )


def through(account: Account, who: str, right: Right) -> str:
    """What brings a right: being the owner, the right itself, else the granted one that holds it."""
    if account.owner == who:
        return OWNER
    granted = account.rights.get(who, ())
    return right if right in granted else next(one for one in granted if right in with_implied((one,)))
