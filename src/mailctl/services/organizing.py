"""What flagging, moving and deleting share: on the server first, then here; one login an account, one lock."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.rights import Right
from mailctl.errors import MailctlError, MessageNotFoundError, SomeFailedError, TemporaryError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.local.index import KnownFolder, Stored
    from mailctl.remote.imap import ImapSession

PATIENCE_SECONDS = 60.0  # for a run that fetches the same account


class Organized(Struct, frozen=True, kw_only=True):
    """What became of a message: the folder it now lies in, None for none; `code` and `error` say why nothing did."""

    id: int
    account: str
    folder: str | None
    done: bool
    code: str | None = None
    error: str | None = None


class Group(Struct, frozen=True):
    """Messages of one folder, and the session in which that folder is selected."""

    account: "Account"
    folder: "KnownFolder"
    messages: "tuple[Stored, ...]"
    session: "ImapSession"

    @property
    def uids(self) -> list[int]:
        """Which ones they are on the server."""
        return [one.uid for one in self.messages if one.uid is not None]


Act = Callable[[Group], str | None]  # does it, there and here; the folder in which the messages lie then


def organized(ctx: Context, ids: Sequence[int], act: Act) -> tuple[Organized, ...]:
    """Do something with messages, folder by folder, and say what became of each, in the order of their numbers.

    Raises:
        MessageNotFoundError, RightMissingError, CheckerOnlyError: before anything is done.
        MailctlError: nothing was done, for one reason.
    """
    chosen = [ctx.index.message(id) for id in dict.fromkeys(ids)]
    names = dict.fromkeys(one.account for one in chosen)
    accounts = [ctx.account(name, need=Right.ORGANIZE) for name in names]
    results: dict[int, Organized] = {}
    errors: list[MailctlError] = []
    for account in accounts:
        mine = [one.id for one in chosen if one.account == account.name]
        try:
            for result in in_account(ctx, account, mine, act, errors):
                results[result.id] = result
        except MailctlError as error:
            errors.append(error)
            results |= {id: failed(ctx, id, account.name, error) for id in mine if id not in results}
    if len(errors) == 1 and not any(one.done for one in results.values()):
        raise errors[0]
    return tuple(results[one.id] for one in chosen)


def in_account(
    ctx: Context, account: "Account", ids: Sequence[int], act: Act, errors: list[MailctlError]
) -> Iterator[Organized]:
    """Do it with the messages of one account."""
    with alone(ctx, account.name), ctx.imap(account) as session:
        for place, messages in by_folder(ctx, ids).items():
            try:
                where = act(group(ctx, account, session, place, messages))
            except MailctlError as error:
                errors.append(error)
                yield from (failed(ctx, one.id, account.name, error) for one in messages)
            else:
                yield from (Organized(id=one.id, account=account.name, folder=where, done=True) for one in messages)


def by_folder(ctx: Context, ids: Sequence[int]) -> "dict[str, list[Stored]]":
    """Messages by their folders, as they are now that nobody fetches."""
    found: dict[str, list[Stored]] = {}
    for id in ids:
        one = ctx.index.message(id)
        found.setdefault(one.folder, []).append(one)
    return found


def group(ctx: Context, account: "Account", session: "ImapSession", place: str, messages: "Sequence[Stored]") -> Group:
    """Messages of a folder, once it is selected and known to be numbered as it was (RFC 9051, 2.3.1.1).

    Raises:
        MessageNotFoundError: one is on this machine only.
        TemporaryError: their UIDs may mean others by now.
    """
    folder = ctx.index.folder(account.name, place)
    refuse_kept(folder, messages)
    state = session.select(place)
    if folder is None or state.uidvalidity != folder.uidvalidity or any(one.uid is None for one in messages):
        raise TemporaryError(
            f"the server has numbered '{place}' of '{account.name}' anew", hint=f"mailctl fetch -a {account.name}"
        )
    return Group(account, folder, tuple(messages), session)


def is_kept(folder: "KnownFolder | None", message: "Stored") -> bool:
    """Whether a message is on this machine only; one without UID in an unclean folder may yet be recognised."""
    return message.uid is None and folder is not None and (folder.clean or not folder.uidvalidity)


def refuse_kept(folder: "KnownFolder | None", messages: "Sequence[Stored]") -> None:
    """Refuse messages that the server has no more, or never had.

    Raises:
        MessageNotFoundError: there is one.
    """
    kept = next((one for one in messages if is_kept(folder, one)), None)
    if kept:
        raise MessageNotFoundError(
            f"message {kept.id} is on this machine only, its server has it no more", hint=f"mailctl read {kept.id}"
        )


def failed(ctx: Context, id: int, account: str, error: MailctlError) -> Organized:
    """What became of a message with which nothing was done."""
    try:
        folder = ctx.index.message(id).folder
    except MessageNotFoundError:
        folder = None
    return Organized(id=id, account=account, folder=folder, done=False, code=error.code, error=str(error))


@contextmanager
def alone(ctx: Context, account: str) -> Iterator[None]:
    """No other run fetches or organizes the account meanwhile."""
    from mailctl.local.locks import held

    busy = TemporaryError(f"another run fetches '{account}' just now", hint="mailctl fetch, and try again later")
    path = ctx.paths.data / "locks" / f"{account}.lock"
    with held(path, patience=PATIENCE_SECONDS, too_late=lambda: busy):
        yield


def failure(results: Sequence[Organized]) -> SomeFailedError | None:
    """The error of a run in which something was not done; None when all was."""
    left = [one for one in results if not one.done]
    if not left:
        return None
    numbers = ", ".join(str(one.id) for one in left[:10]) + (", …" if len(left) > 10 else "")
    return SomeFailedError(
        f"{len(left)} of {len(results)} messages are as they were: {numbers}: {left[0].error}", hint="mailctl fetch"
    )
