"""Looking at the watched accounts, once or as the running checker sees them; nothing changes a mailbox."""

import socket
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec import Struct

from mailctl.domain.announce import Notice
from mailctl.domain.watching import Way
from mailctl.errors import (
    AlreadyExistsError,
    LoginRefusedError,
    MailctlError,
    NotRunningError,
    NotShownError,
    SecretUnavailableError,
    ServerUnreachableError,
    SomeFailedError,
)
from mailctl.local.locks import held
from mailctl.services.context import Context
from mailctl.services.looking import Looker, Sight
from mailctl.services.side_by_side import side_by_side
from mailctl.services.socket_path import reached, socket_file
from mailctl.services.telling import Ledger, Plan, carry_out, marks_of, notifier_of, plans

ANSWER_WITHIN = 5.0  # seconds


class State(StrEnum):
    """What came of a single look, and the states of an account that the daemon watches."""

    OK = "ok"
    FAILED = "failed"
    DISABLED = "disabled"
    WAITING = "waiting-for-secret"
    CONNECTING = "connecting"
    POLLING = "polling"
    IDLING = "idling"
    BACKING_OFF = "backing-off"
    REFUSED = "refused"


class Watched(Struct, frozen=True, kw_only=True):
    """A watched account: its state, and what the last look gave.

    `unread` and `last_look` are None before the first look that succeeded; `next_look` is None where nobody comes back
    by himself; `last_error` is None while all is well.
    """

    account: str
    state: State
    unread: int | None
    last_look: datetime | None
    next_look: datetime | None
    last_error: str | None


class Standing(Struct, frozen=True, kw_only=True):
    """What the running checker says of itself: `problem` is what is wrong with the store, None while nothing is."""

    pid: int
    notify: Way
    problem: str | None
    accounts: tuple[Watched, ...]


class Shown(Struct, frozen=True, kw_only=True):
    """A notification that was displayed, and which way it went."""

    notify: Way
    title: str


class Look(NamedTuple):
    """One account after a look: what was seen, or what went wrong."""

    plan: Plan
    watched: Watched
    sight: Sight | None
    error: MailctlError | None


def once(ctx: Context) -> tuple[tuple[Watched, ...], tuple[MailctlError, ...]]:
    """Look once at each watched account the actor may read, tell what is new, and give what went wrong.

    One that fails does not keep the others waiting. Where the checker runs, it is the one that tells.
    """
    watched = [plan for plan in plans(ctx) if plan.is_enabled]
    _ = ctx.trace  # opened once, before several threads ask for it
    looks = side_by_side([partial(look, ctx, plan) for plan in watched])  # which leave nothing half-done
    tell(ctx, [one for one in looks if one.sight is not None])
    return tuple(one.watched for one in looks), tuple(one.error for one in looks if one.error is not None)


def look(ctx: Context, plan: Plan) -> Look:
    """Look into one account's folders (EXAMINE and BODY.PEEK only: nothing is marked)."""
    looker = Looker(ctx, plan.account, plan.policy)
    sight, error = None, None
    try:
        sight = looker.look()
    except MailctlError as failed:
        error = failed
    finally:
        looker.close()
    watched = Watched(
        account=plan.account.name,
        state=State.FAILED if error else State.OK,
        unread=sight.count if sight else None,
        last_look=ctx.now(),
        next_look=None,
        last_error=str(error) if error else sight.problem if sight else None,
    )
    return Look(plan, watched, sight, error)


def tell(ctx: Context, looks: list[Look]) -> None:
    """Tell what was not told before, where somebody sees it, unless the checker runs and does so."""
    way = notifier_of(ctx)
    if not looks or (way.name is Way.LOG and ctx.settings.checker.notify is not Way.LOG):
        return
    files = marks_of(ctx)
    try:
        with held(files.root / "lock", patience=0, too_late=lambda: AlreadyExistsError("the checker runs")):
            ledger = Ledger(files)
            for path in (path.stem for path in files.root.glob("*.json")):
                ledger.know(path)
            for one in looks:
                tell_one(ctx, ledger, one, partial(carry_out, way, files))
    except AlreadyExistsError:
        return
    except NotShownError as error:
        ctx.warn(str(error))
    finally:
        way.close()


def tell_one(ctx: Context, ledger: Ledger, one: Look, do: Callable[..., MailctlError | None]) -> None:
    """Tell what is new in one account; a notification of what is read by now is taken back."""
    assert one.sight is not None
    now, name = ctx.now(), one.plan.account.name
    before = ledger.marks.get(name)
    decision = ledger.decide(name, one.sight.unread, one.plan.policy, now=now, local=now.astimezone())
    problem = do(name, decision, changed=decision.mark != before)
    ledger.done(name, decision)
    if problem is not None:
        ctx.warn(str(problem))


def failure(looks: tuple[Watched, ...]) -> SomeFailedError | None:
    """The error of a round in which a look failed; None when none did."""
    failed = [one.account for one in looks if one.state is State.FAILED]
    if not failed:
        return None
    return SomeFailedError(
        f"could not look at {len(failed)} of {len(looks)} accounts: {', '.join(failed)}",
        hint=f"mailctl password check {failed[0]}",
    )


def hindrance(errors: tuple[MailctlError, ...]) -> MailctlError | None:
    """The error by which a script tells a failed look from unread mail: no login, else a server out of reach."""
    if not errors:
        return None
    if all(isinstance(error, LoginRefusedError | SecretUnavailableError) for error in errors):
        return errors[0]
    return ServerUnreachableError(str(errors[0]), hint=errors[0].hint)


def standing(ctx: Context) -> Standing:
    """What the running checker says of itself.

    Raises:
        NotRunningError: none runs, or it does not answer.
    """
    path = socket_file(ctx.paths)
    try:
        path.stat()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, reached(path) as name:
            sock.settimeout(ANSWER_WITHIN)
            sock.connect(name)
            with sock.makefile("rb") as answer:
                return msgspec.json.decode(answer.read(), type=Standing)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunningError(
            "the checker does not run", hint="mailctl checker install, or mailctl checker run"
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise NotRunningError("the checker does not answer", hint="journalctl --user -u mailctl-checker") from error


def ailing(found: Standing) -> SomeFailedError | None:
    """The error of a checker that cannot look at all it should; None when it can."""
    good = (State.IDLING, State.POLLING, State.DISABLED)
    failed = [one.account for one in found.accounts if one.state not in good and one.last_error is not None]
    if found.problem:
        return SomeFailedError(f"the store cannot be read: {found.problem}", hint="mailctl store check")
    if not failed:
        return None
    return SomeFailedError(
        f"{len(failed)} of {len(found.accounts)} accounts cannot be looked at: {', '.join(failed)}",
        hint=f"mailctl password check {failed[0]}",
    )


def try_out(ctx: Context) -> Shown:
    """Show one notification, the way the store asks for.

    Raises:
        NotShownError: nobody displays it.
    """
    way = notifier_of(ctx)
    notice = Notice(tag="*test", title="mailctl: a test", body="This is how unread mail is told.")
    if way.name is Way.LOG and ctx.settings.checker.notify is Way.AUTO:
        raise NotShownError(
            "nobody displays notifications here: no D-Bus session and no desktop",
            hint='store.toml: [checker] notify = "command" or "log"',
        )
    try:
        way.show(notice)
    finally:
        way.close()
    return Shown(notify=way.name, title=notice.title)
