"""IMAP: a logged-in session, its folders, and the messages in them; imapclient only where it helps."""

import imaplib
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from mailctl.domain.account import Server
from mailctl.domain.content import Raw
from mailctl.domain.folders import Folder
from mailctl.domain.foresight import Foresight
from mailctl.errors import ProtocolError, ServerUnreachableError
from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.dialling import Dialling
from mailctl.remote.imap_ahead import ApartError, apart, begin, foreseen, greeted, was_heard
from mailctl.remote.imap_answers import Batch, Body, FolderState, Listed, Piece
from mailctl.remote.imap_faults import cut_short, greeting, logging_in, mapped, refused, said
from mailctl.remote.imap_lines import Cut, Lines, quoted
from mailctl.remote.imap_listing import asked, listing, states, told_states
from mailctl.remote.trace import Trace
from mailctl.remote.wire import READ_SECONDS, Wire, reaching

FLAG = re.compile(r"\\?[A-Za-z0-9_$.+-]+")
COUNTED = "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"
LARGEST = 2**63 - 1

if TYPE_CHECKING:
    from mailctl.remote.imap_client import Client


def open_imap(
    server: Server,
    secret: str,
    *,
    timeout: float = READ_SECONDS,
    trace: Trace | None = None,
    foresight: Foresight | None = None,
    dialling: Dialling | None = None,
) -> "ImapSession":
    """A session with an IMAP server, TLS up and logged in; to be used with `with`.

    Args:
        server: where, how secured, as whom.
        secret: password or OAuth2 token.
        timeout: seconds for each step; connecting has 15 at most.
        trace: where the conversation is written.
        foresight: how the server greeted the last time, and what it was asked then: it is asked along with the login.
        dialling: a connection that is on its way up already.

    Raises:
        ServerUnreachableError: name, port, certificate (CertificateError) or no TLS (TlsUnavailableError).
        LoginRefusedError: the server refused the login.
        TemporaryError: the server asks to come again later.
        ProtocolError: what answers is no IMAP server.
    """
    wire = Wire(server, timeout=timeout, trace=trace, dialling=dialling)
    try:
        with reaching(server, "cannot reach", timeout), greeting(server):
            lines = Lines(wire)
            wire.settimeout(timeout)
            lines.secured_as_asked()
        with apart(lines), logging_in(server, secret, timeout):
            lines.log_in(secret, ahead=foreseen(lines, foresight))
            return ImapSession(lines, takes_ahead=was_heard(lines))
    except ApartError:
        wire.close()
    except BaseException:
        wire.close()
        raise
    session = open_imap(server, secret, timeout=timeout, trace=trace)
    session.takes_ahead = False
    return session


class ImapSession:
    """A logged-in connection to an IMAP server; for one thread."""

    def __init__(self, lines: Lines, *, takes_ahead: bool = True) -> None:
        self.lines = lines
        self.takes_ahead = takes_ahead
        self.answered: list[str] = []
        self.server = lines.wire.server
        lines.is_patient = True
        self.wire_names: dict[str, bytes] = {}
        self.early: dict[int, Body] = {}
        self.asked: set[int] = set()
        self.told: dict[bytes, FolderState] = {}
        self.offered = lines.untagged_responses.pop("CAPABILITY", None)
        self.follows_vanished = False

    def __enter__(self) -> "ImapSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take leave, without waiting for the answer."""
        try:
            if not isinstance(error, ServerUnreachableError):
                self.lines.send(self.lines._new_tag() + b" LOGOUT\r\n")
        except OSError:
            return
        finally:
            self.lines.wire.close()

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """What the server offers to who is logged in; asked for only where the login's answer did not say it."""
        told: Sequence[Piece | None] = self.offered or ()
        if not told:
            with self.asking("say what it can"):
                told = self.command("CAPABILITY")
        lines = (line for line in told if isinstance(line, bytes))
        return frozenset(word for line in lines for word in answers.text(line).upper().split())

    @cached_property
    def client(self) -> "Client":
        """imapclient on this connection, loaded when it is first needed."""
        from mailctl.remote.imap_client import Client

        return Client(self.lines, self.capabilities)

    def asking(self, what: str) -> AbstractContextManager[None]:
        """Ours instead of foreign exceptions; `what` is what the server may refuse."""
        return mapped(self.server, what, self.lines.wire.timeout)

    def command(self, name: str, *words: str | bytes, answer: str | None = None) -> Sequence[Piece | None]:
        """Say a command and give its answers of one kind, of the command's own name when none is said."""
        kind = answer or name
        self.lines.finish(name, begin(self, name, words, answer=kind))
        found: Sequence[Piece | None] = self.lines.untagged_responses.pop(kind, [])
        return found

    def ask_nothing(self) -> None:
        """See whether the server still answers."""
        with self.asking("answer"):
            self.command("NOOP")

    def wire_name(self, folder: str) -> bytes:
        """A folder's name as the server writes it: as it listed it, else in modified UTF-7."""
        return self.wire_names.get(folder) or answers.encoded(folder)

    # -- folders

    def folders(self, *, counted: bool = False) -> tuple[Folder, ...]:
        """Every folder, in the server's order, each once; INBOX under that name.

        Args:
            counted: whether `states` will be asked for all of them: some servers tell both at once (RFC 5819).
        """
        with self.asking("list its folders"):
            pieces = listing(self, counts=self.counted if counted else "")
            found = [answers.folder_of(record) for record in answers.records(pieces)]
            self.told = told_states(self)
        listed: dict[str, Folder] = {}
        for name, folder in (one for one in found if one is not None):
            if folder.name not in listed:
                listed[folder.name] = folder
                self.wire_names[folder.name] = name
        return tuple(listed.values())

    def personal_prefix(self) -> str:
        """What stands before the names of one's own folders (RFC 2342): nothing, or such as `INBOX.`."""
        if "NAMESPACE" not in self.capabilities:
            return ""
        with self.asking("tell its namespaces"):
            pieces = self.command("NAMESPACE")
            match [answers.values(record) for record in answers.records(pieces)]:
                case [[[[bytes(prefix), *_], *_], *_], *_]:
                    return answers.decoded(prefix)
        return ""

    @property
    def counted(self) -> str:
        """What STATUS is asked for."""
        return f"({COUNTED} HIGHESTMODSEQ)" if "CONDSTORE" in self.capabilities else f"({COUNTED})"

    def states(self, folders: Sequence[str]) -> dict[str, FolderState]:
        """The numbers of folders, by STATUS, all asked at once; a folder that the server does not count is left out."""
        with self.asking("count its messages"):
            return states(self, folders)

    @property
    def foresight(self) -> Foresight:
        """What to ask along with the login the next time: what `folders` and `states` asked and got."""
        return Foresight(greeted=greeted(self.lines), commands=asked(self) if self.takes_ahead else ())

    def went_well(self, tag: bytes) -> bool:
        """Wait for the end of a command such as STATUS; whether the server did it."""
        try:
            self.lines.finish("STATUS", tag)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            return False
        return True

    def count_unseen(self, folder: str) -> int:
        """How many messages of a folder are unread, by STATUS: nothing in it changes (RFC 9051, 6.3.11)."""
        with self.asking(f"count the unread mail of '{folder}'"):
            pieces = self.command("STATUS", quoted(self.wire_name(folder)), "(UNSEEN)")
            for record in answers.records(pieces):
                found = answers.status_of(record)
                if found is not None and found[1].unseen is not None:
                    return found[1].unseen
        raise ProtocolError(f"{self.server.where} does not say how much of '{folder}' is unread")

    def examine(self, folder: str) -> FolderState:
        """Open a folder for reading only: nothing in it changes, and recent mail stays recent.

        Raises:
            FolderNotFoundError, ServerRefusedError, TemporaryError: the server does not open it.
        """
        return self.opened(folder, readonly=True)

    def select(self, folder: str) -> FolderState:
        """Open a folder for changing it.

        Raises:
            FolderNotFoundError, ServerRefusedError, TemporaryError: the server does not open it so.
        """
        return self.opened(folder, readonly=False)

    def opened(self, folder: str, *, readonly: bool) -> FolderState:
        """Open a folder and take its numbers."""
        with self.asking(f"open the folder '{folder}'"):
            self.lines.untagged_responses.clear()
            self.lines.state, self.lines.is_readonly = "AUTH", readonly  # what imaplib's select() sees to
            self.command("EXAMINE" if readonly else "SELECT", quoted(self.wire_name(folder)))
            self.lines.state = "SELECTED"
            messages, uidnext = self.number_of("EXISTS", without=b""), self.number_of("UIDNEXT")
            if not uidnext and messages:
                last = answers.flags_in(self.uid_fetch("*", "(UID FLAGS)"))
                uidnext = max(last, default=0) + 1
            return FolderState(
                name=folder,
                uidvalidity=self.number_of("UIDVALIDITY"),
                uidnext=uidnext or 1,
                messages=messages,
                highestmodseq=self.number_of("HIGHESTMODSEQ") or None,
            )

    def number_of(self, kind: str, *, without: bytes = b"0") -> int:
        """A number that the server said of the folder it opened, such that the index can keep it."""
        told = self.lines.untagged_responses.get(kind) or [without]
        return min(int(answers.joined(told[-1:])), LARGEST)

    def create(self, folder_name: str) -> None:
        """Make a folder.

        Raises:
            AlreadyExistsError, ServerRefusedError: the server does not.
        """
        with self.asking(f"make the folder '{folder_name}'"):
            self.client.create_folder(self.wire_name(folder_name))

    # -- messages put there

    def append(self, folder: str, raw: Raw, *, flags: frozenset[str], when: datetime) -> None:
        """Lay a message into a folder, its lines ending with CRLF where it is held whole.

        Raises:
            FolderNotFoundError: there is no such folder.
            MessageRefusedError: it is larger than the server takes.
        """
        from mailctl.remote.imap_copies import Copy, append_all

        [error] = append_all(self, folder, [Copy("", raw, when, flags=flags)])
        if error is not None:
            raise error

    def has_message(self, folder: str, message_id: str) -> bool:
        """Whether a folder holds a message of this Message-ID."""
        self.examine(folder)
        with self.asking(f"search '{folder}'"):
            charset = None if message_id.isascii() else "UTF-8"
            return bool(self.client.search(["HEADER", "Message-ID", message_id], charset))

    def add_flags(self, uids: Sequence[int], flags: frozenset[str]) -> None:
        """Give messages of the selected folder more flags."""
        names = f"({' '.join(written_flags(flags))})"
        with self.asking("flag the messages"):
            for some in sets.chunks(uids, most=1000):
                self.command("UID", "STORE", sets.written(some), "+FLAGS.SILENT", names)

    # -- messages of the examined folder

    def uid_fetch(self, uids: str, items: str) -> Sequence[Piece | None]:
        """The answers to one FETCH; what the server says of messages it will not give is passed over."""
        try:
            return self.command("UID", "FETCH", uids, items, answer="FETCH")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            found: Sequence[Piece | None] = self.lines.untagged_responses.pop("FETCH", [])
            if not found:
                raise
            return found

    def uids(self, *, since: date | None = None) -> frozenset[int]:
        """The UIDs of the folder, all or those that came on a day or later."""
        criterion = f"SINCE {since.day}-{answers.MONTHS[since.month - 1].capitalize()}-{since.year}" if since else "ALL"
        with self.asking("search the folder"):
            if "ESEARCH" not in self.capabilities:
                pieces = self.command("UID", "SEARCH", criterion, answer="SEARCH")
                return frozenset(
                    int(word) for line in pieces if isinstance(line, bytes) for word in answers.uid_words(line)
                )
            pieces = self.command("UID", "SEARCH", "RETURN (ALL)", criterion, answer="ESEARCH")
            found = [re.search(rb"\bALL ([0-9:,]+)", line) for line in pieces if isinstance(line, bytes)]
            return frozenset().union(*(sets.read(one[1].decode()) for one in found if one))

    def flags(self, first: int, last: int, *, changed_since: int | None = None) -> dict[int, frozenset[str]]:
        """The flags of messages from one UID to another, by UID.

        Args:
            first: the lowest UID.
            last: the highest; above the folder's own highest the server may add that one message.
            changed_since: only those changed after this HIGHESTMODSEQ (RFC 7162, 3.1.4).
        """
        items = "(UID FLAGS)" if changed_since is None else f"(UID FLAGS) (CHANGEDSINCE {changed_since})"
        with self.asking("tell its flags"):
            found = answers.flags_in(self.uid_fetch(f"{first}:{last}", items))
        return {uid: flags for uid, flags in found.items() if first <= uid <= last}

    def listed(self, uids: Iterable[int], *, with_message_id: bool = False) -> Iterator[Listed]:
        """What the server says of messages, without their texts; those it does not have are left out."""
        field = " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]" if with_message_id else ""
        for some in sets.chunks(uids, most=2000):
            with self.asking("list its messages"):
                found = answers.listed_in(
                    self.uid_fetch(sets.written(some), f"(UID FLAGS INTERNALDATE RFC822.SIZE{field})")
                )
            wanted = set(some)
            yield from (one for one in found if one.uid in wanted)

    def bodies(self, batches: Iterable[Sequence[int]]) -> Iterator[Batch]:
        """Messages as they are, a batch at a time; the next is asked for while one is dealt with.

        Dovecot answers both at once then: what comes early is kept for its batch.

        Raises:
            CutShortError: the connection ended within a message.
        """
        waiting: deque[tuple[Sequence[int], bytes]] = deque()
        self.early.clear()
        self.asked.clear()
        for uids in batches:
            waiting.append((uids, self.begin_bodies(uids)))
            if len(waiting) > 1:
                yield self.end_bodies(*waiting.popleft())
        while waiting:
            yield self.end_bodies(*waiting.popleft())

    def begin_bodies(self, uids: Sequence[int]) -> bytes:
        """Ask for messages, not marking them as read; gives the command's tag."""
        self.asked.update(uids)
        with self.asking("give a message"):
            tag: bytes = self.lines._command("UID", "FETCH", sets.written(uids), "(UID BODY.PEEK[])")
            return tag

    def end_bodies(self, uids: Sequence[int], tag: bytes) -> Batch:
        """Wait for messages asked for."""
        refusal = ""
        with self.asking("give a message"):
            try:
                self.lines.finish("FETCH", tag)
            except Cut as cut:
                raise cut_short(self.server, cut) from cut
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                refusal = str(refused(self.server, "give a message", said(error)))
            found = answers.bodies_in(self.lines.untagged_responses.pop("FETCH", []))
        self.early |= {one.uid: one for one in found if one.uid in self.asked}
        self.asked.difference_update(uids)
        bodies = tuple(self.early.pop(uid) for uid in uids if uid in self.early)
        return Batch(uids=tuple(uids), bodies=bodies, refusal=refusal)


def written_flags(flags: Collection[str]) -> list[str]:
    """Flags in one order.

    Raises:
        ValueError: one holds what no flag can.
    """
    assert all(FLAG.fullmatch(flag) for flag in flags), flags
    return sorted(flags)
