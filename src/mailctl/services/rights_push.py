"""The rights of one account as IMAP ACLs (RFC 4314): compared with the server's, and brought there."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.acl import ADMINISTER, Acl, Difference, Holder, differences, refuse_unsafe
from mailctl.domain.folders import INBOX
from mailctl.domain.rights import Right, rights_of
from mailctl.errors import AclUnavailableError, BadDataError, SomeFailedError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession


class Foreign(Struct, frozen=True, kw_only=True):
    """Entries of an identifier that is no collaborator's; they are left as they are."""

    identifier: str
    letters: str
    folders: tuple[str, ...]


class Compared(Struct, frozen=True, kw_only=True):
    """The ACLs of an account beside its rights.

    `folders` counts those that were compared; `skipped` are those whose ACL the server does not let one change.
    """

    account: str
    folders: int
    differences: tuple[Difference, ...]
    foreign: tuple[Foreign, ...]
    skipped: tuple[str, ...]
    applied: bool


def diff(ctx: Context, name: str) -> Compared:
    """How an account's ACLs differ from its rights; nothing changes.

    Raises:
        RightMissingError: that takes `manage`.
        AclUnavailableError: the server has no ACLs, or lets this login not change them.
    """
    return compared(ctx, name, remove=(), change=False)


def push(ctx: Context, name: str, *, remove: Sequence[str] = (), dry_run: bool = False) -> Compared:
    """Let an account's ACLs say what its rights are; done twice it changes nothing more.

    Args:
        ctx: who acts, and where.
        name: of the account.
        remove: identifiers that are no collaborator's, and shall have nothing any more.
        dry_run: only say what would be done.

    Raises:
        RightMissingError: that takes `manage`.
        AclUnavailableError: the server has no ACLs, or lets this login not change them.
        ServerRefusedError: it refuses a change; those before it are made.
        SomeFailedError: it made something else of what was set.
    """
    return compared(ctx, name, remove=tuple(remove), change=not dry_run)


def compared(ctx: Context, name: str, *, remove: tuple[str, ...], change: bool) -> Compared:
    """Ask for every folder's ACL, compare, and set what differs where that is wanted."""
    from mailctl.remote import imap_acl

    account = ctx.account(name, need=Right.MANAGE, watched=True)
    own = own_identifiers(ctx, account)
    wanted = (*holders(ctx, account, own), *strangers(ctx, account, remove, own))
    with ctx.imap(account) as session:
        older = imap_acl.is_older(session)
        folders, skipped = administered(session)
        acls = imap_acl.acls(session, folders)
        found = [one for folder in folders for one in differences(folder, acls.get(folder, {}), wanted, older=older)]
        if change and found:
            imap_acl.set_acls(session, found)
            refuse_otherwise(session, found, wanted, older=older)
    return Compared(
        account=account.name,
        folders=len(folders),
        differences=tuple(found),
        foreign=foreign(acls, wanted, own),
        skipped=skipped,
        applied=change and bool(found),
    )


def own_identifiers(ctx: Context, account: Account) -> frozenset[str]:
    """How a server may call the mailbox's own login, whose rights are never touched."""
    login = ctx.incoming(account).login
    return frozenset(one.casefold() for one in (login, login.partition("@")[0], account.address, "owner"))


def holders(ctx: Context, account: Account, own: frozenset[str]) -> tuple[Holder, ...]:
    """Every collaborator of the store with her rights on an account, none for most; several may share an identifier.

    Raises:
        StoreError: a collaborator's file is broken, so that it is not known who she is to the server.
        BadDataError: an identifier stands for many.
    """
    people, errors = ctx.store.collaborators()
    for error in errors:
        raise error
    found: dict[str, Holder] = {}
    for one in people:
        identifier = one.imap_identifier or one.email
        if identifier.casefold() in own:
            continue
        refuse_unsafe(identifier, one.id)
        before = found.get(identifier, Holder(identifier=identifier))
        found[identifier] = Holder(
            identifier=identifier,
            collaborators=(*before.collaborators, one.id),
            rights=before.rights | rights_of(one.id, owner=account.owner, grants=account.rights),
        )
    return tuple(found.values())


def strangers(ctx: Context, account: Account, names: tuple[str, ...], own: frozenset[str]) -> tuple[Holder, ...]:
    """Identifiers that shall have nothing any more.

    Raises:
        BadDataError: one is a collaborator's, whose rights the store says, or the mailbox's own.
    """
    people = {one.imap_identifier or one.email: one.id for one in ctx.store.collaborators()[0]}
    for name in names:
        if name in people:
            raise BadDataError(
                f"'{name}' is the collaborator '{people[name]}'",
                hint=f"mailctl rights revoke {account.name} {people[name]}",
            )
        if name.casefold() in own:
            raise BadDataError(f"'{name}' is the mailbox itself", hint=f"mailctl rights diff {account.name}")
        if not name or not name.isprintable():
            raise BadDataError(f"no IMAP identifier: {name!r}", hint=f"mailctl rights diff {account.name}")
    return tuple(Holder(identifier=name) for name in dict.fromkeys(names))


def administered(session: "ImapSession") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The mailbox's folders whose ACL one may change, and those whose one may not.

    Raises:
        AclUnavailableError: INBOX is among these.
    """
    from mailctl.remote import imap_acl

    folders = imap_acl.own_folders(session)
    held = imap_acl.my_rights(session, folders)
    able = tuple(one for one in folders if ADMINISTER in held.get(one, ""))
    if INBOX not in able:
        raise AclUnavailableError(
            f"{session.server.where} does not let '{session.server.login}' change the ACL of INBOX: "
            f"of the rights there it has '{held.get(INBOX, '')}', and 'a' is missing",
            hint="ask whoever runs the server",
        )
    return able, tuple(one for one in folders if one not in able)


def refuse_otherwise(
    session: "ImapSession", changes: Sequence[Difference], wanted: Sequence[Holder], *, older: bool
) -> None:
    """See that the server made of it what was set.

    Raises:
        SomeFailedError: it did not.
    """
    from mailctl.remote import imap_acl

    folders = tuple(dict.fromkeys(one.folder for one in changes))
    now = imap_acl.acls(session, folders)
    left = [one for folder in folders for one in differences(folder, now.get(folder, {}), wanted, older=older)]
    if left:
        one = left[0]
        raise SomeFailedError(
            f"{session.server.where} made '{one.now}' of '{one.wanted}' for '{one.identifier}' on '{one.folder}'"
            + (f", and {len(left) - 1} more" if len(left) > 1 else ""),
            hint="mailctl --trace FILE rights diff shows what the server says",
        )


def foreign(acls: Mapping[str, Acl], wanted: Sequence[Holder], own: frozenset[str]) -> tuple[Foreign, ...]:
    """The entries that are neither a collaborator's nor the mailbox's own, folders with the same letters together."""
    known = {name for one in wanted for name in (one.identifier, f"-{one.identifier}")}
    found: dict[tuple[str, str], list[str]] = {}
    for folder, acl in acls.items():
        for identifier, letters in acl.items():
            if identifier not in known and identifier.casefold() not in own and letters:
                found.setdefault((identifier, letters), []).append(folder)
    return tuple(
        Foreign(identifier=identifier, letters=letters, folders=tuple(folders))
        for (identifier, letters), folders in sorted(found.items())
    )
