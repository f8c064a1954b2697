"""Collaborators of the firm: added, looked at, changed."""

from functools import partial

from msgspec import Struct

from mailctl.domain.collaborator import Collaborator
from mailctl.domain.rights import Right, in_order, rights_of
from mailctl.errors import AlreadyExistsError
from mailctl.services.context import Context
from mailctl.services.keys import with_keys, without_keys
from mailctl.store.decode import decode_collaborator


class Row(Struct, frozen=True, kw_only=True):
    """A collaborator as a list shows her."""

    id: str
    name: str
    email: str
    logins: tuple[str, ...]
    admin: bool


class Shown(Struct, frozen=True, kw_only=True):
    """A collaborator and her rights on each account."""

    id: str
    name: str
    email: str
    logins: tuple[str, ...]
    admin: bool
    title: str
    phone: str
    imap_identifier: str
    default_account: str | None
    fields: dict[str, str]
    rights: dict[str, tuple[Right, ...]]


def row(one: Collaborator) -> Row:
    """The collaborator as a list shows her."""
    return Row(id=one.id, name=one.name, email=one.email, logins=one.os_logins, admin=one.admin)


def list_(ctx: Context) -> tuple[Row, ...]:
    """Everybody; whose file is broken is warned about."""
    found, errors = ctx.store.collaborators()
    for error in errors:
        ctx.warn(str(error))
    return tuple(row(one) for one in found)


def show(ctx: Context, name: str) -> Shown:
    """One collaborator, with her rights on the accounts the actor may see."""
    one = ctx.store.collaborator(name)
    rights = {
        account.name: in_order(held)
        for account in ctx.visible_accounts()
        if (held := rights_of(name, owner=account.owner, grants=account.rights))
    }
    return Shown(
        id=one.id,
        name=one.name,
        email=one.email,
        logins=one.os_logins,
        admin=one.admin,
        title=one.title,
        phone=one.phone,
        imap_identifier=one.imap_identifier or one.email,
        default_account=one.default_account,
        fields=one.fields,
        rights=rights,
    )


def add(ctx: Context, one: Collaborator) -> Collaborator:
    """Write a new collaborator; the first one makes rights hold for everybody.

    Raises:
        RightMissingError: only an administrator adds collaborators.
        AlreadyExistsError: there is one of that name, or with that login.
        BadDataError: a bad name or address.
    """
    ctx.require_admin("add collaborators")
    checked = with_keys(one, (), decode=partial(decode_collaborator, one.id))
    with ctx.change(f"add collaborator '{one.id}'") as change:
        names = ctx.store.collaborator_names()
        if one.id in names:
            raise AlreadyExistsError(
                f"there is a collaborator '{one.id}' already", hint=f"mailctl collaborator show {one.id}"
            )
        refuse_taken_logins(ctx, checked)
        change.put(checked)
    if not names:
        ctx.say("this is the first collaborator: from now on everybody needs rights, administrators only to use mail")
    return checked


def refuse_taken_logins(ctx: Context, one: Collaborator) -> None:
    """Refuse a login that is somebody else's: who acts must be one person.

    Raises:
        AlreadyExistsError: it is.
    """
    everybody, _ = ctx.store.collaborators()
    for other in everybody:
        taken = set(other.os_logins) & set(one.os_logins)
        if other.id != one.id and taken:
            raise AlreadyExistsError(
                f"the login '{min(taken)}' is the collaborator '{other.id}' already",
                hint=f"mailctl collaborator set {one.id} logins=…",
            )


def set_keys(ctx: Context, name: str, pairs: tuple[str, ...], *, unset: tuple[str, ...] = ()) -> Collaborator:
    """Set keys of a collaborator, as `KEY=VALUE` with dotted keys, and put others back to their defaults.

    Raises:
        RightMissingError: only an administrator changes collaborators.
        BadDataError: no such key, or a value it cannot hold.
    """
    ctx.require_admin("change collaborators")
    decode = partial(decode_collaborator, name)
    with ctx.change(f"change collaborator '{name}'") as change:
        before = ctx.store.collaborator(name)
        after = without_keys(with_keys(before, pairs, decode=decode), unset, decode=decode)
        if after.os_logins != before.os_logins:
            refuse_taken_logins(ctx, after)
        if after.default_account and after.default_account != before.default_account:
            ctx.store.account(after.default_account)
        change.put(after)
    return after
