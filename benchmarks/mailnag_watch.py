"""What mailnag costs on the same accounts, where it is installed (Debian's package, 2.2.0).

It asks the network for www.google.com before it looks anywhere; its own other way, ping(8), is a program on PATH, and
one that always succeeds stands in for it.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CORE = """[core]
poll_interval = 10
imap_idle_timeout = 10
mailbox_seen_flags = 1
connectivity_test = ping
enabled_plugins = libnotifyplugin
"""
ACCOUNT = """[account{number}]
enabled = 1
type = imap
name = a{number}
user = u{number}
password = y
server = localhost
port = {port}
ssl = 1
imap = 1
idle = 1
folder = ["INBOX"]
"""
PATIENCE = 300.0  # seconds: a thousand take nearly three minutes


@contextlib.contextmanager
def watching(home: Path, number: int, port: int, authority: Path) -> Iterator["subprocess.Popen[bytes] | None"]:
    """mailnag, once it is connected to so many accounts; None where it is not installed or does not get so far."""
    program = shutil.which("mailnag")
    if program is None:
        yield None
        return
    (home / ".config/mailnag").mkdir(parents=True)
    (home / "bin").mkdir()
    accounts = "".join(ACCOUNT.format(number=one, port=port) for one in range(1, number + 1))
    (home / ".config/mailnag/mailnag.cfg").write_text(CORE + accounts)
    (home / "bin/ping").write_text("#!/bin/sh\nexit 0\n")
    (home / "bin/ping").chmod(0o755)
    bus = f"unix:path={home / 'bus'}"
    environ = {"HOME": str(home), "PATH": f"{home / 'bin'}:{os.environ['PATH']}", "SSL_CERT_FILE": str(authority),
               "DBUS_SESSION_BUS_ADDRESS": bus}  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(["dbus-daemon", "--session", "--nofork", f"--address={bus}"], env=environ, **quiet) as daemon:
        while not (home / "bus").exists():
            time.sleep(0.02)
        with subprocess.Popen([program], env=environ, **quiet) as mailnag:
            try:
                yield mailnag if connected(mailnag, port, number) else None
            finally:
                mailnag.kill()
                daemon.kill()


def connected(program: "subprocess.Popen[bytes]", port: int, number: int) -> bool:
    """Come back once so many connections to a port stand; whether they came to stand."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and program.poll() is None:
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        fields = [line.split() for line in lines]
        if sum(one[1].endswith(f":{port:04X}") and one[3] == "01" for one in fields) >= number:
            return True
        time.sleep(0.1)
    return False
