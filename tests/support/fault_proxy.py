"""A TCP proxy in front of a server, which can at any time be told to do to connections what networks do to them."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from support.accepting import accepting

LINGER_NOT = b"\x01\x00\x00\x00\x00\x00\x00\x00"
MODES = ("pass", "refuse", "mute", "blackhole", "half", "slow", "close")
DRIP = 0.02  # seconds between two bytes


class FaultProxy:
    """`mode` holds for all connections from the moment it is set.

    pass: as if it were not there. refuse: new ones are reset. mute: new ones are taken, and nothing is said. blackhole:
    nothing goes through either way. half: nothing from the server. slow: a byte at a time. close: new ones are closed.
    """

    def __init__(self, listener: socket.socket, target: int) -> None:
        self.listener = listener
        self.port: int = listener.getsockname()[1]
        self.target = target
        self.mode = "pass"
        self.accepted = 0
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.is_over = False

    def cut(self) -> None:
        """Reset every connection."""
        for client, server in self.pairs:
            for sock in (client, server):
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
                    sock.shutdown(socket.SHUT_RDWR)

    def accept(self) -> None:
        """Take connections until the end."""
        while not self.is_over:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.mode in ("refuse", "close"):
                if self.mode == "refuse":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            self.pairs.append((client, server))
            threading.Thread(target=self.pump, args=(client, server), daemon=True).start()

    def pump(self, client: socket.socket, server: socket.socket) -> None:
        """Pass bytes on, as the mode lets them."""
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while not self.is_over:
                if self.mode in ("mute", "blackhole"):
                    time.sleep(0.02)
                    continue
                for key, _ in selector.select(0.05):
                    if self.mode == "half" and key.fileobj is server:
                        time.sleep(0.02)
                        continue
                    if not self.moved(key.fileobj, key.data):
                        return

    def moved(self, source: socket.socket, target: socket.socket) -> bool:
        """Pass on what there is; whether the connection lasts."""
        try:
            data = source.recv(1 if self.mode == "slow" else 65536)
            if data:
                target.sendall(data)
        except OSError:
            return False
        if self.mode == "slow":
            time.sleep(DRIP)
        return bool(data)


@contextmanager
def fault_proxy(target: int) -> Iterator[FaultProxy]:
    """A proxy to a port of this machine."""
    with accepting(lambda listener: FaultProxy(listener, target)) as proxy:
        try:
            yield proxy
        finally:
            proxy.is_over = True
            proxy.cut()
