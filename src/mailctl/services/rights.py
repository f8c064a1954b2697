"""Rights: granted, revoked, listed, asked for; and who one is."""

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.rights import Right, in_order, rights_of, with_implied
from mailctl.errors import BadDataError, nearest
from mailctl.services.context import Context, resolve_collaborator


class Grant(Struct, frozen=True, kw_only=True):
    """What one collaborator may do with one account; `granted` is what the file says, `rights` all that it holds."""

    account: str
    collaborator: str
    rights: tuple[Right, ...]
    granted: tuple[Right, ...]
    owner: bool


class Answer(Struct, frozen=True, kw_only=True):
    """Whether a collaborator has a right on an account; what follows is None until it is asked why.

    `file` and `line` say where it stands, `granters` who can give the right to who lacks it.
    """

    account: str
    collaborator: str
    right: Right
    allowed: bool
    why: str | None = None
    file: str | None = None
    line: int | None = None
    granters: tuple[str, ...] | None = None


class Identity(Struct, frozen=True, kw_only=True):
    """Who acts, and with which rights; `collaborator` is None for a login that is nobody's."""

    login: str
    collaborator: str | None
    name: str | None
    email: str | None
    administrator: bool
    alone: bool
    rights: dict[str, tuple[Right, ...]]


def parse_rights(text: str) -> tuple[Right, ...]:
    """The rights in `read,send`.

    Raises:
        BadDataError: one is none.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in set(Right):
            guess = nearest(word, Right)
            choices = ", ".join(Right)
            raise BadDataError(
                f"no right '{word}'", hint=f"did you mean '{guess}'? one of {choices}" if guess else f"one of {choices}"
            )
    if not words:
        raise BadDataError("no right named", hint=f"one of {', '.join(Right)}")
    return in_order(frozenset(Right(word) for word in words))


def parse_grant(text: str) -> tuple[str, tuple[Right, ...]]:
    """The collaborator and the rights in `bob:read,send`.

    Raises:
        BadDataError: it is no grant.
    """
    who, colon, rights = text.partition(":")
    if not (colon and who):
        raise BadDataError(f"'{text}' is no grant", hint="such as --grant bob:read,send")
    return who, parse_rights(rights)


def grant(ctx: Context, name: str, collaborator: str, rights: tuple[Right, ...]) -> Grant:
    """Add rights of a collaborator on an account; those a held one already brings are not written twice.

    Raises:
        RightMissingError: that takes `manage`.
        CollaboratorNotFoundError: nobody of that name.
    """
    with ctx.change(f"grant {','.join(rights)} on '{name}' to '{collaborator}'") as change:
        account = ctx.managed(name)
        ctx.store.collaborator(collaborator)
        held = frozenset(account.rights.get(collaborator, ())) | frozenset(rights)
        after = replace(account, rights={**account.rights, collaborator: needed(held)})
        change.put(after)
    return line(after, collaborator)


def needed(held: frozenset[Right]) -> tuple[Right, ...]:
    """These rights without those that another of them holds."""
    return in_order(frozenset(one for one in held if one not in with_implied(tuple(held - {one}))))


def revoke(ctx: Context, name: str, collaborator: str, rights: tuple[Right, ...] = ()) -> Grant:
    """Take rights of a collaborator on an account away, all when none is named.

    What a wider right held stays: without `manage` there are still `organize` and `send`.

    Raises:
        RightMissingError: that takes `manage`.
        BadDataError: she is the owner, or has none of them.
    """
    with ctx.change(f"revoke {','.join(rights) or 'all'} on '{name}' from '{collaborator}'") as change:
        account = ctx.managed(name)
        held = with_implied(account.rights.get(collaborator, ()))
        if account.owner == collaborator:
            raise BadDataError(f"'{collaborator}' owns '{name}'", hint=f"mailctl account set {name} owner=…")
        if not held & frozenset(rights or held):
            raise BadDataError(
                f"'{collaborator}' does not have that right on '{name}'", hint=f"mailctl rights list -a {name}"
            )
        left = frozenset(one for one in held - frozenset(rights or held) if not with_implied((one,)) & set(rights))
        grants = {who: given for who, given in account.rights.items() if who != collaborator}
        after = replace(account, rights={**grants, collaborator: needed(left)} if left else grants)
        change.put(after)
    return line(after, collaborator)


def line(account: Account, collaborator: str) -> Grant:
    """What one collaborator may do with one account."""
    return Grant(
        account=account.name,
        collaborator=collaborator,
        rights=in_order(rights_of(collaborator, owner=account.owner, grants=account.rights)),
        granted=account.rights.get(collaborator, ()),
        owner=account.owner == collaborator,
    )


def list_(ctx: Context, account: str | None = None, collaborator: str | None = None) -> tuple[Grant, ...]:
    """Who may do what: on one account or all that the actor sees, for one collaborator or all."""
    if collaborator is not None:
        ctx.store.collaborator(collaborator)
    accounts = (ctx.visible(account),) if account else ctx.visible_accounts()
    found = []
    for one in accounts:
        people = sorted({*([one.owner] if one.owner else []), *one.rights})
        found += [line(one, who) for who in people if collaborator in (None, who)]
    return tuple(found)


def check(ctx: Context, name: str, right: Right, collaborator: str | None = None) -> Answer:
    """Whether a collaborator, or the actor when none is named, has a right on an account."""
    account = ctx.store.account(name)
    if collaborator is None and ctx.actor.is_alone:
        return Answer(account=name, collaborator=ctx.actor.name, right=right, allowed=True)
    who = resolve_collaborator(ctx, collaborator).id
    allowed = right in rights_of(who, owner=account.owner, grants=account.rights)
    return Answer(account=name, collaborator=who, right=right, allowed=allowed)


def whoami(ctx: Context) -> Identity:
    """Who acts, and with which rights."""
    one = ctx.actor.collaborator
    found = ctx.readable_accounts()
    rights = {account.name: in_order(held) for account in found if (held := ctx.rights_on(account))}
    return Identity(
        login=ctx.actor.login,
        collaborator=one.id if one else None,
        name=one.name if one else None,
        email=one.email if one else None,
        administrator=ctx.actor.is_admin,
        alone=ctx.actor.is_alone,
        rights=rights,
    )
