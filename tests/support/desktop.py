"""Fixtures `desktop`, `screen`, `bus`: a D-Bus session of the test's own, with dunst on a hidden screen or without."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 20.0
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""  # nobody is started by being called: what is on the bus is what the test started


@dataclass
class Desktop:
    """A session: the environment of its programs, and what its user sees."""

    environ: dict[str, str]
    home: Path

    def run(self, *words: str) -> str:
        """Run one of the session's programs."""
        return subprocess.run(words, env=self.environ, capture_output=True, text=True, timeout=20, check=True).stdout

    def displayed(self) -> int:
        """How many notifications are on the screen."""
        return int(self.run("dunstctl", "count", "displayed"))

    def history(self) -> list[tuple[str, str]]:
        """Title and body of all that was shown and is closed by now, the oldest first."""
        [entries] = json.loads(self.run("dunstctl", "history"))["data"]
        return [(one["summary"]["data"], one["body"]["data"]) for one in reversed(entries)]

    def shown(self) -> list[tuple[str, str]]:
        """Title and body of all that was ever shown; what is on the screen is closed for it."""
        self.run("dunstctl", "close-all")
        deadline = time.monotonic() + PATIENCE
        while self.displayed() and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.history()

    @contextmanager
    def displayer(self) -> Iterator[None]:
        """A dunst of this session, ready."""
        with running(["dunst"], self.environ):
            await_success(["dunstctl", "is-paused"], self.environ)
            yield


@contextmanager
def running(words: list[str], environ: dict[str, str], **more: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A program, ended at the end."""
    program = subprocess.Popen(  # type: ignore[call-overload]
        words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more
    )
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def await_success(words: list[str], environ: dict[str, str]) -> None:
    """Come back once a program succeeds."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(words, env=environ, capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, f"{words} never succeeded"
        time.sleep(0.02)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Desktop]:
    """A session bus on which nobody displays notifications."""
    place = tmp_path / "bus"
    config = tmp_path / "bus.conf"
    config.write_text(BUS.format(path=place))
    home = tmp_path / "desktop"
    home.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "DBUS_SESSION_BUS_ADDRESS": f"unix:path={place}"}
    with running(["dbus-daemon", f"--config-file={config}", "--nofork"], environ):
        await_success(["test", "-S", str(place)], environ)
        yield Desktop(environ=environ, home=home)


@pytest.fixture
def screen(bus: Desktop) -> Iterator[Desktop]:
    """A session with a screen, and nobody who displays anything on it."""
    with ExitStack() as stack:
        read, write = os.pipe()
        words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
        stack.enter_context(running(words, bus.environ, pass_fds=[write]))
        os.close(write)
        with os.fdopen(read) as numbers:
            bus.environ["DISPLAY"] = f":{numbers.readline().strip()}"
        yield bus


@pytest.fixture
def desktop(screen: Desktop) -> Iterator[Desktop]:
    """A session with a screen and dunst on it."""
    with screen.displayer():
        yield screen
