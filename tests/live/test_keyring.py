"""A real gnome-keyring on a D-Bus session of its own: unlocked, locked, without a keyring, absent, mute."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.live

SCRIPT = Path(__file__).with_name("keyring_session.py")
UNLOCKED = "eval \"$(printf 'passphrase' | gnome-keyring-daemon --unlock --components=secrets 2>/dev/null)\"; "
Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home that exists, for gnome-keyring unlocks nothing without one, and no session of the caller's."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}


@pytest.fixture
def ask(environ: dict[str, str]) -> Ask:
    """Ask the keyring in one session: `ask("set=secret", "get", before=UNLOCKED)` gives one answer each."""

    def run(*questions: str, before: str = "", **more: str) -> list[dict[str, Any]]:
        script = before + shlex.join([sys.executable, str(SCRIPT), *questions])
        words = ["dbus-run-session", "--", "sh", "-c", script]
        ran = subprocess.run(words, env={**environ, **more}, capture_output=True, text=True, timeout=60, check=False)
        assert ran.stdout, ran.stderr
        answers: list[dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
        return answers

    return run


def test_an_unlocked_keyring_gives_back_what_was_set(ask: Ask):
    _, got, _, _ = answers = ask("set=pä55 'wörd", "get", "forget", "forget", before=UNLOCKED)

    assert got["said"] == "pä55 'wörd"
    assert all("error" not in answer for answer in answers)


def test_a_new_password_replaces_the_old_one(ask: Ask):
    *_, got = ask("set=old", "set=new", "get", before=UNLOCKED)

    assert got["said"] == "new"


def test_an_unlocked_keyring_without_the_password_says_how_to_set_it(ask: Ask):
    [got] = ask("get", before=UNLOCKED)

    assert (got["error"], got["status"]) == ("secret-unavailable", 77)
    assert got["hint"] == "mailctl password set contact"


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":99"}], ids=["no desktop", "a desktop that could prompt"])
def test_a_locked_keyring_is_said_at_once_and_prompts_nobody(ask: Ask, display: dict[str, str]):
    _, _, got, kept = ask("set=secret", "lock", "get", "set=other", before=UNLOCKED, **display)

    assert (got["error"], got["said"]) == ("secret-unavailable", "the keyring is locked")
    assert kept["said"] == "the keyring is locked"
    assert "unlock it in your desktop session" in got["hint"]
    assert got["seconds"] < 5


def test_without_a_keyring_none_is_made_behind_ones_back(ask: Ask):
    got, kept = ask("get", "set=secret")

    assert (got["error"], got["said"]) == ("secret-unavailable", "there is no keyring yet")
    assert kept["said"] == "there is no keyring yet"
    assert got["seconds"] < 5


def test_a_service_that_never_answers_is_given_up(ask: Ask):
    got, again = ask("get-from-mute", "get-from-mute")

    assert got["said"] == again["said"] == "the keyring did not answer within 1 s"
    assert got["seconds"] < 5
    assert again["seconds"] < 0.5, "it was asked again at once"


def test_without_a_session_the_password_can_be_kept_elsewhere(environ: dict[str, str]):
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), "get"], env=environ, capture_output=True, text=True, timeout=60, check=True
    )

    [got] = json.loads(ran.stdout)
    assert (got["error"], got["status"]) == ("secret-unavailable", 77)
    assert got["said"] == "no keyring here: no D-Bus session, or no Secret Service on it"
    assert "auth.secret=command" in got["hint"]


def test_what_the_command_keeps_other_programs_find_under_login_and_host(environ: dict[str, str]):
    tools = Path(sys.executable).parent
    script = UNLOCKED + (
        "set -e; mailctl -q init; "
        "mailctl -q account add contact --address contact@firm.example --imap-host mail.firm.example "
        "--smtp-host mail.firm.example --no-discover; "
        "printf 'pä55 wörd\\n' | mailctl -q password set contact; "
        "python -m keyring get mailctl contact@firm.example@mail.firm.example"
    )

    ran = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script],
        env={**environ, "PATH": f"{tools}:{environ['PATH']}", "MAILCTL_HOME": environ["HOME"] + "/mailctl"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stdout, ran.returncode) == ("pä55 wörd\n", 0), ran.stderr
