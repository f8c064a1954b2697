"""Programs whose caller closed standard input, output or error: as if it were empty, or nobody read it."""

import shlex
import subprocess
import sys

import pytest

from conftest import ok

MAILCTL = [sys.executable, "-m", "mailctl"]
SENDMAIL = [sys.executable, "-c", "from mailctl.sendmail import main; raise SystemExit(main())"]
CHECKER = [sys.executable, "-c", "from mailctl.checker.main import main; raise SystemExit(main())", "--once"]


def closing(redirections: str, program: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a shell does, with some of its streams closed."""
    command = f"{shlex.join([*program, *words])} {redirections}"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("redirections", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_succeeds_all_the_same(store, redirections):
    ran = closing(redirections, MAILCTL, "whoami", "--json")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert bool(ran.stdout) is (">&-" not in redirections.split())


def test_its_failure_has_its_status_without_stderr(store):
    assert closing("2>&-", MAILCTL, "account", "show", "nobody").returncode == 67


def test_nobody_is_asked(cli, firm):
    ran = closing("<&-", MAILCTL, "account", "remove", "contact")

    assert ran.returncode == 2
    assert ran.stderr.endswith("hint: add --yes\n")


def test_a_closed_standard_input_is_empty(cli, firm):
    ran = closing("<&-", MAILCTL, "apply", "-")

    assert (ran.returncode, "fault in mailctl" in ran.stderr) == (0, False)
    assert closing("<&-", SENDMAIL, "-t", "-a", "contact").returncode == 64


def test_the_checker_looks_as_ever(store):
    assert closing("<&- >&- 2>&-", CHECKER).returncode == 0


def test_what_is_written_into_a_closed_output_is_in_no_file(cli, store):
    add = ("account", "add", "contact", "--address", "c@firm.example", "--imap-host", "x", "--smtp-host", "x")

    assert closing(">&- 2>&-", MAILCTL, *add, "--password-env", "X", "--no-discover").returncode == 0

    assert ok(cli("store", "check")).status == 0
