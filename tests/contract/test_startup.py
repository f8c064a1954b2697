"""What a command does not need it does not load: that is what makes it start fast."""

import os
import subprocess
import sys

import pytest

PROBE = """
import sys
from mailctl.cli.main import main
status = main(sys.argv[1:])
print(int(status), *sys.modules, file=sys.stderr)
"""
NEVER = {
    "pydantic", "click", "imapclient", "imaplib", "keyring", "secretstorage", "jeepney", "plyer", "html2text", "pymap",
    "aiosmtpd", "smtplib", "ssl", "sqlite3", "rich", "jinja2", "babel", "markdown_it", "pygments", "asyncio",
    "typing_extensions",
}  # fmt: skip
VALUES = {"msgspec", "tomli", "tomli_w", "json", "mailctl.services.context", "mailctl.store.files"}
MAIL = {"email", "mailctl.store.history", "mailctl.remote.tls"}
WRITING = {"json", "mailctl.store.change", "mailctl.store.lines", "mailctl.store.history"}
HEAVY = {
    "--version": NEVER | MAIL | VALUES,
    "whoami": NEVER | MAIL | WRITING,
    "account list": NEVER | MAIL | WRITING,
    "template list": NEVER | MAIL | WRITING,
    "account show contact": NEVER | MAIL | WRITING,
    "rights check contact read": NEVER | MAIL | WRITING,
    "send anna@firm.example -a contact -s Plans --dry-run": NEVER | (MAIL - {"email"}),
}


def modules_after(command: str) -> set[str]:
    """What Python has loaded once a command is done, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *command.split()],
        input="Dear Anna\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    status, *modules = done.stderr.splitlines()[-1].split()
    assert status == "0", done.stderr
    return set(modules)


@pytest.mark.parametrize("command", HEAVY)
def test_nothing_is_loaded_that_is_not_needed(firm, command):
    assert modules_after(command) & HEAVY[command] == set()
