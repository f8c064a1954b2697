"""The outside world of the services, opened on first use; and the one door to an account."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.account import Account, Server
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.rights import ALL_RIGHTS, VERBS, Right, rights_of
from mailctl.errors import (
    AccountNotFoundError,
    CheckerOnlyError,
    CollaboratorNotFoundError,
    RightMissingError,
)
from mailctl.services.naming import named
from mailctl.store.files import Store
from mailctl.store.paths import Paths

if TYPE_CHECKING:
    from mailctl.domain.oauth import Token
    from mailctl.domain.provider import Provider
    from mailctl.domain.settings import Settings
    from mailctl.local.index import Index
    from mailctl.local.maildir import Maildir
    from mailctl.local.once import Once
    from mailctl.local.outbox import Outbox
    from mailctl.remote.dialling import Dialling
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.smtp import SmtpSession
    from mailctl.remote.trace import Trace
    from mailctl.store.change import Change
    from mailctl.store.history import Author

ROOT = "root"


class Actor(Struct, frozen=True, kw_only=True):
    """Who acts: a login of the operating system, and the collaborator it belongs to."""

    login: str
    collaborator: Collaborator | None
    is_admin: bool
    is_alone: bool

    @property
    def name(self) -> str:
        """The collaborator's short name, else the login."""
        return self.collaborator.id if self.collaborator else self.login


class Context:
    """Store, identity, secrets, network and local mail, each opened when it is first asked for."""

    def __init__(
        self,
        *,
        paths: Paths,
        environ: Mapping[str, str],
        login: str,
        acting_as: str | None,
        now: Callable[[], datetime],
        say: Callable[[str], None],
        warn: Callable[[str], None],
        progress: Callable[[str, int, int], None],
        trace: "Callable[[], Trace] | None" = None,
        interactive: bool = False,
        local_mail: bool = False,
    ) -> None:
        self.paths = paths
        self.environ = environ
        self.login = login
        self.acting_as = acting_as
        self.now = now
        self.say = say
        self.warn = warn
        self.progress = progress
        self.open_trace = trace
        self.interactive = interactive
        self.local_mail = local_mail
        self.store = Store(paths.store)
        self.admitted: set[str] = set()
        self.diallings: dict[str, Dialling] = {}  # by account: connections that came up while there was else to do
        self.tokens: dict[str, Token] = {}  # of clients that keep them nowhere else
        self.asking = Lock()  # for nobody is asked to unlock the keyring twice at once

    @cached_property
    def settings(self) -> "Settings":
        """store.toml, read once."""
        return self.store.settings()

    @cached_property
    def actor(self) -> Actor:
        """Who acts: found by the login, or named by an administrator with `--as`.

        Raises:
            RightMissingError: `--as` by somebody else.
            CollaboratorNotFoundError: `--as` names nobody.
        """
        own = self.who_is(self.login)
        if self.acting_as is None or (own.collaborator and own.collaborator.id == self.acting_as):
            return own
        if not own.is_admin:
            raise RightMissingError(
                f"'{own.name}' may not act as '{self.acting_as}': only an administrator may",
                hint="mailctl whoami",
            )
        chosen = self.store.collaborator(self.acting_as)
        return Actor(login=self.login, collaborator=chosen, is_admin=chosen.admin, is_alone=False)

    def who_is(self, login: str) -> Actor:
        """The actor a login stands for; a store without collaborators is one person's."""
        names = self.store.collaborator_names()
        named_admin = login in self.settings.administrators or login == ROOT
        found = self.collaborator_of(login, names)
        return Actor(
            login=login,
            collaborator=found,
            is_admin=named_admin or (found is not None and found.admin),
            is_alone=not names,
        )

    def collaborator_of(self, login: str, names: tuple[str, ...]) -> Collaborator | None:
        """The collaborator to whom a login belongs: the file of that name is tried before the others are read."""
        if login in names:
            own = self.store.collaborator(login)
            if login in own.os_logins:
                return own
        everybody, _ = self.store.collaborators()
        return next((one for one in everybody if login in one.os_logins), None)

    # -- the one door

    def account(self, name: str | None, *, need: Right, watched: bool = False) -> Account:
        """An account on which the actor holds a right; nothing secret or remote is reached before this.

        Args:
            name: None for the default account.
            need: the right that what follows asks for.
            watched: whether a checker-only account will do.

        Raises:
            AccountNotFoundError: the store has none of that name, or no default.
            RightMissingError: the actor lacks the right.
            CheckerOnlyError: the account is only watched.
        """
        account = self.store.account(name or self.default_account())
        if need not in self.rights_on(account):
            raise self.refusal(account, need)
        if account.checker_only and not watched:
            raise CheckerOnlyError(
                f"'{account.name}' is a checker-only account: it is watched, and neither sends nor fetches",
                hint=f"mailctl account set {account.name} checker_only=false",
            )
        self.admitted.add(account.name)
        return account

    def accounts(self, *, need: Right, watched: bool = False) -> tuple[Account, ...]:
        """All accounts on which the actor holds a right; broken files are warned about and break no other."""
        found = self.readable_accounts()
        allowed = tuple(
            account for account in found if need in self.rights_on(account) and (watched or not account.checker_only)
        )
        self.admitted.update(account.name for account in allowed)
        return allowed

    def readable_accounts(self) -> tuple[Account, ...]:
        """All accounts whose files can be read; the others are warned about."""
        _ = self.settings  # no store, or one not to be trusted, is told first
        found, errors = self.store.accounts()
        for error in errors:
            self.warn(str(error))
        return found

    def visible(self, name: str) -> Account:
        """An account the actor may know the settings of: with any right, or as an administrator.

        Raises:
            RightMissingError: the actor has none.
        """
        account = self.store.account(name)
        if not (self.actor.is_admin or self.rights_on(account)):
            raise self.refusal(account, Right.READ)
        return account

    def visible_accounts(self) -> tuple[Account, ...]:
        """All accounts the actor may know the settings of; broken files are warned about."""
        found = self.readable_accounts()
        return tuple(account for account in found if self.actor.is_admin or self.rights_on(account))

    def managed(self, name: str) -> Account:
        """An account the actor may change: with `manage`, or as an administrator; no secret is reached with it."""
        account = self.store.account(name)
        if not self.actor.is_admin and Right.MANAGE not in self.rights_on(account):
            raise self.refusal(account, Right.MANAGE)
        return account

    def require_admin(self, what: str) -> None:
        """Refuse who may not change the whole store.

        Raises:
            RightMissingError: the actor is no administrator, and not alone.
        """
        if not (self.actor.is_admin or self.actor.is_alone):
            who = ", ".join(self.settings.administrators) or ROOT
            raise RightMissingError(
                f"'{self.actor.name}' may not {what}: that is an administrator's", hint=f"ask {who}; mailctl whoami"
            )

    def rights_on(self, account: Account) -> frozenset[Right]:
        """The actor's rights on an account."""
        if self.actor.is_alone:
            return ALL_RIGHTS
        if self.actor.collaborator is None:
            return frozenset({Right.SEND}) if self.sends_local_mail(account) else frozenset()
        return rights_of(self.actor.collaborator.id, owner=account.owner, grants=account.rights)

    def sends_local_mail(self, account: Account) -> bool:
        """Whether a login that is no collaborator's may send through the account, as `[sendmail]` lets it.

        Only mailctl-sendmail asks for that, and only the account for local mail and the one that stands in are meant.
        """
        chosen = self.settings.sendmail
        return (
            self.local_mail
            and bool({self.login, "*"} & set(chosen.logins))
            and account.name in (chosen.account or self.settings.default_account, chosen.fallback)
        )

    def refusal(self, account: Account, need: Right) -> RightMissingError:
        """The error that names the right, the account, and who can grant it."""
        managers = [name for name, rights in account.rights.items() if Right.MANAGE in rights]
        who = ", ".join([*([account.owner] if account.owner else []), *managers]) or "an administrator"
        return RightMissingError(
            f"'{self.actor.name}' may not {VERBS[need]} '{account.name}': the right '{need}' is missing",
            hint=f"{who} can grant it: mailctl rights grant {account.name} {self.actor.name} {need}",
        )

    def default_account(self) -> str:
        """The account meant when none is named: the environment's, the collaborator's own, then the store's."""
        own = self.actor.collaborator.default_account if self.actor.collaborator else None
        chosen = self.environ.get("MAILCTL_ACCOUNT") or own or self.settings.default_account
        if chosen:
            return chosen
        names = self.store.account_names()
        if len(names) == 1:
            return names[0]
        raise AccountNotFoundError("no account named, and no default one", hint="-a ACCOUNT; mailctl account list")

    @contextmanager
    def change(self, what: str) -> "Iterator[Change]":
        """Gather changes of the store, written at the end all or none, and entered in its history where it has one.

        Args:
            what: what is done, for the history: `add account 'contact'`.
        """
        with self.store.change() as change:
            yield change
            with self.entering(change, what):
                change.commit()
        for file, place in change.kept_aside:
            self.warn(f"{file}: its comments are gone; the former text is in {place}")

    def entering(self, change: "Change", what: str) -> AbstractContextManager[None]:
        """What enters a change in the store's history, where it has one, and does nothing elsewhere."""
        files = () if change.check_only or not (self.store.root / ".git").exists() else tuple(change.texts())
        if not files:
            return nullcontext()
        from mailctl.store import history

        return history.entering(self.store.root, files, what, self.author, warn=self.warn)

    @property
    def author(self) -> "Author":
        """Who acts, for the history; who acts for somebody is named too."""
        from mailctl.store.history import Author

        one = self.actor.collaborator
        name = one.name if one else self.login
        shown = name if self.acting_as is None else f"{name} (by {self.login})"
        return Author(name=shown, email=one.email if one else f"{self.login}@localhost")

    # -- secrets and servers, for admitted accounts only

    def provider(self, account: Account) -> "Provider | None":
        """The preset an account names."""
        if account.provider is None:
            return None
        from mailctl.providers import provider

        return provider(account.provider)

    def incoming(self, account: Account) -> Server:
        """The account's IMAP server."""
        from mailctl.domain.provider import incoming_of

        return incoming_of(account, self.provider(account))

    def outgoing(self, account: Account) -> Server:
        """The account's submission server."""
        from mailctl.domain.provider import outgoing_of

        return outgoing_of(account, self.provider(account))

    def secret(self, account: Account, server: Server) -> str:
        """The secret for one of an admitted account's servers.

        Raises:
            SecretUnavailableError: the place is locked or absent, or does not have it.
        """
        self.refuse_unasked(account)
        from mailctl.services.secret import secret_of

        with named(account, "incoming"):
            return secret_of(self, account, server)

    def refuse_unasked(self, account: Account) -> None:
        """Refuse an account that nobody asked for through the door."""
        if account.name not in self.admitted:
            raise RightMissingError(f"'{account.name}' was not asked for through the door")

    def imap_opener(self, account: Account) -> "Callable[..., ImapSession]":
        """What opens an IMAP session of an admitted account, given server and secret."""
        self.refuse_unasked(account)
        from mailctl.remote.imap import open_imap

        return open_imap

    @contextmanager
    def imap(self, account: Account) -> "Iterator[ImapSession]":
        """A logged-in IMAP session of an admitted account."""
        server = self.incoming(account)
        from mailctl.services.secret import logged_in

        with named(account, "incoming"), logged_in(self, account, server, self.imap_opener(account)) as session:
            yield session

    @contextmanager
    def smtp(self, account: Account) -> "Iterator[SmtpSession]":
        """A logged-in submission session of an admitted account."""
        server = self.outgoing(account)
        from mailctl.remote.smtp import open_smtp
        from mailctl.services.secret import logged_in

        with named(account, "outgoing"), logged_in(self, account, server, open_smtp) as session:
            yield session

    @cached_property
    def trace(self) -> "Trace | None":
        """Where the conversation is written, if anywhere."""
        return self.open_trace() if self.open_trace else None

    # -- what is kept on this machine

    @cached_property
    def outbox(self) -> "Outbox":
        """The queue of mail on its way out."""
        from mailctl.local.outbox import Outbox

        return Outbox(self.paths.state / "outbox")

    @cached_property
    def once(self) -> "Once":
        """The keys of mail that must not go twice."""
        from mailctl.local.once import Once

        return Once(self.paths.state / "once")

    @cached_property
    def index(self) -> "Index":
        """The index of fetched mail."""
        from mailctl.local.rebuilding import open_index

        return open_index(self.paths.data / "index.sqlite", self.warn)

    def maildir(self, account: str, folder: str) -> "Maildir":
        """The mirror of one folder of an account."""
        from mailctl.local.maildir import Maildir

        return Maildir(self.paths.data / "mail", account, folder)


def resolve_collaborator(ctx: Context, name: str | None) -> Collaborator:
    """A collaborator by name; None for the actor.

    Raises:
        CollaboratorNotFoundError: nobody of that name, or the actor is no collaborator.
    """
    if name is not None:
        return ctx.store.collaborator(name)
    if ctx.actor.collaborator is None:
        raise CollaboratorNotFoundError(f"the login '{ctx.login}' is no collaborator's", hint="-c COLLABORATOR")
    return ctx.actor.collaborator
