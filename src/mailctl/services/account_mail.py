"""An account's mail on this machine: counted, brought along to a new name, taken away."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.errors import AlreadyExistsError, TemporaryError
from mailctl.services.context import Context

PATIENCE_SECONDS = 60.0
GONE = ".gone-"


class LocalMail(Struct, frozen=True, kw_only=True):
    """What was fetched of an account: how many messages, how many bytes, and where they lie."""

    messages: int
    size: int
    folder: str

    def __str__(self) -> str:
        return f"{self.messages:,} fetched message{'' if self.messages == 1 else 's'} ({megabytes(self.size)})"


class Removed(Struct, frozen=True, kw_only=True):
    """An account taken away; `messages` and `size` are what had been fetched of it, `mail_kept` whether that stays."""

    account: str
    messages: int
    size: int
    folder: str
    mail_kept: bool


def megabytes(size: int) -> str:
    """A number of bytes for a person."""
    return f"{size:,} bytes" if size < 100_000 else f"{size / 1_000_000:,.1f} MB"


def mirror_of(ctx: Context, name: str) -> Path:
    """The folder in which an account's fetched mail lies, if there is any."""
    from mailctl.local.maildir import safe

    return ctx.paths.data / "mail" / safe(name)


def local_mail(ctx: Context, name: str) -> LocalMail:
    """What was fetched of an account, whether the store still has it or not."""
    folder = mirror_of(ctx, name)
    sizes = [
        (Path(place) / file).lstat().st_size
        for place, _, files in os.walk(folder)
        if Path(place).name in ("cur", "new")
        for file in files
    ]
    return LocalMail(messages=len(sizes), size=sum(sizes), folder=str(folder))


@contextmanager
def alone(ctx: Context, *names: str) -> Iterator[None]:
    """No run fetches these accounts meanwhile."""
    from mailctl.local.locks import held

    with ExitStack() as stack:
        for name in sorted(names):
            busy = partial(TemporaryError, f"'{name}' is being fetched just now", hint="the same command, later")
            lock = ctx.paths.data / "locks" / f"{name}.lock"
            stack.enter_context(held(lock, patience=PATIENCE_SECONDS, too_late=busy))
        yield


# -- renamed


def refuse_leftover(ctx: Context, name: str) -> None:
    """Refuse a new name under which another mailbox's mail lies here.

    Raises:
        AlreadyExistsError: an account of that name was removed, and its mail kept.
    """
    folder = mirror_of(ctx, name)
    if folder.exists():
        raise AlreadyExistsError(
            f"mail of a former account '{name}' lies in {folder}", hint=f"mailctl account remove {name} --mail"
        )


@contextmanager
def bringing_along(ctx: Context, old: str, new: str) -> Iterator[None]:
    """Let mail here follow an account whose name changes in the store meanwhile.

    It is noted first: a crash at any point is made good by the next command that fetches, adds, renames or removes.
    """
    from mailctl.local.moves import Moves

    moves = Moves(ctx.paths.data)
    moves.note(old, new)
    try:
        yield
    except BaseException:
        follow_renamed(ctx)  # which forgets what did not happen
        raise
    follow_renamed(ctx)


def follow_renamed(ctx: Context) -> tuple[tuple[str, str], ...]:
    """Bring mail here to the new names of accounts, as far as it has not followed yet; gives what was brought.

    Raises:
        TemporaryError: an account is being fetched, or a mail of it sent, for too long.
        StorageError: files cannot be moved.
    """
    from mailctl.local.moves import Moves

    moves, done = Moves(ctx.paths.data), []
    for old, new in moves.pending():
        names = ctx.store.account_names()
        if new in names and old not in names:
            bring(ctx, old, new)
            done.append((old, new))
        moves.forget(old, new)
    return tuple(done)


def bring(ctx: Context, old: str, new: str) -> None:
    """Move an account's mirror, its index, its outbox and what its checker told; what is done already is left."""
    from mailctl.local.maildir import storage
    from mailctl.local.marks import Marks

    source, target = mirror_of(ctx, old), mirror_of(ctx, new)
    with alone(ctx, old, new):
        if source.exists() and target.exists():
            ctx.warn(f"mail of '{new}' lies in {target} already; what was fetched as '{old}' stays in {source}")
        else:
            if source.exists():
                with storage(source):
                    source.rename(target)
            if has_index(ctx) and ctx.index.folders(old):
                forget_rows(ctx, new)  # of messages that are not there
                ctx.index.rename_account(old, new)
        ctx.outbox.rename_account(old, new)
        Marks(ctx.paths.state / "checker").rename_account(old, new)


def follow_others(ctx: Context, before: tuple[Account, ...]) -> None:
    """Bring mail here along with accounts that were renamed on another workstation: the same mailbox, another name.

    Args:
        ctx: the outside world; the store as others made it.
        before: the accounts as they were here.
    """
    from mailctl.local.moves import Moves

    names, known = set(ctx.store.account_names()), {one.name for one in before}
    gone = [one for one in before if one.name not in names]
    fresh = {mailbox_of(one): one.name for one in ctx.store.accounts()[0] if gone and one.name not in known}
    for one in gone:
        if mailbox_of(one) in fresh:
            Moves(ctx.paths.data).note(one.name, fresh[mailbox_of(one)])
    follow_renamed(ctx)


def mailbox_of(account: Account) -> tuple[str | None, ...]:
    """What tells a mailbox from others, whatever it is called."""
    return (account.address.casefold(), account.login, account.provider, account.incoming.host)


# -- taken away


def removed(name: str, found: LocalMail, *, kept: bool) -> Removed:
    """What became of an account and its mail."""
    return Removed(account=name, messages=found.messages, size=found.size, folder=found.folder, mail_kept=kept)


def remove_mail(ctx: Context, name: str) -> LocalMail:
    """Take away what was fetched of an account, and its rows in the index; gives what it was.

    Raises:
        TemporaryError: it is being fetched.
        StorageError: files cannot be removed.
    """
    from mailctl.local.maildir import storage

    with alone(ctx, name):
        found = local_mail(ctx, name)
        folder = Path(found.folder)
        forget_rows(ctx, name)
        with storage(folder):
            if folder.exists():
                folder.rename(folder.with_name(f"{GONE}{os.urandom(4).hex()}"))
            for rest in folder.parent.glob(f"{GONE}*"):  # a killed run's too
                shutil.rmtree(rest)
    return found


def has_index(ctx: Context) -> bool:
    """Whether anything was ever fetched here."""
    return (ctx.paths.data / "index.sqlite").exists()


def forget_rows(ctx: Context, name: str) -> None:
    """Take an account out of the index."""
    for known in ctx.index.folders(name) if has_index(ctx) else ():
        ctx.index.forget_folder(known.id)
