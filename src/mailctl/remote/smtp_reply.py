"""Replies of a submission server: read, judged, quoted (RFC 5321, 4.2)."""

import re
from collections.abc import Sequence

from msgspec import Struct

from mailctl.domain.account import Server
from mailctl.domain.message import Delivery, DeliveryRefusedError, Refusal
from mailctl.errors import MailctlError, ProtocolError, TemporaryError, TlsUnavailableError
from mailctl.remote.trace import printable
from mailctl.remote.wire import Wire

LONGEST_LINE = 8192
MOST_LINES = 500
LONGEST_QUOTE = 500
LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\r?\n", re.DOTALL)


class Reply(Struct, frozen=True):
    """A code and the lines of text behind it."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """What the server said, on one line, its control characters as escapes."""
        words = " ".join(line for line in self.lines if line)
        return printable(f"{self.code} {words}".rstrip())[:LONGEST_QUOTE]

    @property
    def is_good(self) -> bool:
        """Whether the server did as asked."""
        return 200 <= self.code < 300

    @property
    def is_temporary(self) -> bool:
        """Whether asking later may help."""
        return 400 <= self.code < 500


def read_reply(wire: Wire) -> Reply:
    """The next reply.

    Raises:
        ProtocolError: it is none.
        OSError: the connection was lost.
    """
    lines: list[str] = []
    while len(lines) < MOST_LINES:
        line = wire.readline(LONGEST_LINE + 1)
        if not line:
            raise ConnectionAbortedError
        found = LINE.fullmatch(line)
        if found is None:
            raise ProtocolError(
                f"{wire.server.where} does not speak SMTP: it said {quoted(line)}", hint="mailctl account show ACCOUNT"
            )
        lines.append((found[3] or b"").decode("utf-8", "replace").strip())
        if found[2] != b"-":
            return Reply(int(found[1]), tuple(lines))
    raise ProtocolError(f"{wire.server.where} never ends its reply", hint="mailctl account show ACCOUNT")


def quoted(line: bytes) -> str:
    """The beginning of what a server said, in quotes."""
    text = printable(line[:60].decode("utf-8", "replace").rstrip("\r\n"))
    return f"'{text}{'…' if len(line) > 60 else ''}'"


def refusal(server: Server, reply: Reply, recipients: tuple[str, ...]) -> MailctlError:
    """The error for a message that a server refused as a whole; later may help, or not."""
    if reply.is_temporary:
        return TemporaryError(f"{server.where} does not take the message now: {reply.text}")
    if not 500 <= reply.code < 600:
        return ProtocolError(f"{server.where} answered with what does not fit: {reply.text}")
    refused = tuple(Refusal(recipient=one, status=reply.code, reply=reply.text) for one in recipients)
    return DeliveryRefusedError(
        f"{server.where} refused the message: {reply.text}",
        delivery=Delivery(accepted=(), refused=refused, reply=reply.text),
    )


def judged(
    server: Server, replies: Sequence[Reply], recipients: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[Refusal, ...], MailctlError | None]:
    """Whom the server takes a message for and whom not, by its replies to MAIL and RCPTs; an error where for nobody."""
    mail, *rcpts = replies
    pairs = list(zip(recipients, rcpts, strict=False))
    accepted = tuple(one for one, reply in pairs if reply.is_good)
    refused = tuple(
        Refusal(recipient=one, status=reply.code, reply=reply.text) for one, reply in pairs if not reply.is_good
    )
    if not mail.is_good:
        return (), (), refusal(server, mail, recipients)
    return accepted, refused, None if accepted else all_refused(server, refused)


def all_refused(server: Server, refused: tuple[Refusal, ...]) -> MailctlError:
    """The error for a message of which every recipient was refused; one that may be taken later keeps it waiting."""
    later = [one for one in refused if 400 <= one.status < 500]
    first = (later or refused)[0]
    more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
    if later:
        return TemporaryError(f"{server.where} does not take '{first.recipient}'{more} now: {first.reply}")
    return DeliveryRefusedError(
        f"{server.where} refused '{first.recipient}'{more}: {first.reply}",
        delivery=Delivery(accepted=(), refused=refused, reply=first.reply),
    )


def later(server: Server, reply: Reply) -> TemporaryError:
    """The error for a server that talks to nobody now."""
    return TemporaryError(f"{server.where} asks to come later: {reply.text}", hint="mailctl password check ACCOUNT")


def no_starttls(server: Server, words: str = "") -> TlsUnavailableError:
    """The error for a server that does not start TLS."""
    said = f": {words}" if words else ""
    return TlsUnavailableError(
        f"{server.where} offers no STARTTLS{said}", hint="mailctl account set ACCOUNT outgoing.security=tls"
    )
