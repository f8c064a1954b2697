"""A server on a real socket that does what a script says, and remembers every byte it was told."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 20.0  # seconds that a script waits for the client


class Peer:
    """One client, as a script sees it; each reading and writing waits for it in vain for so long only."""

    def __init__(self, sock: socket.socket, served: "Served") -> None:
        self.sock = sock
        self.served = served
        self.rest = b""

    def say(self, *lines: str | bytes) -> None:
        """Send lines; CRLF is added to each."""
        self.send(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def hear(self) -> str:
        """The client's next line, without its end; ConnectionError when the client is gone."""
        while b"\n" not in self.rest:
            self.rest += self.receive()
        line, _, self.rest = self.rest.partition(b"\n")
        return line.removesuffix(b"\r").decode("utf-8", "surrogateescape")

    def read(self, size: int) -> bytes:
        """So many bytes."""
        while len(self.rest) < size:
            self.rest += self.receive()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def receive(self) -> bytes:
        """What comes next, remembered."""
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionAbortedError("the client is gone")
        self.served.got += data
        return data

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on under TLS."""
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def wait(self) -> None:
        """Say nothing until the client goes away."""
        while True:
            self.receive()

    def cut(self) -> None:
        """Close the connection hard: what is under way is lost."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.sock.close()


Script = Callable[[Peer], None]


@dataclass
class Served:
    """Where a scripted server is reached, and what it was told over all connections, TLS taken off."""

    port: int
    got: bytes = b""
    connections: int = 0
    faults: list[BaseException] = field(default_factory=list)
    host: str = "localhost"

    @property
    def lines(self) -> list[str]:
        """The lines that it was told."""
        return self.got.decode("utf-8", "surrogateescape").split("\r\n")[:-1]


@contextmanager
def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """A server that runs the script for each client in a thread of its own; under TLS from the start where asked.

    What a script raises beyond a lost connection is raised here at the end.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        served = Served(port=listener.getsockname()[1])
        threads: list[threading.Thread] = []
        accepting = threading.Thread(target=accept, args=(listener, script, tls, served, threads), daemon=True)
        accepting.start()
        try:
            yield served
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join(PATIENCE)
    if served.faults:
        raise served.faults[0]


def accept(
    listener: socket.socket,
    script: Script,
    tls: ssl.SSLContext | None,
    served: Served,
    threads: list[threading.Thread],
) -> None:
    """Take clients until the listener is shut."""
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        served.connections += 1
        thread = threading.Thread(target=attend, args=(sock, script, tls, served), daemon=True)
        threads.append(thread)
        thread.start()


def attend(sock: socket.socket, script: Script, tls: ssl.SSLContext | None, served: Served) -> None:
    """Run the script for one client; a client that goes away ends it."""
    sock.settimeout(PATIENCE)
    peer = Peer(sock, served)
    try:
        if tls is not None:
            peer.start_tls(tls)
        script(peer)
    except OSError:
        return
    except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
        served.faults.append(error)
    finally:
        with suppress(OSError):
            peer.sock.close()
        sock.close()
