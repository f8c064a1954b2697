"""The store as a whole: made, checked, found."""

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.settings import Settings
from mailctl.errors import MailctlError, Problem
from mailctl.services.context import Context
from mailctl.store.files import fresh_settings


class Place(Struct, frozen=True, kw_only=True):
    """The folders mailctl uses."""

    store: str
    data: str
    state: str
    runtime: str


class Finding(Struct, frozen=True, kw_only=True):
    """One fault in one file of the store; line 0 means the whole file."""

    file: str
    line: int
    key: str
    text: str


def init(ctx: Context, *, firm: str = "") -> Settings:
    """Make a store whose administrator is who makes it.

    Raises:
        AlreadyExistsError: there is one already.
    """
    settings = fresh_settings(firm=firm, administrator=ctx.login)
    ctx.store.create(settings)
    return settings


def place(ctx: Context) -> Place:
    """Where everything lies."""
    paths = ctx.paths
    return Place(store=str(paths.store), data=str(paths.data), state=str(paths.state), runtime=str(paths.runtime))


def check(ctx: Context) -> tuple[Finding, ...]:
    """Every fault of every file and every reference; none means a good store.

    Raises:
        StoreError: store.toml itself is missing, invalid, unsafe or of a newer version.
    """
    accounts, _ = ctx.store.accounts()
    problems = (*ctx.store.problems(), *unknown_presets(ctx, accounts), *dangling_defaults(ctx))
    return tuple(Finding(file=one.file, line=one.line, key=one.key, text=one.text) for one in problems)


def unknown_presets(ctx: Context, accounts: tuple[Account, ...]) -> tuple[Problem, ...]:
    """Accounts whose provider there is not, or that no server is known for."""
    faults = []
    for account in accounts:
        try:
            ctx.incoming(account)
            if not account.checker_only:
                ctx.outgoing(account)
        except MailctlError as error:
            text = str(error).removeprefix(f"accounts/{account.name}.toml: ")
            faults.append(Problem(f"accounts/{account.name}.toml", 0, "", text))
    return tuple(faults)


def dangling_defaults(ctx: Context) -> tuple[Problem, ...]:
    """Default accounts that do not exist."""
    names = set(ctx.store.account_names())
    people, _ = ctx.store.collaborators()
    said = [
        ("store.toml", "default_account", ctx.settings.default_account),
        ("store.toml", "sendmail.account", ctx.settings.sendmail.account),
        *((f"collaborators/{one.id}.toml", "default_account", one.default_account) for one in people),
    ]
    return tuple(
        Problem(file, 0, key, f"no account '{name}'") for file, key, name in said if name and name not in names
    )
