"""Telling systemd how the service is (sd_notify(3)), where it asked for that."""

import os
import socket
from collections.abc import Mapping


class Systemd:
    """The line to the service manager; mute where there is none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.address = environ.get("NOTIFY_SOCKET", "")
        period = environ.get("WATCHDOG_USEC", "")
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.period = int(period) / 2_000_000 if period.isdigit() and is_ours else None  # twice as often as asked
        self.fed = 0.0
        self.said = ""

    def tell(self, *lines: str) -> bool:
        """Send lines such as READY=1; whether somebody took them."""
        if not self.address:
            return False
        place = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.settimeout(1)
                sock.connect(place)
                sock.sendall("\n".join(lines).encode())
        except OSError:  # a stale socket: nothing is lost that anybody would miss
            return False
        return True

    def status(self, text: str) -> None:
        """Say in words how it is; what was said last is not said again."""
        if text != self.said:
            self.said = text
            self.tell(f"STATUS={text}")

    def feed(self, now: float) -> None:
        """Say that there is progress, when it is time to."""
        if self.period is not None and now - self.fed >= self.period:
            self.fed = now
            self.tell("WATCHDOG=1")
