"""A proxy in front of a server that kills the program behind a connection at one of the server's answers."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.accepting import accepting


class KillingProxy:
    """Kills at the n-th time that the server says something; what it says then is passed on first, or not at all.

    `victim` is who is killed; `said` counts what the server said since it was armed.
    """

    def __init__(self, listener: socket.socket, target: int) -> None:
        self.listener = listener
        self.port: int = listener.getsockname()[1]
        self.target = target
        self.said = 0
        self.kill_at = 0
        self.passes_on = False
        self.victim: subprocess.Popen[bytes] | None = None

    def arm(self, victim: subprocess.Popen[bytes], kill_at: int, *, passes_on: bool) -> None:
        """Kill a program, which has not begun to talk, at that answer."""
        self.said, self.kill_at, self.passes_on, self.victim = 0, kill_at, passes_on, victim

    def disarm(self) -> None:
        """Kill nobody."""
        self.kill_at, self.victim = 0, None

    def accept(self) -> None:
        """Take connections until the end."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for pair in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        """Pass on what one side says."""
        with suppress(OSError), source:
            while data := source.recv(65536):
                if counts and self.is_due():
                    if self.passes_on:
                        target.sendall(data)
                    if self.victim:
                        self.victim.kill()
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def is_due(self) -> bool:
        """Whether this is the answer at which somebody is killed."""
        self.said += 1
        return self.said == self.kill_at


@contextmanager
def killing_proxy(target: int) -> Iterator[KillingProxy]:
    """A proxy to a port of this machine."""
    with accepting(lambda listener: KillingProxy(listener, target)) as proxy:
        yield proxy
