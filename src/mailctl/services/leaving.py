"""A collaborator who leaves: what she held goes to a successor, or away, as one change."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.affair import Affair
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.rights import rights_of
from mailctl.domain.settings import Settings
from mailctl.errors import BadDataError
from mailctl.services.apply import Action, Step, differences
from mailctl.services.context import ROOT, Context
from mailctl.services.rights import needed
from mailctl.store.decode import invalid

Value = Account | Affair | Collaborator | Settings
KINDS = {"Account": ("account", "name"), "Affair": ("affair", "ref"), "Collaborator": ("collaborator", "id")}


class Leaving(Struct, frozen=True, kw_only=True):
    """What becomes of all that a collaborator held, key by key, and whether it was done.

    `could_read` are the accounts whose passwords she could get at, as long as they are not changed.
    """

    collaborator: str
    successor: str | None
    changes: tuple[Step, ...]
    could_read: tuple[str, ...]
    applied: bool


def remove(ctx: Context, name: str, *, successor: str | None = None, dry_run: bool = False) -> Leaving:
    """Take a collaborator away. A successor gets her personal accounts, rights and affairs; without one, rights go.

    Args:
        ctx: who acts, and where.
        name: who leaves.
        successor: who takes over; None for nobody.
        dry_run: only say what would be done.

    Raises:
        RightMissingError: only an administrator removes collaborators.
        CollaboratorNotFoundError: there is nobody of one of the names.
        BadDataError: nobody takes over a personal account or an affair of hers, or no administrator would be left.
        StoreError: a file in which she may stand is broken.
    """
    ctx.require_admin("remove collaborators")
    what = f"remove collaborator '{name}'" + (f", '{successor}' takes over" if successor else "")
    with ctx.change(what) as change:
        one = ctx.store.collaborator(name)
        accounts, affairs = everything(ctx)
        if successor is None:
            refuse_orphans(name, accounts, affairs)
        heir = heir_of(ctx, name, successor)
        pairs = [*taken_over(name, successor, accounts, affairs), *sent_with(one, heir, ctx.settings)]
        settings = without_logins(ctx.settings, set(one.os_logins) - {ROOT, ctx.login})
        refuse_headless(ctx, name, settings)
        pairs += [(ctx.settings, settings)] if settings != ctx.settings else []
        for _, after in pairs:
            change.put(after)
        change.remove_collaborator(name)
        change.check_only = dry_run
    gone = Step(action=Action.DELETE, what="collaborator", name=name)
    return Leaving(
        collaborator=name,
        successor=successor,
        changes=(*(step for before, after in pairs for step in steps(before, after)), gone),
        could_read=tuple(one.name for one in accounts if rights_of(name, owner=one.owner, grants=one.rights)),
        applied=not dry_run,
    )


def everything(ctx: Context) -> tuple[tuple[Account, ...], tuple[Affair, ...]]:
    """All accounts and affairs.

    Raises:
        StoreError: one cannot be read, so that nobody knows whether she stands in it.
    """
    accounts, broken = ctx.store.accounts()
    affairs, more = ctx.store.affairs()
    problems = tuple(problem for error in (*broken, *more) for problem in error.problems)
    if problems:
        raise invalid(problems)
    return accounts, affairs


def heir_of(ctx: Context, name: str, successor: str | None) -> Collaborator | None:
    """Who takes over.

    Raises:
        CollaboratorNotFoundError: nobody of that name.
        BadDataError: it is she herself.
    """
    if successor is None:
        return None
    if successor == name:
        raise BadDataError(f"'{name}' cannot hand over to herself", hint="mailctl collaborator list")
    return ctx.store.collaborator(successor)


def refuse_orphans(name: str, accounts: tuple[Account, ...], affairs: tuple[Affair, ...]) -> None:
    """Refuse to leave a personal account without owner, or an affair without whom it names.

    Raises:
        BadDataError: there is one.
    """
    owned = [one.name for one in accounts if one.owner == name]
    if owned:
        raise BadDataError(
            f"'{name}' owns {listed(owned)}",
            hint=f"mailctl collaborator remove {name} --handover C, or account remove {owned[0]}",
        )
    answers_for = [one.ref for one in affairs if one.responsible == name]
    if answers_for:
        raise BadDataError(
            f"'{name}' is responsible for {listed(answers_for)}",
            hint=f"mailctl collaborator remove {name} --handover C",
        )


def listed(names: list[str]) -> str:
    """Names in quotes, the first few of many."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(f"'{one}'" for one in names[:5]) + more


def taken_over(
    name: str, heir: str | None, accounts: tuple[Account, ...], affairs: tuple[Affair, ...]
) -> Iterator[tuple[Value, Value]]:
    """Each account and affair in which somebody stands: as it is, and as it will be."""
    for account in accounts:
        after = account_after(account, name, heir)
        if after != account:
            yield account, after
    for affair in affairs:
        if heir and affair.responsible == name:
            yield affair, replace(affair, responsible=heir)


def sent_with(one: Collaborator, heir: Collaborator | None, settings: Settings) -> Iterator[tuple[Value, Value]]:
    """The heir with her default account, where there is none: another would be taken from under his mail."""
    if heir and one.default_account and not (heir.default_account or settings.default_account):
        yield heir, replace(heir, default_account=one.default_account)


def account_after(account: Account, name: str, heir: str | None) -> Account:
    """An account without somebody; the heir owns what was hers, and has her rights beside his own."""
    rights = {who: held for who, held in account.rights.items() if who != name}
    owner = heir if account.owner == name else account.owner
    given = account.rights.get(name, ())
    if heir and given and heir != owner:
        rights[heir] = needed(frozenset(given) | frozenset(rights.get(heir, ())))
    if owner is not None and owner != account.owner:
        rights.pop(owner, None)  # who owns it holds every right
    return replace(account, owner=owner, rights=rights)


def without_logins(settings: Settings, gone: set[str]) -> Settings:
    """The settings without what some logins may do."""
    kept = tuple(login for login in settings.sendmail.logins if login not in gone)
    left = tuple(login for login in settings.administrators if login not in gone)
    return replace(settings, administrators=left, sendmail=replace(settings.sendmail, logins=kept))


def refuse_headless(ctx: Context, name: str, settings: Settings) -> None:
    """Refuse to take the last administrator away; root alone would be left.

    Raises:
        BadDataError: there would be none.
    """
    others = [one.id for one in ctx.store.collaborators()[0] if one.id != name]
    admins = [one.id for one in ctx.store.collaborators()[0] if one.admin and one.id != name]
    if not (settings.administrators or admins) and others:
        raise BadDataError(
            f"without '{name}' there is no administrator", hint=f"mailctl collaborator set {others[0]} admin=true"
        )


def steps(before: Value, after: Value) -> list[Step]:
    """One step for each key that changes."""
    what, key = KINDS.get(type(before).__name__, ("store", ""))
    return differences(what, getattr(before, key) if key else "", before, after)
