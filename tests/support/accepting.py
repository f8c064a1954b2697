"""A proxy of any kind, listening on a port of this machine while a test lasts."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Proxy(Protocol):
    """What takes connections in a thread of its own until its listener is shut down."""

    def accept(self) -> None:
        """Take connections until the end."""


Kind = TypeVar("Kind", bound=Proxy)


@contextmanager
def accepting(make: Callable[[socket.socket], Kind]) -> Iterator[Kind]:
    """A proxy made of a listener, taking connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        proxy = make(listener)
        thread = threading.Thread(target=proxy.accept)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
