"""The outbox's timer: installed by a command, and what it starts sends under a real systemd, hardening and all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox

pytestmark = pytest.mark.live

LIFE = """
set -e
mailctl outbox install
systemctl --user is-active mailctl-outbox.timer
systemctl --user set-environment CONTACT_PASSWORD="$CONTACT_PASSWORD"
systemctl --user start mailctl-outbox.service
systemctl --user show mailctl-outbox.service -p Result -p ExecMainStatus
mailctl outbox uninstall
systemctl --user is-active mailctl-outbox.timer || true
ls "$HOME/.config/systemd/user"
"""


def test_it_sends_what_is_due_and_calls_nothing_a_failure_that_only_waits(cli, store, home, mail, tmp_path):
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--imap-host", mail.host,
           "--imap-port", str(mail.imaps_port), "--smtp-host", mail.host, "--smtp-port", str(mail.smtps_port),
           "--smtp-security", "tls", "--ca-file", str(mail.ca_file), "--password-env", "CONTACT_PASSWORD",
           "--no-discover"))  # fmt: skip
    for recipient in ("alice@mail.test", "x@later.test"):
        ok(cli("send", recipient, "-s", "Plans", "--queue", input="Hello"))
    ok(cli("send", "alice@mail.test", "-s", "Later", "--at", "+2h", input="Hello"))
    house = tmp_path / "house"
    (house / "run").mkdir(parents=True, mode=0o700)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    script = Path(__file__).parents[1] / "support/user_manager.sh"

    ran = subprocess.run(
        [script, house, "bash", "-c", LIFE], capture_output=True, text=True, timeout=90, check=False,
        env={"PATH": path, "MAILCTL_HOME": str(home), "CONTACT_PASSWORD": mail.password},
    )  # fmt: skip

    log = (house / "systemd.log").read_text()
    assert ran.stdout.splitlines()[:3] == ["active", "Result=success", "ExecMainStatus=1"], (ran, log)
    assert ran.stdout.splitlines()[3] == "inactive", ran
    assert "removed" in ran.stderr
    assert len(mail.await_messages("alice")) == 1
    assert [entry.subject for entry in Outbox(home / "state/outbox").entries()] == ["Plans", "Later"]
