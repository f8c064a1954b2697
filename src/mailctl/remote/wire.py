"""One connection: deadlines, TLS, trace, and the socket's faults in words."""

import selectors
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase

from mailctl.domain.account import Security, Server
from mailctl.errors import ProtocolError, ServerUnreachableError
from mailctl.remote import tls
from mailctl.remote.dialling import CONNECT_SECONDS, Dialling, connected
from mailctl.remote.records import Records
from mailctl.remote.trace import Trace, left_out, masked, shown

READ_SECONDS = 60.0
PIECE = 64 * 1024  # bytes under one deadline: a large message on a slow line takes longer than any step may
AT_ONCE = 4096  # bytes read ahead, and held for as long as the connection; a message's own go where they belong
LARGEST_STEP = 256 * 1024  # bytes reserved before they come
QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux; else each answer may wait 40 ms for a delayed ACK


class Wire:
    """A connection to a server; quacks like a socket, and like the file made of it, for imaplib."""

    def __init__(
        self,
        server: Server,
        *,
        timeout: float = READ_SECONDS,
        trace: Trace | None = None,
        dialling: Dialling | None = None,
    ) -> None:
        tls.refuse_plaintext(server)
        self.server = server
        self.trace = trace
        self.timeout = timeout
        self.hidden = ""
        self.secrets: tuple[str, ...] = ()
        self.held: bytearray | None = None
        self.literal_follows = False
        self.must_hurry = True
        self.secure = False
        self.piece = b""
        self.note(f"Trying {server.where}...")
        with reaching(server, "cannot reach", min(timeout, CONNECT_SECONDS)):
            with tls.preparing(server):
                early = dialling.taken() if dialling else None
                self.sock, records = early or (connected(server, min(timeout, CONNECT_SECONDS)), None)
            self.file: BufferedReader[RawIOBase] = BufferedReader(self.sock.makefile("rb", 0), AT_ONCE)
            self.push: Callable[[memoryview], None] = self.sock.sendall
            self.note(f"Connected to {server.where}.")
            if server.security is Security.TLS:
                self.secure_now(records)

    def start_tls(self) -> None:
        """Go on under TLS after STARTTLS; closed when that fails.

        Raises:
            ProtocolError: the server said more before TLS; somebody may have put words into its mouth (CVE-2011-0411).
        """
        if self.has_unread():
            self.close()
            raise ProtocolError(
                f"{self.server.where} said something between STARTTLS and TLS",
                hint="mailctl account set ACCOUNT incoming.security=tls",
            )
        self.secure_now()

    def secure_now(self, early: Records | None = None) -> None:
        """Go on under TLS, where it is not up already; closed when that fails."""
        try:
            records = early or tls.records(self.sock, self.server)
        except BaseException:
            self.close()
            raise
        self.file.close()
        self.file, self.push, self.secure = BufferedReader(records, AT_ONCE), records.sendall, True
        cipher = records.tls.cipher()
        self.note(f"TLS started with {records.tls.version()} {cipher[0] if cipher else ''}")

    def has_unread(self) -> bool:
        """Whether something came that nobody read yet; does not wait."""
        before = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            return bool(self.file.peek(1))
        finally:
            self.sock.settimeout(before)

    def note(self, text: str) -> None:
        """Write what happened into the trace."""
        if self.trace:
            self.trace.note(text)

    @contextmanager
    def hiding(self, what: str, *secrets: str) -> Iterator[None]:
        """Keep what is said meanwhile out of the trace, but for `what` and a size; and secrets that come back."""
        self.hidden, self.secrets = what, secrets
        try:
            yield
        finally:
            self.hidden, self.secrets = "", ()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send all that is said within in one piece, when it ends well."""
        held = self.held = bytearray()
        try:
            yield
        finally:
            self.held = None
        self.pass_on(held)

    def says_something(self, seconds: float) -> bool:
        """Whether something comes within so many seconds; nothing of it is read."""
        if self.has_unread():
            return True
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.sock, selectors.EVENT_READ)
            return bool(waiting.select(seconds))

    # -- as a socket

    def sendall(self, data: bytes) -> None:
        """Send it all, each piece in time; a literal's content does not go into the trace."""
        if self.trace:
            if self.hidden or self.literal_follows:
                self.trace.sent(f"{self.hidden} {left_out(data)}".lstrip(), secure=self.secure)
            else:
                self.trace.sent(shown(data), secure=self.secure)
            self.literal_follows = data.endswith(b"}\r\n")
        self.pass_on(data)

    def send_blocks(self, what: str, blocks: Iterable[bytes]) -> None:
        """Send what comes in blocks; the trace has what it is and its size only."""
        size = 0
        for block in blocks:
            self.pass_on(block)
            size += len(block)
        if self.trace:
            self.trace.sent(f"{what} … {size} bytes".lstrip(), secure=self.secure)
        self.literal_follows = False

    def send_together(self, words: bytes, what: str, data: bytes) -> None:
        """Send words and what they announce in one piece; of that, the trace has what it is and its size only."""
        if self.trace:
            self.trace.sent(shown(words), secure=self.secure)
            self.trace.sent(f"{what} {left_out(data)}", secure=self.secure)
        self.pass_on(words + data)

    def pass_on(self, data: bytes | bytearray) -> None:
        """Send it all, each piece in time; what goes together waits for its end."""
        if self.held is not None:
            self.held += data
            return
        self.must_hurry = True
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            self.push(view[start : start + PIECE])

    def makefile(self, *_modes: object) -> "Wire":
        """Itself, for it reads as well."""
        return self

    def settimeout(self, seconds: float | None) -> None:
        """How long one reading or sending may take."""
        self.sock.settimeout(seconds)

    def fileno(self) -> int:
        """The descriptor, to wait on."""
        return self.sock.fileno()

    def shutdown(self, how: int) -> None:
        """Say that nothing more comes."""
        self.sock.shutdown(how)

    def close(self) -> None:
        """Close it; not an error if it is closed."""
        self.file.close()
        self.sock.close()

    # -- as a file

    def readline(self, limit: int = -1) -> bytes:
        """The next line, at most so many bytes of it; empty at the end."""
        self.hurry()
        line = self.file.readline(limit)
        if self.trace:
            self.trace.got(masked(shown(line), self.secrets) if line else "(closed)", secure=self.secure)
        return line

    def read(self, size: int) -> bytes:
        """So many bytes, fewer only at the end; when the connection breaks, `piece` is what had come."""
        self.hurry()
        came: list[bytes] = []
        try:
            while size > 0 and (some := self.file.read1(min(size, LARGEST_STEP))):
                came.append(some)
                size -= len(some)
        finally:
            self.piece = b"".join(came)  # of one, itself
            if self.trace:
                self.trace.got(left_out(self.piece), secure=self.secure)
        data, self.piece = self.piece, b""
        return data

    def hurry(self) -> None:
        """Acknowledge the next packet at once; else Nagle at the other end waits for a delayed ACK, 40 ms."""
        if self.must_hurry and QUICKACK is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
        self.must_hurry = False


@contextmanager
def reaching(server: Server, what: str, timeout: float) -> Iterator[None]:
    """Turn the socket's exceptions into ours.

    Args:
        server: which one.
        what: how the sentence begins, such as `cannot reach`.
        timeout: seconds, to be named when they have passed.
    """
    try:
        yield
    except (OSError, UnicodeError) as error:
        raise ServerUnreachableError(
            f"{what} {server.where}: {cause(error, timeout)}", hint=advice(error, server)
        ) from error


def advice(error: Exception, server: Server) -> str:
    """What may help; a port that wants TLS at once keeps silent when it hears none."""
    if not isinstance(error, TimeoutError):
        return "mailctl account show ACCOUNT"
    if server.security is Security.TLS:
        return f"is port {server.port} open in the firewall? mailctl account show ACCOUNT"
    return f"does port {server.port} want TLS at once? mailctl account set ACCOUNT incoming.security=tls"


def cause(error: Exception, timeout: float) -> str:
    """Why a connection failed, in a few words."""
    match error:
        case socket.gaierror() | UnicodeError():
            return "there is no host of that name"
        case TimeoutError():
            return f"no answer within {timeout:g} seconds"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionError() | ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "the server closed the connection"
        case ssl.SSLError():
            return tls.reason(error)
        case OSError():
            return (error.strerror or str(error)).lower()
        case _:
            return str(error).lower()
