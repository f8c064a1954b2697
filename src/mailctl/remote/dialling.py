"""TCP connections; and one that comes up in a thread, while what will speak on it is still being loaded."""

import socket
import time
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from mailctl.domain.account import Security, Server
from mailctl.errors import MailctlError

if TYPE_CHECKING:
    from mailctl.remote.records import Records

CONNECT_SECONDS = 15.0
FRESH_SECONDS = 5.0  # after which a server may have lost patience with who says nothing
MOMENT_SECONDS = 2.0


def connected(server: Server, timeout: float) -> socket.socket:
    """A TCP connection that sends without delay and notices a dead peer."""
    host = plain_name(server.host)
    sock = socket.create_connection((host, server.port), timeout=timeout)  # type: ignore[arg-type]
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def plain_name(host: str) -> str | bytes:
    """A host's name, such that Python loads no tables of international names for one that is none."""
    return host.encode("ascii") if host.isascii() and host.isprintable() else host


class Dialling:
    """A connection on its way up in a thread of its own, TLS too where it begins with it; for whoever comes first."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.turn = Lock()
        self.is_unwanted = False
        self.sock: socket.socket | None = None
        self.records: Records | None = None
        self.error: Exception | None = None
        self.since = time.monotonic()
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Connect; who no longer wants it does not get it."""
        try:
            self.keep(connected(self.server, CONNECT_SECONDS))
            if self.server.security is Security.TLS and self.sock is not None:
                from mailctl.remote import tls

                self.records = tls.records(self.sock, self.server)
        except (OSError, UnicodeError, MailctlError) as error:
            self.error = error

    def keep(self, sock: socket.socket) -> None:
        """Have it, or close it where nobody wants it any more."""
        with self.turn:
            self.since = time.monotonic()
            if self.is_unwanted:
                sock.close()
            else:
                self.sock = sock

    def taken(self) -> "tuple[socket.socket, Records | None] | None":
        """The connection, and what reads from it under TLS; once. None when it was taken, or has waited too long.

        Raises:
            OSError, UnicodeError: it could not be had.
            CertificateError, TlsUnavailableError, StoreError: nor TLS on it.
        """
        self.thread.join()
        error, self.error = self.error, None
        if error is not None:
            self.close()
            raise error
        if time.monotonic() - self.since > FRESH_SECONDS:
            self.close()
        sock, self.sock = self.sock, None
        return None if sock is None or self.is_unwanted else (sock, self.records)

    def close(self) -> None:
        """Close it, unless somebody took it; Python must not end while OpenSSL is at work."""
        with self.turn:
            self.is_unwanted = True
            if self.sock is not None:
                with suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)
        if self.records is None and self.sock is not None:
            self.thread.join(MOMENT_SECONDS)
        if self.sock is not None:
            self.sock.close()
