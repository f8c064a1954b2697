"""TCP connections; and one that comes up in a thread, while what will speak on it is still being loaded."""

import socket
import time
from threading import Lock, Thread

from mailctl.domain.account import Server

CONNECT_SECONDS = 15.0
FRESH_SECONDS = 5.0  # after which a server may have lost patience with who says nothing


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
    """A connection on its way up in a thread of its own; for whoever comes first."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.turn = Lock()
        self.is_unwanted = False
        self.sock: socket.socket | None = None
        self.error: Exception | None = None
        self.since = time.monotonic()
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Connect; who no longer wants it does not get it."""
        try:
            sock = connected(self.server, CONNECT_SECONDS)
        except (OSError, UnicodeError) as error:
            self.error = error
            return
        with self.turn:
            self.sock, self.since = sock, time.monotonic()
            if self.is_unwanted:
                sock.close()

    def taken(self) -> socket.socket | None:
        """The connection, once; None when it was taken, or has waited too long.

        Raises:
            OSError, UnicodeError: it could not be had.
        """
        self.thread.join()
        error, self.error = self.error, None
        if error is not None:
            raise error
        if time.monotonic() - self.since > FRESH_SECONDS:
            self.close()
        sock, self.sock = self.sock, None
        return None if self.is_unwanted else sock

    def close(self) -> None:
        """Close it, unless somebody took it."""
        with self.turn:
            self.is_unwanted = True
            if self.sock is not None:
                self.sock.close()
