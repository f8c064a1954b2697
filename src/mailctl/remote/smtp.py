"""Submission of mail (RFC 6409): greeting, TLS, login, and one message after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeGuard

from mailctl.domain.account import Security, Server
from mailctl.domain.content import Raw, blocks
from mailctl.domain.line_ends import sendable, stuffed, stuffing
from mailctl.domain.message import Delivery, Envelope, Refusal
from mailctl.errors import (
    FateUnknownError,
    LoginRefusedError,
    MailctlError,
    ProtocolError,
    ServerUnreachableError,
    TemporaryError,
)
from mailctl.remote import sasl
from mailctl.remote.dialling import CONNECT_SECONDS
from mailctl.remote.smtp_envelope import envelope_commands
from mailctl.remote.smtp_reply import Reply, judged, later, no_starttls, read_reply, refusal
from mailctl.remote.trace import Trace, masked
from mailctl.remote.wire import READ_SECONDS, Wire, cause, reaching

WINDOW = 100  # commands under way at once: what the server answers to them must fit into the socket's buffers
SMALL = 16 * 1024  # bytes of a message that goes in one piece with its final dot
LAST_REPLY = 10  # RFC 5321, 4.5.3.2.6: ten minutes where other answers have one; giving up early means sending twice
LOOK, TRY = "mailctl account show ACCOUNT", "mailctl password check ACCOUNT"


def open_smtp(
    server: Server,
    secret: str,
    *,
    timeout: float = READ_SECONDS,
    trace: Trace | None = None,
    hostname: str = "localhost",
) -> "SmtpSession":
    """A session with a submission server, TLS up and logged in; to be used with `with`.

    Args:
        server: where, how secured, as whom.
        secret: password or OAuth2 token.
        timeout: seconds for each step; connecting has 15 at most.
        trace: where the conversation is written.
        hostname: how this machine calls itself; not its name, which is nobody's business.

    Raises:
        ServerUnreachableError: name, port, certificate (CertificateError) or no TLS (TlsUnavailableError).
        LoginRefusedError: the server refused the login.
        TemporaryError: the server asks to come again later.
        ProtocolError: what answers is no submission server.
    """
    session = SmtpSession(Wire(server, timeout=timeout, trace=trace), hostname)
    try:
        session.greet()
        session.login(secret)
    except BaseException:
        session.wire.close()
        raise
    return session


class SmtpSession:
    """A connection to a submission server; for one thread."""

    def __init__(self, wire: Wire, hostname: str) -> None:
        self.wire = wire
        self.server = wire.server
        self.hostname = hostname
        self.features: dict[str, str] = {}
        self.is_dead = False
        self.served = 0  # messages it took or refused
        self.ahead: list[str] = []  # the next message's envelope, where it was said along with a final dot

    def __enter__(self) -> "SmtpSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take leave, without waiting for the answer."""
        try:
            if not (self.is_dead or self.ahead):  # who was told of another message would take QUIT for its text
                self.wire.sendall(b"QUIT\r\n")
        except OSError:
            self.is_dead = True
        finally:
            self.wire.close()

    # -- opening

    def greet(self) -> None:
        """Read the greeting, say EHLO, start TLS where the account asks for STARTTLS."""
        with reaching(self.server, "cannot reach", min(self.wire.timeout, CONNECT_SECONDS)):
            self.expect(read_reply(self.wire), 220)
        self.wire.settimeout(self.wire.timeout)
        with reaching(self.server, "lost the connection to", self.wire.timeout):
            self.hello()
            if self.server.security is Security.STARTTLS:
                self.start_tls()

    def hello(self) -> None:
        """Say EHLO and learn what the server offers."""
        reply = self.ask(f"EHLO {self.hostname}")
        self.expect(reply, 250)
        self.features = {}
        for line in reply.lines[1:]:
            name, _, more = line.upper().replace("AUTH=", "AUTH ", 1).partition(" ")  # `AUTH=` is for Outlook 98
            self.features[name] = f"{self.features.get(name, '')} {more}".strip()

    def start_tls(self) -> None:
        """Go on under TLS; what the server offered before counts no more (RFC 3207, 4.2).

        Raises:
            TlsUnavailableError: it is not offered; nothing is sent in clear instead.
        """
        if "STARTTLS" not in self.features:
            raise no_starttls(self.server)
        reply = self.ask("STARTTLS")
        if reply.is_temporary:
            raise later(self.server, reply)
        if reply.code != 220:
            raise no_starttls(self.server, reply.text)
        self.wire.start_tls()
        self.hello()

    def login(self, secret: str) -> None:
        """Log in with what the server offers.

        Raises:
            LoginRefusedError: the server says no, in its words.
            TemporaryError: it cannot tell now.
        """
        name = sasl.mechanism(self.server, self.features.get("AUTH", "").split())
        steps = [sasl.encoded(answer) for answer in sasl.answers(name, self.server, secret)]
        opening = f"AUTH {name}" if name == "LOGIN" else f"AUTH {name} {steps.pop(0)}"
        secrets = (secret, *opening.split(" ")[2:], *steps)
        with (
            reaching(self.server, "lost the connection to", self.wire.timeout),
            self.wire.hiding(f"AUTH {name}", *secrets),
        ):
            reply = self.ask(opening)
            while reply.code == 334 and steps:
                reply = self.ask(steps.pop(0))
        said = masked(reply.text, secrets)  # a server may quote what it did not understand
        if reply.code == 334:
            raise ProtocolError(f"{self.server.where} asks more than {name} has to say", hint=LOOK)
        if reply.is_temporary:
            raise TemporaryError(f"{self.server.where} cannot log in '{self.server.login}' now: {said}", hint=TRY)
        if not reply.is_good:
            raise LoginRefusedError(
                f"{self.server.where} refused the login of '{self.server.login}': {said}",
                hint="mailctl password set ACCOUNT",
            )

    def expect(self, reply: Reply, code: int) -> None:
        """Refuse another reply than the one that lets us go on."""
        if reply.code == code:
            return
        if reply.is_temporary:
            raise later(self.server, reply)
        raise ServerUnreachableError(f"{self.server.where} does not talk to us: {reply.text}", hint=LOOK)

    def ask(self, command: str) -> Reply:
        """Say one line and read the reply."""
        self.wire.sendall(f"{command}\r\n".encode())
        return read_reply(self.wire)

    # -- sending

    def send(
        self,
        envelope: Envelope,
        raw: Raw,
        *,
        before_last: Callable[[], None] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
        following: tuple[Envelope, Raw] | None = None,
    ) -> Delivery:
        """Hand one message over; afterwards the session takes the next, whatever became of this one.

        Args:
            envelope: an empty sender is the null sender.
            raw: the message; bare CR and LF become CRLF where it is held whole.
            before_last: called before the final dot. Until then it is surely not sent; what it raises keeps it so.
            meanwhile: called while the server is at it, after the final dot; it must not raise.
            following: what is sent next. Its envelope travels with this final dot where the server offers PIPELINING,
                which saves a round trip; whoever sends something else then loses the connection.

        Returns:
            Whom the server took it for, and whom not, 4xx or 5xx.

        Raises:
            DeliveryRefusedError: refused for good, for all recipients.
            MessageRefusedError: too large for this server, or an address or header it cannot take.
            TemporaryError: may work later; surely not sent.
            FateUnknownError: the connection was lost after the last byte; it may have been sent.
            BadDataError: an address holds what an address cannot.
        """
        if self.is_dead:
            raise TemporaryError(f"the connection to {self.server.where} is gone")
        data = sendable(raw)
        commands = envelope_commands(self.server, self.features, envelope, data)
        with self.alive():
            if following is None and self.goes_whole(data, commands):
                accepted, refused, reply = self.whole(commands, data, envelope.recipients, before_last, meanwhile)
            else:
                accepted, refused = self.begin(commands, envelope.recipients)
                self.transfer(data, before_last, self.next_commands(following))
                meanwhile()
                reply = self.heed(self.last_reply())
        self.served += 1
        if not reply.is_good:
            if reply.code < 400:
                self.is_dead = True
                raise FateUnknownError(f"{self.server.where} answered the message with what does not fit: {reply.text}")
            raise refusal(self.server, reply, envelope.recipients)
        return Delivery(accepted=accepted, refused=refused, reply=reply.text)

    def next_commands(self, following: tuple[Envelope, Raw] | None) -> list[str]:
        """The envelope to say along with a final dot; none where it cannot be, which is told when its turn has come."""
        if following is None or "PIPELINING" not in self.features or len(following[0].recipients) > WINDOW:
            return []
        try:
            return envelope_commands(self.server, self.features, following[0], sendable(following[1]))
        except MailctlError:
            return []

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Turn a lost connection into a temporary failure, and leave the session ready or marked dead."""
        try:
            yield
        except OSError as error:
            self.is_dead = True
            why = cause(error, self.wire.timeout)
            raise TemporaryError(f"lost the connection to {self.server.where}: {why}") from error
        except (FateUnknownError, ProtocolError):
            self.is_dead = True
            raise

    def begin(self, commands: list[str], recipients: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
        """Say the envelope, at once where the server offers PIPELINING (RFC 2920); whom it takes, whom not.

        Raises:
            MailctlError: it takes nobody; the transaction is ended.
        """
        *replies, data = self.said_ahead(commands) or self.said(commands)
        accepted, refused, error = judged(self.server, replies, recipients)
        if error is None and data.code != 354:
            error = refusal(self.server, data, recipients)
        if error is None:
            return accepted, refused
        self.reset(opened=data.code == 354)
        raise error

    def goes_whole(self, data: Raw, commands: list[str]) -> TypeGuard[bytes]:
        """Whether a message goes in one piece with its envelope (RFC 3030): the first may, for nothing was idle yet."""
        return (
            self.served == 0
            and {"CHUNKING", "PIPELINING"} <= self.features.keys()
            and isinstance(data, bytes)
            and len(data) < SMALL
            and len(commands) < WINDOW
        )

    def whole(
        self,
        commands: list[str],
        data: bytes,
        recipients: tuple[str, ...],
        before: Callable[[], None] | None,
        meanwhile: Callable[[], None],
    ) -> tuple[tuple[str, ...], tuple[Refusal, ...], Reply]:
        """Hand over envelope and message in one piece, which saves a round trip; its fate is known until `before`."""
        if before is not None:
            before()
        data = data if data.endswith(b"\r\n") else data + b"\r\n"
        words = "".join(f"{command}\r\n" for command in (*commands[:-1], f"BDAT {len(data)} LAST"))
        with self.at_the_end():
            self.wire.send_together(words.encode(), "message,", data)
        meanwhile()
        accepted, refused, error = judged(
            self.server, [self.heed(self.last_reply()) for _ in commands[:-1]], recipients
        )
        if error is not None:
            self.reset(owed=True)
            raise error
        reply = self.heed(self.last_reply())
        if not reply.is_good:
            self.reset()
        return accepted, refused, reply

    def said(self, commands: list[str]) -> list[Reply]:
        """The replies to an envelope."""
        return self.pipelined(commands) if "PIPELINING" in self.features else self.one_by_one(commands)

    def said_ahead(self, commands: list[str]) -> list[Reply]:
        """The replies to an envelope that went with the final dot before; none where none did.

        Raises:
            TemporaryError: it was another one. Its recipients would get what is sent now, so the connection ends.
        """
        ahead, self.ahead = self.ahead, []
        if ahead and ahead != commands:
            self.is_dead = True
            raise TemporaryError(f"{self.server.where} waits for another message")
        return [self.heed(read_reply(self.wire)) for _ in ahead]

    def pipelined(self, commands: list[str]) -> list[Reply]:
        """All replies, the commands sent as many at once as fit."""
        replies: list[Reply] = []
        for start in range(0, len(commands), WINDOW):
            some = commands[start : start + WINDOW]
            self.wire.sendall("".join(f"{command}\r\n" for command in some).encode())
            replies += [self.heed(read_reply(self.wire)) for _ in some]
        return replies

    def one_by_one(self, commands: list[str]) -> list[Reply]:
        """The replies to the envelope; DATA is not said when nobody would get it."""
        mail, *rcpts, data = commands
        replies = [self.heed(self.ask(mail))]
        if replies[0].is_good:
            replies += [self.heed(self.ask(rcpt)) for rcpt in rcpts]
        if any(reply.is_good for reply in replies[1:]):
            return [*replies, self.heed(self.ask(data))]
        return [*replies, Reply(503, ())]

    def heed(self, reply: Reply) -> Reply:
        """The reply, unless the server says with it that it closes the connection (421)."""
        if reply.code == 421:
            self.is_dead = True
            raise TemporaryError(f"{self.server.where} closes the connection: {reply.text}")
        return reply

    def reset(self, *, opened: bool = False, owed: bool = False) -> None:
        """End a transaction in which nobody is to get anything; the session goes on.

        Args:
            opened: whether the server waits for a message.
            owed: whether it has still to answer one.
        """
        try:
            if owed:
                read_reply(self.wire)
            if opened:  # the server waits for a message although nobody would get it: RFC 2920, 3.1
                self.ask(".")
            self.ask("RSET")
        except (OSError, ProtocolError):
            self.is_dead = True

    def transfer(self, data: Raw, before_last: Callable[[], None] | None, ahead: list[str]) -> None:
        """Send the message itself, and with its final dot the next one's envelope.

        Raises:
            FateUnknownError: the connection was lost with the final dot.
            OSError: it was lost before.
            StorageError: the message could not be read to its end; the connection is left, and nobody gets anything.
        """
        last = "".join(f"{line}\r\n" for line in (".", *ahead)).encode()
        if before_last is None and isinstance(data, bytes) and len(data) < SMALL and self.wire.trace is None:
            with self.at_the_end():
                self.ahead = ahead
                return self.wire.sendall(stuffed(data) + last)
        self.is_dead = True  # until the dot is said, nothing else can be
        self.wire.send_blocks("message,", stuffing(blocks(data)))
        if before_last is not None:
            before_last()
        self.is_dead = False
        with self.at_the_end():
            self.ahead = ahead
            self.wire.sendall(last)
        return None

    def last_reply(self) -> Reply:
        """The reply to the final dot.

        Raises:
            FateUnknownError: the connection was lost before it, or what came is no reply.
        """
        with self.at_the_end():
            reply = read_reply(self.wire)
            self.wire.settimeout(self.wire.timeout)
        return reply

    @contextmanager
    def at_the_end(self) -> Iterator[None]:
        """Turn what fails once the dot may be said into an unknown fate; more patience than elsewhere."""
        try:
            self.wire.settimeout(self.wire.timeout * LAST_REPLY)
            yield
        except OSError as error:
            why = cause(error, self.wire.timeout * LAST_REPLY)
            raise FateUnknownError(f"{self.server.where} did not say whether it took the message: {why}") from error
        except ProtocolError as error:
            raise FateUnknownError(f"whether the message was taken is not known: {error}") from error
