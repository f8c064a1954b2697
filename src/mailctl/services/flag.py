"""Flags of messages: set and taken on the server, then here; and the marks that reading and answering leave."""

from collections.abc import Sequence

from mailctl.domain.message import Flag
from mailctl.domain.rights import Right
from mailctl.errors import MailctlError, ServerRefusedError, UsageError
from mailctl.services.context import Context
from mailctl.services.organizing import Group, Organized, is_kept, organized


def flag(
    ctx: Context, ids: Sequence[int], *, add: frozenset[str] = frozenset(), remove: frozenset[str] = frozenset()
) -> tuple[Organized, ...]:
    """Give messages flags, and take others from them.

    Raises:
        UsageError: there is nothing to do.
        What `organized` raises.
    """
    if not add | remove:
        raise UsageError("nothing to do", hint="--seen, --unseen, --flagged, --unflagged")

    def act(group: Group) -> str:
        from mailctl.remote.imap_organize import change_flags

        change_flags(group.session, group.uids, add=add, remove=remove)
        take_over(ctx, group, add=add, remove=remove)
        return group.folder.name

    return organized(ctx, ids, act)


def take_over(ctx: Context, group: Group, *, add: frozenset[str], remove: frozenset[str]) -> None:
    """Let messages here have the flags that they now have on the server.

    What another program did to a file meanwhile stays in its name, for `fetch --push`.
    """
    from mailctl.local.maildir import flags_of

    maildir = ctx.maildir(group.account.name, group.folder.path)
    for one in group.messages:
        path = maildir.find(one.key, one.flags)
        if path is not None:
            maildir.set_flags(one.key, (flags_of(path.name) | add) - remove, before=one.flags)
    ctx.index.set_flags([(one.id, (one.flags | add) - remove) for one in group.messages])


def mark(ctx: Context, id: int, flag: str, otherwise: str) -> bool:
    """Give a message one more flag, on the server and then here, where the actor may, and say whether it was given.

    Only for who holds `organize`. A server that cannot be reached is warned about.

    Args:
        ctx: who acts, and where.
        id: the message's number in the index.
        flag: a system flag or a keyword.
        otherwise: what the message is without it, for warnings: `stays unread`.
    """
    stored = ctx.index.message(id)
    account = ctx.account(stored.account, need=Right.READ)
    if flag in stored.flags or Right.ORGANIZE not in ctx.rights_on(account):
        return False
    added = frozenset({str(flag)})
    folder = ctx.index.folder(stored.account, stored.folder)
    if is_kept(folder, stored):
        return False
    try:
        with ctx.imap(account) as session:
            state = session.select(stored.folder)
            if stored.uid is None or folder is None or state.uidvalidity != folder.uidvalidity:
                ctx.warn(f"message {id} {otherwise}: the server has numbered '{stored.folder}' anew; mailctl fetch")
                return False
            session.add_flags([stored.uid], added)
            take_over(ctx, Group(account, folder, (stored,), session), add=added, remove=frozenset())
    except MailctlError as error:
        if flag in set(Flag) or not isinstance(error, ServerRefusedError):  # many servers keep no keywords
            ctx.warn(f"message {id} {otherwise}: {error}")
        return False
    return True
