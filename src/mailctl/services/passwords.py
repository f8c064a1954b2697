"""The passwords of many accounts at once, for provisioning: each is looked at before the first is kept."""

import json
from typing import TypeVar

import msgspec
from msgspec import Struct

from mailctl import secrets
from mailctl.domain.account import Server
from mailctl.errors import BadDataError, MailctlError, Problem
from mailctl.services.context import Context
from mailctl.services.password import Kept, in_keyring

Value = TypeVar("Value")
SHAPE = """echo '{"contact": "…", "billing": "…"}', or [{"account": "contact", "secret": "…"}]"""


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a list of passwords."""

    account: str
    secret: str


def set_many(ctx: Context, document: str) -> tuple[Kept, ...]:
    """Keep the passwords of many accounts.

    Args:
        ctx: who acts, and where.
        document: JSON, `{"contact": "…"}` or `[{"account": "contact", "secret": "…"}]`.

    Raises:
        BadDataError: it is no such document, or a password in it is none.
        AccountNotFoundError, RightMissingError, UsageError: the first account that cannot be; `problems` has all.
        SecretUnavailableError: there is no keyring, or a locked one.
    """
    given = passwords_in(document)
    places: dict[str, dict[str, Server]] = {}
    failures: list[tuple[str, MailctlError]] = []
    for name, secret in given.items():
        try:
            places[name] = in_keyring(ctx, ctx.managed(name))
            check(secret, places[name])
        except MailctlError as error:
            failures.append((name, error))
    if failures:
        raise together(failures)
    return tuple(kept(ctx, name, secret, places[name]) for name, secret in given.items())


def check(secret: str, servers: dict[str, Server]) -> None:
    """Refuse what no password can be.

    Raises:
        BadDataError: it is empty, or holds what no protocol carries.
    """
    if not secret:
        raise BadDataError("the password is empty")
    if any("\ud800" <= letter <= "\udfff" for letter in secret):
        raise BadDataError("the password has half a letter in it")
    for server in servers.values():
        secrets.usable(secret, server)


def kept(ctx: Context, name: str, secret: str, servers: dict[str, Server]) -> Kept:
    """Keep one account's password, for each of its servers."""
    for server in servers.values():
        secrets.store(server, secret, environ=ctx.environ, interactive=ctx.interactive)
    return Kept(account=name, users=tuple(servers))


def together(failures: list[tuple[str, MailctlError]]) -> MailctlError:
    """An error like the first of some accounts' failures, with all of them in its problems."""
    name, first = failures[0]
    said = str(first) if f"'{name}'" in str(first) else f"'{name}': {first}"
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    error = type(first)(f"{said}{more}", hint="; ".join(filter(None, ("no password was kept", first.hint))))
    error.problems = tuple(Problem("stdin", 0, account, str(failure)) for account, failure in failures)
    return error


def passwords_in(document: str) -> dict[str, str]:
    """The passwords in a JSON document, by account.

    Raises:
        BadDataError: it is none. It names no password, and leads to none: the errors it comes from hold the document.
    """
    try:
        found = msgspec.convert(json.loads(document, object_pairs_hook=once), dict[str, str] | tuple[Given, ...])
    except json.JSONDecodeError as error:
        raise BadDataError(f"stdin:{error.lineno}: no valid JSON", hint=SHAPE) from None
    except (msgspec.ValidationError, RecursionError):
        raise BadDataError("stdin: neither accounts with their passwords nor a list of such", hint=SHAPE) from None
    if isinstance(found, dict):
        return found
    return once([(one.account, one.secret) for one in found])


def once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """The mapping of these pairs.

    Raises:
        BadDataError: one name stands there twice, and nobody knows which password is meant.
    """
    found: dict[str, Value] = {}
    for name, value in pairs:
        if name in found:
            raise BadDataError(f"stdin: '{name}' stands there twice", hint="no password was kept")
        found[name] = value
    return found
