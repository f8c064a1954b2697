"""An SMTP conversation as its server leads it: what is answered to each line, and the messages that come of it."""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from msgspec import Struct

from mailctl.domain.content import Raw
from mailctl.domain.dsn import Dsn, Notify, Return
from mailctl.errors import MailctlError

LONGEST_COMMAND = 2048  # bytes; RFC 5321 and 6531 make do with less
LARGEST = 100 << 20  # bytes of a message
MOST_RECIPIENTS = 10_000
PATH = re.compile(r"<(?:@[^:>]*:)?([^<>]*)>(?: +(.*))?|([^<> ]+)(?: +(.*))?")
VERBS = "EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT"


class Wanted(Enum):
    """What the next line is taken for."""

    COMMAND = auto()
    TEXT = auto()
    NOTHING = auto()


class Text(Protocol):
    """What gathers the lines of a message."""

    def write(self, line: bytes) -> None:
        """Take one more, its end included; must not raise."""
        ...

    def content(self) -> Raw:
        """All of them."""
        ...


class Handed(Struct, frozen=True, kw_only=True):
    """A message with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    raw: Raw
    dsn: Dsn | None = None


class Dialogue:
    """One conversation (RFC 5321); nothing of a message counts before its final dot.

    Args:
        name: how this side calls itself.
        check: raises for a recipient that cannot be one.
        begin: gives what gathers a message's lines.
        take: keeps a message, and gives what to answer; only then is it answered.
    """

    def __init__(
        self, name: str, *, check: Callable[[str], None], begin: Callable[[], Text], take: Callable[[Handed], str]
    ) -> None:
        self.name = name
        self.begin = begin
        self.check = check
        self.take = take
        self.wanted = Wanted.COMMAND
        self.is_greeted = False
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.dsn = Dsn()
        self.text: Text | None = None
        self.size = 0
        self.has_crlf = False
        self.at_start = True

    def greeting(self) -> str:
        """What is said first."""
        return f"220 {self.name} ESMTP mailctl"

    def answer(self, line: bytes) -> str:
        """The reply to a line, its end included; empty where there is none yet, lines apart by newlines."""
        if self.wanted is Wanted.TEXT:
            return self.of_text(line)
        if len(line) > LONGEST_COMMAND:
            return "500 5.5.2 line too long"
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            return "500 5.5.2 not in UTF-8"
        verb, _, rest = text.partition(" ")
        handler = COMMANDS.get(verb.upper())
        self.has_crlf = line.endswith(b"\r\n")
        return handler(self, rest.strip()) if handler else "500 5.5.1 command unknown"

    # -- commands

    def ehlo(self, _rest: str) -> str:
        """Say what is offered."""
        self.reset()
        self.is_greeted = True
        offered = ("PIPELINING", f"SIZE {LARGEST}", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "HELP")
        return "\n".join((f"250-{self.name}", *(f"250-{one}" for one in offered[:-1]), f"250 {offered[-1]}"))

    def helo(self, _rest: str) -> str:
        """Greet as long ago."""
        self.reset()
        self.is_greeted = True
        return f"250 {self.name}"

    def mail(self, rest: str) -> str:
        """Begin a message."""
        if not self.is_greeted:
            return "503 5.5.1 say EHLO first"
        if self.sender is not None:
            return "503 5.5.1 one message at a time"
        found = path(rest, "FROM:")
        if found is None:
            return "501 5.5.4 MAIL FROM:<address>"
        sender, parameters = found
        dsn, refusal = with_mail(parameters)
        if refusal:
            return refusal
        self.sender, self.dsn = sender, dsn
        return "250 2.1.0 fine"

    def rcpt(self, rest: str) -> str:
        """Add a recipient."""
        if self.sender is None:
            return "503 5.5.1 say MAIL first"
        found = path(rest, "TO:")
        if found is None or not found[0]:
            return "501 5.5.4 RCPT TO:<address>"
        if len(self.recipients) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        recipient, parameters = found
        notify, refusal = with_rcpt(parameters)
        if refusal:
            return refusal
        try:
            self.check(recipient)
        except MailctlError as error:
            return f"553 5.1.3 {one_line(error)}"
        self.recipients.append(recipient)
        self.dsn = Dsn(notify=notify or self.dsn.notify, returned=self.dsn.returned, id=self.dsn.id)
        return "250 2.1.5 fine"

    def data(self, rest: str) -> str:
        """Ask for the message."""
        if rest:
            return "501 5.5.4 DATA stands alone"
        if self.sender is None or not self.recipients:
            return "503 5.5.1 say MAIL and RCPT first"
        self.wanted, self.at_start, self.text = Wanted.TEXT, True, self.begin()
        return "354 end with a line that holds a dot only"

    def rset(self, _rest: str) -> str:
        """Forget what was begun."""
        self.reset()
        return "250 2.0.0 fine"

    def noop(self, _rest: str) -> str:
        """Do nothing."""
        return "250 2.0.0 fine"

    def vrfy(self, rest: str) -> str:
        """Promise nothing of an address (RFC 5321, 3.5.3)."""
        return "252 2.5.0 send some mail, and see" if rest else "501 5.5.4 VRFY address"

    def help(self, _rest: str) -> str:
        """Name the commands."""
        return f"214 2.0.0 {VERBS}"

    def quit(self, _rest: str) -> str:
        """Take leave."""
        self.wanted = Wanted.NOTHING
        return f"221 2.0.0 {self.name} says goodbye"

    def unavailable(self, _rest: str) -> str:
        """Refuse what is known and not wanted here."""
        return "502 5.5.1 not here"

    # -- a message

    def of_text(self, line: bytes) -> str:
        """Take a line of the message; after the dot, the reply to all of it.

        For a caller that ends its lines with CRLF, a bare LF ends none: else what a message quotes might end it.
        """
        starts, self.at_start = self.at_start, not self.has_crlf or line.endswith(b"\r\n")
        if starts and (line == b".\r\n" or (line == b".\n" and not self.has_crlf)):
            return self.end()
        self.size += len(line)
        if self.size > LARGEST:
            self.text = None
        elif self.text is not None:
            self.text.write(line[1:] if starts and line.startswith(b".") else line)
        return ""

    def end(self) -> str:
        """Hand the message over, and forget it whatever is answered."""
        self.wanted = Wanted.COMMAND
        sender, recipients, text = self.sender or "", tuple(self.recipients), self.text
        dsn = self.dsn if self.dsn != Dsn() else None
        self.reset()
        if text is None:
            return f"552 5.3.4 larger than {LARGEST} bytes"
        return self.take(Handed(sender=sender, recipients=recipients, raw=text.content(), dsn=dsn))

    def reset(self) -> None:
        """Forget what was begun."""
        self.sender, self.dsn, self.size, self.text = None, Dsn(), 0, None
        self.recipients.clear()


COMMANDS: dict[str, Callable[[Dialogue, str], str]] = {
    "EHLO": Dialogue.ehlo,
    "HELO": Dialogue.helo,
    "MAIL": Dialogue.mail,
    "RCPT": Dialogue.rcpt,
    "DATA": Dialogue.data,
    "RSET": Dialogue.rset,
    "NOOP": Dialogue.noop,
    "VRFY": Dialogue.vrfy,
    "HELP": Dialogue.help,
    "QUIT": Dialogue.quit,
    "EXPN": Dialogue.unavailable,
    "STARTTLS": Dialogue.unavailable,
    "AUTH": Dialogue.unavailable,
    "TURN": Dialogue.unavailable,
}


def path(rest: str, word: str) -> tuple[str, dict[str, str]] | None:
    """The address and the parameters behind `FROM:` or `TO:`; None where it is no such thing."""
    if not rest.upper().startswith(word):
        return None
    found = PATH.fullmatch(rest[len(word) :].strip())
    if found is None:
        return None
    address, more = (found[1], found[2]) if found[1] is not None else (found[3], found[4])
    pairs = (one.partition("=") for one in (more or "").split())
    return address, {name.upper(): value for name, _, value in pairs}


def with_mail(parameters: dict[str, str]) -> tuple[Dsn, str]:
    """What MAIL's parameters ask for, and a reply where they cannot be."""
    size = parameters.pop("SIZE", "0")
    if not (size.isascii() and size.isdigit()):
        return Dsn(), "501 5.5.4 SIZE is a number"
    if len(size) > 12 or int(size) > LARGEST:
        return Dsn(), f"552 5.3.4 larger than {LARGEST} bytes"
    if parameters.pop("BODY", "7BIT").upper() not in ("7BIT", "8BITMIME"):
        return Dsn(), "501 5.5.4 BODY is 7BIT or 8BITMIME"
    parameters.pop("SMTPUTF8", None)
    parameters.pop("AUTH", None)
    returned, identity = parameters.pop("RET", "").lower(), parameters.pop("ENVID", "")
    if parameters:
        return Dsn(), f"555 5.5.4 no such parameter: {next(iter(parameters))}"
    if returned not in ("", *Return):
        return Dsn(), "501 5.5.4 RET is FULL or HDRS"
    return Dsn(returned=Return(returned) if returned else None, id=plain(identity)), ""


def with_rcpt(parameters: dict[str, str]) -> tuple[tuple[Notify, ...], str]:
    """What RCPT's parameters ask for, and a reply where they cannot be."""
    words, _ = parameters.pop("NOTIFY", ""), parameters.pop("ORCPT", "")
    if parameters:
        return (), f"555 5.5.4 no such parameter: {next(iter(parameters))}"
    try:
        return tuple(Notify(word.lower()) for word in words.split(",") if word), ""
    except ValueError:
        return (), "501 5.5.4 NOTIFY is NEVER, or some of SUCCESS,FAILURE,DELAY"


def plain(xtext: str) -> str:
    """What a parameter's value stands for (RFC 3461, 4)."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), xtext)


def one_line(error: MailctlError) -> str:
    """A failure as a reply may hold it."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", str(error))[:400]
