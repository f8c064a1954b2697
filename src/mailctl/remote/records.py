"""TLS over a socket: what has come is taken at once; OpenSSL by itself asks the system twice for each record."""

import io
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FEW, MANY = 2048, 128 * 1024  # bytes taken from the system at once, in the beginning and while much comes


class Records(io.RawIOBase):
    """What comes over a connection under TLS, and the way to send; the socket stays whose it is.

    An end without TLS's own word for it is an end all the same: what is cut short, the protocol above sees.
    """

    def __init__(self, plain: socket, context: ssl.SSLContext, host: str | bytes) -> None:
        """Agree on TLS, the socket's timeout being for all of it.

        Raises:
            OSError, ssl.SSLError among them: it failed; the other side was told why.
        """
        self.plain = plain
        self.came, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.going, server_hostname=host)
        self.decipher: Callable[[int, memoryview], int] = self.tls.read  # type: ignore[assignment]
        self.at_once = FEW
        self.is_dry = True
        self.fault: ssl.SSLError | None = None
        timeout = plain.gettimeout()
        try:
            self.shake_hands(timeout)
        except ssl.SSLError:
            with suppress(OSError):
                self.flush()
            raise
        finally:
            plain.settimeout(timeout)

    def shake_hands(self, timeout: float | None) -> None:
        """Agree on TLS in so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                self.tls.do_handshake()
                return self.flush()
            except ssl.SSLWantReadError:
                if end is not None:
                    self.plain.settimeout(max(end - time.monotonic(), 0.001))
                self.take()

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        """Fill a buffer with what has come; waits for something. 0 at the end, None where the socket may not wait."""
        view = memoryview(buffer)
        while not (filled := self.deciphered(view)) and self.is_dry:
            try:
                self.take()
            except BlockingIOError:
                return None
        return filled

    def deciphered(self, view: memoryview) -> int:
        """How many bytes of a buffer are filled with what was taken; `is_dry` once there is no whole record left."""
        if self.fault is not None:
            raise self.fault
        filled = 0
        try:
            while filled < len(view) and not self.is_dry:
                count = self.decipher(len(view) - filled, view[filled:])
                if not count:
                    break
                filled += count
                self.is_dry = not self.came.pending and filled < len(view)
        except ssl.SSLWantReadError:
            self.is_dry = True
        except ssl.SSLEOFError:
            return filled
        except ssl.SSLError as error:
            self.fault = error
            if not filled:  # what came before it is given first
                raise
        return filled

    def take(self) -> None:
        """Wait for what comes next, once all is sent that TLS itself has to say."""
        self.flush()
        data = self.plain.recv(self.at_once)
        if len(data) == self.at_once:
            self.at_once = min(4 * self.at_once, MANY)
        self.is_dry = False
        if data:
            self.came.write(data)
        else:
            self.came.write_eof()

    def sendall(self, data: bytes | memoryview) -> None:
        """Send it all."""
        view = memoryview(data)
        while view:
            try:
                view = view[self.tls.write(view) :]
            except ssl.SSLWantReadError:  # the other side wants new keys first
                self.take()
        self.flush()

    def flush(self) -> None:
        """Send what is enciphered."""
        if self.going.pending:
            self.plain.sendall(self.going.read())
