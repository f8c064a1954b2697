"""Hints that name the account which failed."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailctl.domain.account import Account
from mailctl.errors import MailctlError


@contextmanager
def named(account: Account, side: str) -> Iterator[None]:
    """Let the hints of what fails at a server name the account, and which of its servers is meant."""
    try:
        yield
    except MailctlError as error:
        error.hint = error.hint.replace("ACCOUNT", account.name).replace(" incoming.", f" {side}.")
        raise
