"""Mail as values: what is to be sent, what was sent, what lies in a folder."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from mailctl.domain.address import Address
from mailctl.domain.content import Raw
from mailctl.domain.dsn import Dsn
from mailctl.errors import MessageRefusedError


class Flag(StrEnum):
    """System flags, with RFC 9051's names."""

    SEEN = "\\Seen"
    ANSWERED = "\\Answered"
    FLAGGED = "\\Flagged"
    DELETED = "\\Deleted"
    DRAFT = "\\Draft"


class Priority(StrEnum):
    """How much a message presses."""

    HIGH = "high"
    LOW = "low"


class Attachment(Struct, frozen=True, kw_only=True):
    """A file to send along; `cid` is what the page beside it calls it, empty for one made of its name."""

    filename: str
    content: Raw
    content_type: str = "application/octet-stream"
    cid: str = ""


class Quoted(Struct, frozen=True, kw_only=True):
    """The message that a reply answers."""

    message_id: str | None
    references: tuple[str, ...] = ()
    attribution: str = ""
    text: str = ""


class Forwarded(Struct, frozen=True, kw_only=True):
    """The message that is passed on: `head` tells its sender, date, subject and recipients.

    `text` is None where the whole of it is attached.
    """

    message_id: str | None
    references: tuple[str, ...] = ()
    head: str = ""
    text: str | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """What its writer said of a message, before it becomes one; `images` are those that `html` shows by their cid.

    `affairs` are those that it is filed under once somebody has it.
    """

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    body: str = ""
    markdown: bool = False
    html: str | None = None
    images: tuple[Attachment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    priority: Priority | None = None
    dsn: Dsn | None = None
    signed: bool = True
    quoted: Quoted | Forwarded | None = None
    affairs: tuple[str, ...] = ()

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everybody it goes to, Bcc included, each once."""
        unique = {address.spec.casefold(): address for address in (*self.bcc, *self.cc, *self.to)}
        ordered = {address.spec.casefold(): None for address in (*self.to, *self.cc, *self.bcc)}
        return tuple(unique[spec] for spec in ordered)


class Envelope(Struct, frozen=True, kw_only=True):
    """What the submission server is told (RFC 5321, 2.3.1); null sender: the empty string."""

    sender: str
    recipients: tuple[str, ...]
    dsn: Dsn | None = None


class State(StrEnum):
    """Where a message stands on its way out."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    REFUSED = "refused"


class Refusal(Struct, frozen=True, kw_only=True):
    """A recipient that the server refused, with the server's words."""

    recipient: str
    status: int
    reply: str


class Delivery(Struct, frozen=True, kw_only=True):
    """What a server said of one message: whom it took, whom it refused, its last reply."""

    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...]
    reply: str


class DeliveryRefusedError(MessageRefusedError):
    """The server took the message for no recipient; `delivery` has its words on each."""

    def __init__(self, message: str, *, delivery: Delivery, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.delivery = delivery


class Sent(Struct, frozen=True, kw_only=True):
    """What became of a message handed to `send`; `repeated`: of the one before with its key; `due`: it goes then."""

    account: str
    message_id: str
    subject: str
    recipients: tuple[str, ...]
    size: int
    state: State
    sent: bool
    copied: bool | None
    refused: tuple[Refusal, ...] = ()
    outbox: int | None = None
    warnings: tuple[str, ...] = ()
    repeated: bool = False
    due: datetime | None = None


class Head(Struct, frozen=True, kw_only=True):
    """What the index keeps of a message's header; `date` is None where the header gives none to rely on.

    `content_key` is what a message without Message-ID is called.
    """

    sender: str
    to: str
    subject: str
    date: datetime | None
    message_id: str | None
    has_attachment: bool
    content_key: str | None = None

    @property
    def key(self) -> str | None:
        """What links call it."""
        return self.message_id or self.content_key


class Copy(Struct, frozen=True, kw_only=True):
    """The same message in another account."""

    id: int
    account: str
    unread: bool


class Summary(Struct, frozen=True, kw_only=True):
    """A message as a list shows it; `id` is its number in this machine's index.

    In a list by conversations `thread` is the number of the message that its conversation begins with, and `depth` how
    deep it stands in it.
    """

    id: int
    account: str
    folder: str
    sender: str
    to: str
    subject: str
    date: datetime
    size: int
    unread: bool
    flagged: bool
    answered: bool
    has_attachment: bool
    message_id: str | None
    copies: tuple[Copy, ...] = ()
    thread: int | None = None
    depth: int = 0
    affairs: tuple[str, ...] = ()


class Part(Struct, frozen=True, kw_only=True):
    """An attachment of a message, as `read` and `save` name it; one that serves the text, such as a logo, is inline."""

    filename: str
    content_type: str
    size: int
    inline: bool = False


class Reading(Struct, frozen=True, kw_only=True):
    """A message opened for reading.

    Addresses stand as `Name <address>`, separated by commas, names quoted where need be; `reply_to` is empty where
    answers go to the sender. `notes` are what its reader should know: that it is encrypted, or signed and not verified.
    """

    id: int
    account: str
    folder: str
    sender: str
    reply_to: str
    to: str
    cc: str
    subject: str
    date: datetime | None
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    text: str
    is_html: bool
    attachments: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    affairs: tuple[str, ...] = ()
