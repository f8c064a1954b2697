"""The store as a whole: made, checked, found."""

from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.affair import Affair, stem_of
from mailctl.domain.settings import Settings
from mailctl.errors import MailctlError, Problem, UsageError
from mailctl.services.account_mail import follow_others
from mailctl.services.context import Context
from mailctl.services.links import faulty_links
from mailctl.store.decode import Source
from mailctl.store.editors import KINDS, shipped
from mailctl.store.files import fresh_settings
from mailctl.store.references import dangling_defaults

if TYPE_CHECKING:
    from mailctl.store.history import Event
    from mailctl.store.sharing import Synced


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


def init(ctx: Context, *, firm: str = "", with_history: bool = False) -> Settings:
    """Make a store whose administrator is who makes it; or begin the history of one that has none.

    Args:
        ctx: who acts, and where.
        firm: its name, for signatures.
        with_history: every change becomes a commit of a git repository.

    Raises:
        AlreadyExistsError: there is one already, and a history if it is to have one.
        RightMissingError: only an administrator begins the history of a store that is there.
    """
    if with_history:
        return init_with_history(ctx, firm=firm)
    settings = fresh_settings(firm=firm, administrator=ctx.login)
    ctx.store.create(settings)
    return settings


def init_with_history(ctx: Context, *, firm: str) -> Settings:
    """Make a store, or take the one that is there, and begin its history."""
    from mailctl.store import history
    from mailctl.store.writing import locked

    history.require_git()
    root = ctx.store.root
    if not (root / "store.toml").exists() or history.is_kept(root):
        ctx.store.create(fresh_settings(firm=firm, administrator=ctx.login))
    else:
        ctx.require_admin("begin the history of the store")
    with locked(root):
        history.begin(root, ctx.author)
    return ctx.settings


def log(ctx: Context, name: str | None = None, *, limit: int = 50) -> "tuple[Event, ...]":
    """The store's changes, newest first; those of one account, collaborator or affair.

    Raises:
        RightMissingError: of an account the actor has no right on.
        AccountNotFoundError: the name is nobody's, and never was.
        StoreError: the store has no history.
    """
    from mailctl.store import history

    if name is None:
        ctx.require_admin("read the history of the whole store")
    elif name in ctx.store.account_names():
        ctx.visible(name)
    elif name not in {*ctx.store.collaborator_names(), *ctx.store.affair_names()}:
        ctx.require_admin("read the history of what is gone")
    found = history.events(ctx.store.root, (stem_of(name),) if name else (), limit=limit)
    if name is not None and not found and name not in ctx.store.collaborator_names():
        ctx.store.account(name)
    return found


def sync(ctx: Context) -> "Synced":
    """Share the store: take over what others changed, hand out what was changed here.

    Raises:
        RightMissingError: only an administrator syncs.
        SyncConflictError: one key has two values; nothing was changed.
        ServerUnreachableError: the remote cannot be reached.
        StoreError: what came makes store.toml invalid, files were edited by hand, or there is no history or no remote.
    """
    from mailctl.store import sharing
    from mailctl.store.editors import install

    ctx.require_admin("sync the store")
    before = ctx.store.accounts()[0]
    done = sharing.sync(ctx.store.root, ctx.author)
    install(ctx.store.root)
    follow_others(ctx, before)
    for file, place in done.uncommented:
        ctx.warn(f"{file}: its comments are gone; the former text: git -C {ctx.store.root} show {place}")
    for problem in ctx.store.problems():
        ctx.warn(str(problem))
    return done


def schema(kind: str) -> str:
    """The JSON Schema of one kind of file.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"no kind of file '{kind}'", hint=f"one of {', '.join(KINDS)}")
    return shipped(kind)


def place(ctx: Context) -> Place:
    """Where everything lies."""
    paths = ctx.paths
    return Place(store=str(paths.store), data=str(paths.data), state=str(paths.state), runtime=str(paths.runtime))


def check(ctx: Context) -> tuple[Finding, ...]:
    """Every fault of every file and every reference; none means a good store.

    Raises:
        StoreError: store.toml itself is missing, invalid, unsafe or of a newer version.
    """
    from mailctl.services.signature_check import faulty_signatures

    have = ctx.store.contents()
    problems = (
        *have.problems,
        *unknown_presets(ctx, have.accounts),
        *dangling_defaults(ctx.settings, have.collaborators, frozenset(ctx.store.account_names()), ctx.store.read),
        *failed_trials(ctx, have.affairs),
        *faulty_signatures(ctx, have.accounts),
        *faulty_templates(ctx),
        *faulty_links(ctx),
    )
    return findings(problems)


def faulty_templates(ctx: Context) -> tuple[Problem, ...]:
    """What is wrong with the store's templates; a store without any pays nothing for it."""
    from mailctl.store.templates import names

    known = names(ctx.store)
    if not known:
        return ()
    from mailctl.services import template_check

    return template_check.faulty_templates(ctx, known)


def findings(problems: tuple[Problem, ...]) -> tuple[Finding, ...]:
    """Faults as they are shown."""
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


def failed_trials(ctx: Context, affairs: tuple[Affair, ...]) -> tuple[Problem, ...]:
    """The messages made up to try an affair's rules of which the rules say something else."""
    if not any(affair.tests for affair in affairs):
        return ()
    from mailctl.domain.filing import Letter, would_take
    from mailctl.services.filing import own

    addresses, domains = own(ctx)
    wrong = [
        (affair, number, trial.matches)
        for affair in affairs
        for number, trial in enumerate(affair.tests)
        if trial.matches
        is not would_take(
            affair,
            Letter(sender=trial.sender, subject=trial.subject, list_id=trial.list_id),
            own_addresses=addresses,
            own_domains=domains,
        )
    ]
    return tuple(
        Source(f"affairs/{affair.stem}.toml", ctx.store.read(f"affairs/{affair.stem}.toml") or "").problem(
            ("tests", number), f"the rules {'do not take' if should else 'take'} it"
        )
        for affair, number, should in wrong
    )
