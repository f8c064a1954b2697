"""Looking at the watched accounts: how many messages are unread, and nothing that changes a mailbox."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.rights import Right
from mailctl.errors import MailctlError, SomeFailedError
from mailctl.services.context import Context

INBOX = "INBOX"
MOST_AT_ONCE = 8


class State(StrEnum):
    """What came of the last look."""

    OK = "ok"
    FAILED = "failed"


class Watched(Struct, frozen=True, kw_only=True):
    """A watched account after a look.

    `unread` is None when the look failed; `next_look` is None where nobody comes back by himself.
    """

    account: str
    state: State
    unread: int | None
    last_look: datetime
    next_look: datetime | None
    last_error: str | None


def once(ctx: Context) -> tuple[Watched, ...]:
    """Look once at each checker-only account the actor may read; one that fails does not keep the others waiting."""
    accounts = [account for account in ctx.accounts(need=Right.READ, watched=True) if account.checker_only]
    _ = ctx.trace  # opened once, before several threads ask for it
    return side_by_side([partial(look, ctx, account) for account in accounts])


def side_by_side(looks: list[Callable[[], Watched]]) -> tuple[Watched, ...]:
    """The results in order, some at once. Ctrl-C waits for none of them: nothing that a look does can be half-done."""
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Watched | BaseException]] = SimpleQueue()
    for number in range(len(looks)):
        waiting.put(number)

    def work() -> None:
        with suppress(Empty):
            while True:
                number = waiting.get_nowait()
                try:
                    done.put((number, looks[number]()))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    done.put((number, error))

    for _ in looks[:MOST_AT_ONCE]:
        Thread(target=work, daemon=True).start()
    found = dict(done.get() for _ in looks)
    return tuple(raised(found[number]) for number in sorted(found))


def raised(result: Watched | BaseException) -> Watched:
    """The result, or the bug that kept it from coming."""
    if isinstance(result, BaseException):
        raise result
    return result


def look(ctx: Context, account: Account) -> Watched:
    """Count what is unread in one account's inbox, with STATUS only (RFC 9051, 6.3.11)."""
    unread, problem = None, None
    try:
        with ctx.imap(account) as session:
            unread = session.count_unseen(INBOX)
    except MailctlError as error:
        problem = str(error)
    return Watched(
        account=account.name,
        state=State.FAILED if problem else State.OK,
        unread=unread,
        last_look=ctx.now(),
        next_look=None,
        last_error=problem,
    )


def failure(looks: tuple[Watched, ...]) -> SomeFailedError | None:
    """The error of a round in which a look failed; None when none did."""
    failed = [one.account for one in looks if one.state is State.FAILED]
    if not failed:
        return None
    return SomeFailedError(
        f"could not look at {len(failed)} of {len(looks)} accounts: {', '.join(failed)}",
        hint=f"mailctl password check {failed[0]}",
    )
