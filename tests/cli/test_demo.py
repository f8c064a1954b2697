"""The whole tour, as a user takes it: it is a test of everything the tour shows."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.terminal import on_terminal

DEMO = (sys.executable, "-m", "mailctl", "demo")
SECONDS = 100


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TMPDIR of the test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def tour(*options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *options],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def broken(folder: Path, code: str) -> dict[str, str]:
    """An environment in which each Python runs this first."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def kept(scratch: Path) -> Iterator[subprocess.Popen[str]]:
    """`mailctl demo --keep`, at work since its first line was shown."""
    with subprocess.Popen(
        [*DEMO, "--keep"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def read_until(process: subprocess.Popen[str], beginning: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(beginning):
            return lines
    raise AssertionError("".join(lines))


def test_the_tour_shows_the_whole_way_and_leaves_nothing_behind(scratch):
    ran = tour()

    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout[-2000:]
    for line in (
        "$ mailctl init --firm 'Atelier Durand'",
        "added the account 'contact'",
        "contact   ros-   r---  rosm",
        "mailctl: error: 'bob' may not send with 'contact': the right 'send' is missing",
        "(exit status 77)",
        "mairie   ok     1",
    ):
        assert line in ran.stdout
    assert list(scratch.iterdir()) == []
    assert "\x1b" not in ran.stdout


def test_on_a_terminal_the_tour_is_in_colours(scratch):
    shown = on_terminal(*DEMO, answers={}, environ={**os.environ, "TERM": "xterm"})

    assert shown.status == 0, shown.text[-2000:]
    assert "\x1b[1m$ mailctl init" in shown.text
    assert "\x1b[1maccount" in shown.text


def test_without_colour_a_terminal_gets_none(scratch):
    shown = on_terminal(*DEMO, answers={}, environ={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})

    assert "$ mailctl init" in shown.text
    assert "\x1b" not in shown.text


def test_the_kept_firm_answers_from_another_terminal(kept, scratch):
    lines = read_until(kept, "  mailctl account list")
    exports = [line.split(maxsplit=1)[1].strip().split("=", 1) for line in lines if line.startswith("  export ")]

    ran = subprocess.run(
        [sys.executable, "-m", "mailctl", "--as", "alice", "checker", "once"],
        env={**os.environ, **dict(exports)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\t")[:3] == ["mairie", "ok", "1"]

    kept.send_signal(signal.SIGINT)
    out, err = kept.communicate(timeout=SECONDS)
    assert (kept.returncode, err) == (0, "")
    assert "store removed" in out
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_tour_that_is_stopped_halfway_cleans_up(kept, scratch, number):
    read_until(kept, "$ mailctl collaborator add bob")

    kept.send_signal(number)
    _, err = kept.communicate(timeout=SECONDS)

    assert kept.returncode == 130
    assert err == "mailctl: error: interrupted\n"
    assert list(scratch.iterdir()) == []


def test_a_reader_who_leaves_early_ends_the_tour(kept, scratch):
    read_until(kept, "$ mailctl init")

    assert kept.stdout is not None
    kept.stdout.close()

    assert kept.wait(SECONDS) == 0
    assert list(scratch.iterdir()) == []


def test_a_command_that_fails_on_the_way_fails_the_tour(scratch, tmp_path):
    ran = tour(**broken(tmp_path / "broken", "import os, sys\nif 'bob' in sys.orig_argv: os._exit(3)\n"))

    assert ran.returncode == 1
    assert "ended with 3 and not with 0" in ran.stderr
    assert "hint: " in ran.stderr
    assert list(scratch.iterdir()) == []


def test_without_its_servers_the_demo_says_what_to_install(scratch, tmp_path):
    ran = tour(**broken(tmp_path / "bare", "import sys\nsys.modules['pymap'] = None\n"))

    assert ran.returncode == 69
    assert ran.stderr.splitlines() == [
        "mailctl: error: the demo's servers are not installed: there is no module 'pymap'",
        "hint: pip install 'mailctl[demo]'",
    ]
