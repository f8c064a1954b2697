"""The same asked of several accounts' servers: one that cannot be asked does not keep the others' answers back."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mailctl.domain.account import Account
from mailctl.errors import MailctlError, SomeFailedError, UsageError
from mailctl.services.context import Context

Answer = TypeVar("Answer")


def ask_each(
    ctx: Context, accounts: Sequence[Account], ask: Callable[[Account], Sequence[Answer]]
) -> tuple[list[Answer], tuple[str, ...]]:
    """The answers of all accounts, and the accounts that could not be asked; each is warned about.

    Raises:
        UsageError: there is something that no server can be asked.
        MailctlError: none could be asked; why the first could not.
    """
    found: list[Answer] = []
    errors: dict[str, MailctlError] = {}
    for account in accounts:
        try:
            found += ask(account)
        except UsageError:
            raise
        except MailctlError as error:
            errors[account.name] = error
    if errors and len(errors) == len(accounts):
        raise next(iter(errors.values()))
    for name, why in errors.items():
        ctx.warn(f"'{name}': {why}")
    return found, tuple(errors)


def failure(failed: Sequence[str]) -> SomeFailedError | None:
    """The error of a run in which some accounts could not be asked; None when all were."""
    if not failed:
        return None
    return SomeFailedError(
        f"could not ask {len(failed)} of the accounts: {', '.join(failed)}", hint=f"mailctl password check {failed[0]}"
    )
