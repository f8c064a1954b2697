"""The daemon's socket: who connects is told how every account is, and may ask nothing else."""

import os
import selectors
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from mailctl.errors import StorageError
from mailctl.services.checker import Standing
from mailctl.services.socket_path import reached, socket_file

if TYPE_CHECKING:
    from mailctl.checker.daemon import Daemon

PATIENCE = 5.0  # seconds for somebody who asked and does not listen
ASKED = "*status"


class Control:
    """A socket in the runtime folder, for this user only."""

    def __init__(self, daemon: "Daemon") -> None:
        self.daemon = daemon
        self.listener: socket.socket | None = None

    def open(self) -> None:
        """Listen.

        Raises:
            StorageError: the socket cannot be made.
        """
        path = socket_file(self.daemon.reloading.ctx.paths)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # a dead one's: that nobody else runs, the lock says
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            before = os.umask(0o177)
            try:
                with reached(path) as name:
                    self.listener.bind(name)
            finally:
                os.umask(before)
            self.listener.listen(16)
        except OSError as error:
            raise StorageError(f"{path}: cannot be made: {error.strerror}", hint=f"ls -ld {path.parent}") from error
        self.listener.setblocking(False)
        self.daemon.selector.register(self.listener, selectors.EVENT_READ, lambda _: self.answer())

    def answer(self) -> None:
        """Tell who connected, in a thread: he may not listen."""
        assert self.listener is not None
        try:
            caller, _ = self.listener.accept()
        except OSError:
            return
        data = msgspec.json.encode(self.standing())
        self.daemon.pool.submit(ASKED, lambda: say(caller, data))

    def standing(self) -> Standing:
        """How everything is."""
        daemon, now = self.daemon, self.daemon.now()
        return Standing(
            pid=os.getpid(),
            notify=daemon.tidings.teller.way.name,
            problem=daemon.reloading.problem or None,
            accounts=tuple(watch.status(now) for _, watch in sorted(daemon.watches.items())),
        )

    def close(self) -> None:
        """Listen no more."""
        if self.listener is None:
            return
        with suppress(KeyError, ValueError):
            self.daemon.selector.unregister(self.listener)
        self.listener.close()
        with suppress(OSError):
            socket_file(self.daemon.reloading.ctx.paths).unlink()


def say(caller: socket.socket, data: bytes) -> None:
    """Send it all and hang up."""
    with caller, suppress(OSError):
        caller.settimeout(PATIENCE)
        caller.sendall(data)
