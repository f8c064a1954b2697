"""Templates: listed, shown, tried, and filled for a mail."""

from pathlib import Path
from typing import TYPE_CHECKING

from mailctl.domain.affair_values import affair_values, no_affair
from mailctl.domain.template import Need, Template
from mailctl.errors import CollaboratorNotFoundError, UsageError
from mailctl.services.context import Context
from mailctl.services.filling import Filler, Values
from mailctl.services.signature import values_for
from mailctl.store import templates as store

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.domain.collaborator import Collaborator


def filler(
    ctx: Context, name: str, *, account: "Account", affair: str | None = None, sender: str | None = None
) -> Filler:
    """A template made ready for the mail of an account, about an affair; the store is read here, and not again.

    Args:
        ctx: who acts, and where.
        name: of the template.
        account: that sends.
        affair: its reference; None for no affair.
        sender: an alias for From; None for the account's address.

    Raises:
        TemplateNotFoundError, AffairNotFoundError: with the nearest name as a hint.
        StoreError: its file is invalid.
        TemplateFaultError: a mistake in it, or a name that nothing has.
        UsageError: it needs an affair, and none is named.
    """
    from mailctl.services.send import alias_of

    template, source = store.read(ctx.store, name)
    fixed = values_for(ctx, account, ctx.actor.collaborator, alias=alias_of(account, sender))
    today = ctx.now().astimezone().date()
    return Filler(
        template,
        source,
        {**fixed, "today": today, **about(ctx, template, affair)},
        fragments=lambda wanted: store.fragment(ctx.store, wanted),
        folder=Path(ctx.store.root) / store.FOLDER,
    )


def about(ctx: Context, template: Template, ref: str | None) -> Values:
    """The affair, where the template is about one.

    Raises:
        UsageError: it needs one, and none is named.
    """
    if template.affair is Need.NONE:
        return {}
    if ref is None and template.affair is Need.NEEDED:
        raise UsageError(f"template '{template.name}' is about an affair, and none is named", hint="--affair REF")
    if ref is None:
        return {"affair": no_affair()}
    affair = ctx.store.affair(ref)
    return {"affair": affair_values(affair, responsible(ctx, affair.responsible))}


def responsible(ctx: Context, name: str | None) -> "Collaborator | None":
    """Who answers for an affair; None where nobody does, or nobody has that name any more."""
    try:
        return ctx.store.collaborator(name) if name else None
    except CollaboratorNotFoundError:
        return None
