"""Looking at one account: what is unread in its folders, over a connection that can be kept; nothing changes."""

import os
from contextlib import ExitStack
from hashlib import blake2b
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.account import Account
from mailctl.domain.announce import Unread
from mailctl.domain.watching import Mode, Policy
from mailctl.errors import FolderNotFoundError, LoginRefusedError, MailctlError, ServerRefusedError
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import FolderState

SALT = os.urandom(32)
MOST = 20_000  # unread messages of a folder that are told apart; of more, the newest
LISTED = 20  # of how many the sender and the subject are kept
LONGEST = 200


class Sight(Struct, frozen=True):
    """What was seen: the unread mail, the oldest first; how much there is; which folders could not be opened."""

    unread: tuple[Unread, ...]
    count: int
    problem: str | None = None


class Looker:
    """One account's connection and what it knows of the folders; for one thread at a time."""

    def __init__(self, ctx: Context, account: Account, policy: Policy) -> None:
        self.ctx = ctx
        self.account = account
        self.policy = policy
        self.stack = ExitStack()
        self.session: ImapSession | None = None
        self.opened = ""
        self.states: dict[str, FolderState] = {}
        self.known: dict[str, dict[int, Unread]] = {}
        self.counts: dict[str, int] = {}
        self.idling: bytes | None = None
        self.refused = b""
        self.polls = policy.mode is Mode.POLL
        self.could_not_wait = False

    def look(self) -> Sight:
        """What is unread now; connects where need be, and stops waiting.

        Raises:
            MailctlError: the account cannot be looked at.
        """
        session = self.connected()
        if self.idling is not None:
            from mailctl.remote.imap_unread import end_idle

            tag, self.idling = self.idling, None
            end_idle(session, tag)
        problems = [problem for folder in self.policy.folders if (problem := self.tried(session, folder))]
        unread = [mail for folder in self.policy.folders for mail in self.known.get(folder, {}).values()]
        return Sight(
            tuple({mail.key: mail for mail in unread}.values()), sum(self.counts.values()), "; ".join(problems) or None
        )

    def connected(self) -> "ImapSession":
        """The session, opened when there is none."""
        if self.session is None:
            try:
                self.session = self.stack.enter_context(self.ctx.imap(self.account))
            except LoginRefusedError:
                self.refused = self.secret_digest()
                raise
            from mailctl.remote.imap_unread import notice_silence

            notice_silence(self.session)
        return self.session

    def secret_digest(self) -> bytes:
        """What tells the account's secret from another, and gives nothing of it away."""
        from mailctl.services.secret import kept

        secret = kept(self.ctx, self.account, self.ctx.incoming(self.account))
        return blake2b(secret.encode("utf-8", "replace"), key=SALT).digest()

    def has_new_secret(self) -> bool:
        """Whether the secret is another one than that which was refused; nothing is sent to the server."""
        return self.secret_digest() != self.refused

    def tried(self, session: "ImapSession", folder: str) -> str | None:
        """Look into one folder; one that is not there fails alone, unless it is the only one."""
        try:
            self.look_into(session, folder)
        except (FolderNotFoundError, ServerRefusedError) as error:
            self.opened = ""
            self.known.pop(folder, None)
            self.counts.pop(folder, None)
            if len(self.policy.folders) == 1:
                raise
            return str(error)
        return None

    def look_into(self, session: "ImapSession", folder: str) -> None:
        """Bring what is known of a folder to what the server has."""
        from mailctl.remote.imap_unread import unseen

        if self.opened != folder:
            state = session.states([folder]).get(folder)
            if state is not None and (state == self.states.get(folder) or state.unseen == 0):
                self.nothing_new(folder, state)
                return
            opened = session.examine(folder)
            before = self.states.get(folder)
            if before is None or before.uidvalidity != opened.uidvalidity or not opened.uidvalidity:
                self.known[folder] = {}
            self.opened = folder
            self.states[folder] = state or opened
        self.recognise(session, folder, unseen(session))

    def nothing_new(self, folder: str, state: "FolderState") -> None:
        """Take a folder's numbers for what they say: nothing changed, or nothing is unread."""
        self.states[folder] = state
        if state.unseen == 0:
            self.known[folder] = {}
            self.counts[folder] = 0

    def recognise(self, session: "ImapSession", folder: str, uids: tuple[int, ...]) -> None:
        """Know the unread messages of the open folder; the headers of new ones are asked for."""
        from mailctl.remote.imap_unread import heads

        self.counts[folder] = len(uids)
        before = self.known.get(folder, {})
        newest = uids[-MOST:]
        fresh = [uid for uid in newest if uid not in before]
        named = set(fresh[-LISTED:])
        found = heads(session, fresh) if fresh else {}
        places = {uid: f"{self.account.name} {folder} {uid}" for uid in found}
        mails = {uid: unread_of(raw, places[uid], is_named=uid in named) for uid, raw in found.items()}
        self.known[folder] = {uid: one for uid in newest if (one := before.get(uid) or mails.get(uid))}

    def wait(self) -> bool:
        """Have the server say when something changes, where it can and is asked to; whether it has begun to.

        Raises:
            MailctlError: the connection is gone.
        """
        session = self.connected()
        if self.polls or (self.policy.mode is Mode.AUTO and "IDLE" not in session.capabilities):
            return False
        from mailctl.remote.imap_unread import begin_idle

        first = self.policy.folders[0]
        if self.opened != first:
            session.examine(first)
            self.opened = first
        self.could_not_wait = True
        self.idling = begin_idle(session)
        self.could_not_wait = False
        return True

    @property
    def has_news(self) -> bool:
        """Whether the server said something that nobody read yet; poll() would not see it."""
        return self.session is not None and self.session.lines.wire.has_unread()

    def fileno(self) -> int:
        """The connection's descriptor; -1 when there is none."""
        return -1 if self.session is None else self.session.lines.wire.fileno()

    def cut(self) -> None:
        """Break the connection, from whatever thread: who reads from it is woken up, and fails."""
        import socket

        session = self.session
        if session is not None:
            try:
                session.lines.wire.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def close(self, *, politely: bool = True) -> None:
        """End the connection; not an error if there is none."""
        if not politely:
            self.cut()
        self.session, self.opened, self.idling, self.could_not_wait = None, "", None, False
        try:
            self.stack.close()
        except (MailctlError, OSError):
            return


def unread_of(raw: bytes, place: str, *, is_named: bool) -> Unread:
    """An unread mail out of its header; its key is the same in every account and after any renumbering.

    Args:
        raw: the header's few fields.
        place: where it lies, which tells one without any of them from others.
        is_named: whether it may have to be shown.
    """
    from mailctl.domain.decoding import header_text, message_id
    from mailctl.domain.mailboxes import mailboxes
    from mailctl.domain.mime import first, headers_of

    headers = headers_of(raw)
    identity = (message_id(first(headers, "message-id")) or "").encode("utf-8", "replace") or raw.strip()
    key = blake2b(identity or place.encode("utf-8", "replace"), digest_size=10)
    if not is_named:
        return Unread(key.hexdigest())
    sender = mailboxes(first(headers, "from"))
    name = sender.partition(" <")[0].strip('"') if not sender.startswith("<") else sender.strip("<>")
    return Unread(key.hexdigest(), name[:LONGEST], header_text(first(headers, "subject"))[:LONGEST])
