"""Messages into another folder, on the server and then here; nothing is fetched again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailctl.domain.folders import Folder, Use, find, special
from mailctl.errors import AlreadyExistsError, FolderNotFoundError, nearest
from mailctl.services.context import Context
from mailctl.services.organizing import Group, Organized, organized

if TYPE_CHECKING:
    from mailctl.local.index import KnownFolder


def move(ctx: Context, ids: Sequence[int], folder: str) -> tuple[Organized, ...]:
    """Move messages into a folder of their account.

    Raises:
        FolderNotFoundError: there is none of that name.
        What `organized` raises.
    """

    def act(group: Group) -> str:
        every = group.session.folders()
        found = named(every, folder)
        if found is None or not found.can_select:
            raise no_folder(group, folder, every)
        return moved(ctx, group, found)

    return organized(ctx, ids, act)


def delete(ctx: Context, ids: Sequence[int], *, expunge: bool = False) -> tuple[Organized, ...]:
    """Move messages into Trash, or remove them for good.

    Raises:
        FolderNotFoundError: the account has no Trash.
        AlreadyExistsError: they lie in it.
        What `organized` raises.
    """

    def act(group: Group) -> str | None:
        if expunge:
            remove(ctx, group)
            return None
        every = group.session.folders()
        name = special(every, Use.TRASH, chosen=group.account.folders)
        found = find(every, name) if name else None
        account = group.account.name
        if found is None:
            raise FolderNotFoundError(f"'{account}' has no Trash", hint=f"mailctl folders -a {account} --create Trash")
        if found.name == group.folder.name:
            raise AlreadyExistsError(f"they lie in '{found.name}' already", hint="--expunge removes them for good")
        return moved(ctx, group, found)

    return organized(ctx, ids, act)


def named(every: Sequence[Folder], name: str) -> Folder | None:
    """The folder of a name; parted by `/`, it is found on servers that part names otherwise too."""
    delimiter = next((one.delimiter for one in every if one.delimiter), "/")
    return find(every, name) or find(every, name.replace("/", delimiter))


def moved(ctx: Context, group: Group, folder: Folder) -> str:
    """Move messages, there and here, and give the folder's name.

    Killed in between, the next fetch makes it good: the target is marked unclean before, and what lies in it is then
    recognised.
    """
    from mailctl.local.moving import move_files, move_rows
    from mailctl.remote import imap_organize

    if folder.name == group.folder.name:
        return folder.name
    target = known(ctx, group.account.name, folder)
    ctx.index.touch(target.id)
    told = imap_organize.move(group.session, group.uids, folder.name)
    account = group.account.name
    move_files(group.messages, ctx.maildir(account, group.folder.path), ctx.maildir(account, target.path))
    move_rows(ctx.index, group.messages, group.folder, target, uidvalidity=told.uidvalidity, uids=told.uids)
    return folder.name


def remove(ctx: Context, group: Group) -> None:
    """Remove messages for good, there and here."""
    from mailctl.local.moving import remove_rows
    from mailctl.remote import imap_organize

    imap_organize.expunge(group.session, group.uids)
    maildir = ctx.maildir(group.account.name, group.folder.path)
    for one in group.messages:
        maildir.remove(one.key, one.flags)
    remove_rows(ctx.index, group.messages, group.folder)


def known(ctx: Context, account: str, folder: Folder) -> "KnownFolder":
    """What the index knows of a folder, entered when it is new."""
    from mailctl.local.maildir import folder_path

    found = ctx.index.folder(account, folder.name)
    return found or ctx.index.enter_folder(account, folder.name, folder_path(folder.name, folder.delimiter))


def no_folder(group: Group, name: str, every: Sequence[Folder]) -> FolderNotFoundError:
    """The error for a folder that is not there."""
    account = group.account.name
    close = nearest(name, [one.name for one in every if one.can_select])
    hint = f"did you mean '{close}'? " if close else ""
    return FolderNotFoundError(f"'{account}' has no folder '{name}'", hint=f"{hint}mailctl folders -a {account}")
