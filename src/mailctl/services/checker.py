"""Looking at the watched accounts: how many messages are unread, and nothing that changes a mailbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum

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
    if not accounts:
        return ()
    with ThreadPoolExecutor(max_workers=min(MOST_AT_ONCE, len(accounts))) as pool:
        return tuple(pool.map(lambda account: look(ctx, account), accounts))


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
