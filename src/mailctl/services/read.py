"""Reading fetched mail: what there is, one message, its attachments; nothing but the \\Seen mark needs a server."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.message import Flag, Reading
from mailctl.domain.rights import Right
from mailctl.errors import MessageNotFoundError, StorageError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailctl.domain.account import Account
    from mailctl.local.index import Stored


class Saved(Struct, frozen=True, kw_only=True):
    """An attachment written to a file; `filename` is its name in the message."""

    path: str
    filename: str
    content_type: str
    size: int


def readable(ctx: Context, accounts: "Sequence[str]") -> "tuple[Account, ...]":
    """The accounts that are named, each once; all that the actor may read when none is.

    Raises:
        AccountNotFoundError, RightMissingError, CheckerOnlyError: an account that was named.
    """
    if not accounts:
        return ctx.accounts(need=Right.READ)
    return tuple({name: ctx.account(name, need=Right.READ) for name in accounts}.values())


def opened(ctx: Context, id: int, *, need: Right = Right.READ) -> "tuple[Stored, bytes]":
    """A fetched message and its bytes, once the actor is known to hold a right on its account.

    Raises:
        MessageNotFoundError: there is none of that number, or its file is gone.
        RightMissingError, CheckerOnlyError: before the file is opened.
        StorageError: the file cannot be read.
    """
    stored = ctx.index.message(id)
    ctx.account(stored.account, need=need)
    path = ctx.maildir(stored.account, stored.path).find(stored.key, stored.flags)
    if path is None:
        raise gone(ctx, stored)
    try:
        return stored, path.read_bytes()
    except FileNotFoundError as error:
        raise gone(ctx, stored) from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}", hint=f"ls -l {path.parent}") from error


def gone(ctx: Context, stored: "Stored") -> MessageNotFoundError:
    """The error of a message whose file another program has taken away; the next fetch looks at each of its folder."""
    ctx.index.touch(stored.folder_id)
    return MessageNotFoundError(f"the file of message {stored.id} is gone from this machine", hint="mailctl fetch")


def read(ctx: Context, id: int) -> Reading:
    """A fetched message as its reader sees it, left as it is.

    Raises:
        What `opened` raises.
    """
    from mailctl.domain.reading import reading_of
    from mailctl.local.links import affairs_by_id
    from mailctl.services.links import refreshed

    stored, raw = opened(ctx, id)
    reading = reading_of(raw, id=stored.id, account=stored.account, folder=stored.folder)
    return replace(reading, affairs=affairs_by_id(refreshed(ctx), [id]).get(id, ()))


def raw(ctx: Context, id: int) -> bytes:
    """A fetched message as it lies in the Maildir: byte for byte, its line ends LF.

    Raises:
        What `opened` raises.
    """
    return opened(ctx, id)[1]


def page(ctx: Context, id: int) -> str:
    """A fetched message as a page for a browser: safe to open, nothing in it is loaded from elsewhere.

    Raises:
        What `opened` raises.
    """
    from mailctl.domain.webpage import page_of

    return page_of(opened(ctx, id)[1])


def kept_page(ctx: Context, id: int) -> Path:
    """The same as a file, in the runtime folder.

    Raises:
        What `opened` raises.
        StorageError: it cannot be written.
    """
    from mailctl.local.pages import keep

    return keep(ctx.paths.runtime / "pages", f"mail-{id}", page(ctx, id))


def mark_read(ctx: Context, id: int) -> bool:
    """Mark a message as read, on the server and then here, and say whether it was."""
    from mailctl.services.flag import mark

    return mark(ctx, id, Flag.SEEN, "stays unread")


def save(ctx: Context, id: int, directory: Path) -> tuple[Saved, ...]:
    """Write the attachments of a message into a folder, over no other file.

    Raises:
        What `opened` raises.
        InputMissingError: there is no such folder.
        StorageError: a file could not be written; those before it stay.
    """
    from mailctl.domain.reading import attachments
    from mailctl.local.saving import opened_folder

    _, message = opened(ctx, id)
    saved = []
    with opened_folder(directory) as folder:
        for part, node in attachments(message):
            path = printable(folder.write(part.filename, node.content))
            saved.append(Saved(path=path, filename=part.filename, content_type=part.content_type, size=part.size))
    return tuple(saved)


def printable(path: Path) -> str:
    """A path as text, whatever bytes the user's folder has in its name."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
