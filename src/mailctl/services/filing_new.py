"""Mail that a fetch brought, filed under affairs by the rules; these are loaded only where there is some."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mailctl.domain.rights import Right
from mailctl.errors import MailctlError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.services.filing import Filed


def after_fetch(ctx: Context, accounts: Collection[str]) -> dict[str, int]:
    """File what a fetch brought, where the store wants it, as one change of the store: how many messages of an account.

    Whatever fails is warned about: the mail is here, and `affair auto` files it later.
    """
    try:
        if not accounts or not is_due(ctx):
            return {}
        fetched = [ctx.account(name, need=Right.READ) for name in accounts]
        mine = [one.name for one in fetched if Right.ORGANIZE in ctx.rights_on(one)]
        from mailctl.services.filing import Desk

        desk = Desk(ctx, mine)
        waiting = desk.waiting(new=True)
        if not waiting:
            return {}
        done = desk.file(desk.decided(waiting).sure)
        desk.mark(waiting)
    except MailctlError as error:
        ctx.warn(f"nothing was filed under affairs: {error}; mailctl affair auto tries again")
        return {}
    return counted(done)


def is_due(ctx: Context) -> bool:
    """Whether there are affairs, and mail that their rules never looked at."""
    if not ctx.settings.affairs.auto or not ctx.store.affair_names():
        return False
    from mailctl.local.filing import is_any_new

    return is_any_new(ctx.index)


def counted(done: "Sequence[Filed]") -> dict[str, int]:
    """How many messages of each account."""
    found: dict[str, int] = {}
    for one in done:
        found[one.account] = found.get(one.account, 0) + 1
    return found
