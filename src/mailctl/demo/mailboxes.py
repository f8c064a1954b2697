"""The mailboxes of the demo, in memory, behind pymap's IMAP server."""

from argparse import Namespace
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.concurrent import Subsystem
from pymap.config import BackendCapability
from pymap.imap import IMAPServer
from pymap.listtree import ListEntry, ListTree
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

SPECIAL_USE = {"Sent": b"Sent", "Drafts": b"Drafts", "Trash": b"Trash"}  # RFC 6154
GREETING = b"mailctl demo, IMAP"


class User(Struct, frozen=True, kw_only=True):
    """One mailbox: its address is the login; mail to the aliases lands in it too."""

    address: str
    password: str
    aliases: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its address and its aliases."""
        return (self.address, *self.aliases)


class SpecialEntry(ListEntry):
    """A mailbox in a LIST response, with its special use."""

    @property
    def attributes(self) -> Sequence[bytes]:
        """Pymap's attributes and the special use."""
        use = SPECIAL_USE.get(self.name)
        return [*super().attributes, *([use] if use else [])]


class SpecialTree(ListTree):
    """Pymap's tree of mailboxes, which knows no special uses."""

    def list_matching(self, ref_name: str, filter_: str) -> Iterable[ListEntry]:
        """The entries that a LIST asks for."""
        for entry in super().list_matching(ref_name, filter_):
            yield SpecialEntry(entry.name, entry.exists, entry.marked, entry.has_children)


class Folders(MailboxSet):
    """One user's folders."""

    async def list_mailboxes(self) -> ListTree:
        """All of them, with their special uses."""
        plain = await super().list_mailboxes()
        return SpecialTree(self.delimiter).update(*(entry.name for entry in plain.list() if entry.exists))


class Settings(Config):
    """Pymap without its own start of TLS (TLS is there from the first byte), its thread pool and its look into DNS."""

    def __init__(self) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            demo_data=False,
            demo_user="",
            demo_password="",
            host=None,
            port=0,
            tls_enabled=False,
            invalid_user_sleep=0,
            reject_dnsbl=False,
            hash_context=Cleartext(),  # passwords made for one run, kept in this process only
            cpu_subsystem=Subsystem.for_asyncio(),
        )

    @property
    def backend_capability(self) -> BackendCapability:
        """What it can do beside IMAP4rev1."""
        return BackendCapability(idle=True, object_id=True, multi_append=True, custom=[b"SPECIAL-USE"])

    @property
    def greeting(self) -> bytes:
        """Pymap's names the host, and asks DNS for it each time."""
        return GREETING


class Mailboxes:
    """Every user's mailbox, and the IMAP server's side of a connection; belongs to the loop it was filled in."""

    def __init__(self, users: Sequence[User]) -> None:
        self.users = {address.casefold(): user for user in users for address in user.addresses}
        self.settings = Settings()
        self.login = Login(self.settings)
        self.server = IMAPServer(self.login, self.settings)

    async def fill(self) -> None:
        """Give each user the usual folders, empty."""
        for user in dict.fromkeys(self.users.values()):
            self.login.users_dict[user.address] = UserMetadata(self.settings, user.address, password=user.password)
            folders = Folders()
            for name in SPECIAL_USE:
                await folders.add_mailbox(name)
            self.settings.set_cache[user.address] = (folders, FilterSet())

    def user(self, address: str) -> User | None:
        """Whose mailbox an address belongs to."""
        return self.users.get(address.casefold())

    async def deliver(self, user: User, raw: bytes) -> None:
        """Put a message into a user's INBOX."""
        folders, _ = self.settings.set_cache[user.address]
        inbox = await folders.get_mailbox("INBOX")
        await inbox.append(AppendMessage(raw, datetime.now(UTC), frozenset()), recent=True)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Talk IMAP over one connection until it ends."""
        await self.server(reader, writer, SocketInfo.get(writer, None))
