"""The programs that call sendmail(8) call `mailctl-sendmail`, and their mail arrives."""

import os
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox

pytestmark = pytest.mark.live


@pytest.fixture
def sendmail(cli, store, mail, monkeypatch, tmp_path):
    """The program as callers know it: a path; and an account that sends."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--display-name", "The Firm",
           "--imap-host", mail.host, "--imap-port", str(mail.imaps_port), "--imap-security", "tls",
           "--smtp-host", mail.host, "--smtp-port", str(mail.submission_port), "--smtp-security", "starttls",
           "--ca-file", str(mail.ca_file), "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
    program = tmp_path / "sbin/sendmail"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mailctl.sendmail "$@"\n')
    program.chmod(0o755)
    return program


def parsed(raw):
    return message_from_bytes(raw, policy=policy.default)


def test_a_mail_handed_in_arrives_as_it_was(mail, sendmail):
    note = b"From: contact@mail.test\nTo: alice@mail.test\nBcc: bob@mail.test\nSubject: x\n\n.\nFrom here \xc3\xa9\n"

    ran = subprocess.run([sendmail, "-t", "-i"], input=note, capture_output=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    [to_alice] = mail.await_messages("alice")
    assert to_alice.endswith(b"\r\n\r\n.\r\nFrom here \xc3\xa9\r\n")
    assert len(mail.await_messages("bob")) == 1
    assert mail.messages("contact", "Sent") == []


def test_cron_reaches_the_administrator(mail, sendmail, store):
    file = store / "store.toml"
    file.write_text(file.read_text() + '[sendmail]\naliases = { root = "alice@mail.test" }\n')
    note = b"From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> backup\n\ndisk full\n"

    subprocess.run(
        [sendmail, "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"], input=note, check=True, capture_output=True
    )

    assert parsed(mail.await_messages("alice")[0])["Subject"] == "Cron <root@host> backup"


def test_refused_recipients_are_69_and_those_for_later_are_safe(sendmail, home):
    note = b"From: contact@mail.test\nSubject: x\n\nHello\n"

    refused = subprocess.run([sendmail, "-i", "x@refused.test"], input=note, capture_output=True, check=False)
    later = subprocess.run([sendmail, "-i", "x@later.test"], input=note, capture_output=True, check=False)

    assert refused.returncode == 69
    assert b"550" in refused.stderr
    assert (later.returncode, later.stderr) == (0, b"")
    assert [entry.recipients for entry in Outbox(home / "state/outbox").entries()] == [("x@later.test",)]


@pytest.fixture
def patches(tmp_path):
    """Two patches of a repository, as `git format-patch` writes them."""
    place = tmp_path / "repository"
    place.mkdir()
    for words in (
        ("init", "-q"),
        ("config", "user.name", "The Firm"),
        ("config", "user.email", "contact@mail.test"),
        *((("commit", "-q", "--allow-empty", "-m", f"Change {name}é")) for name in ("one", "two", "three")),
    ):
        subprocess.run(["git", *words], cwd=place, check=True)
    (place / "file").write_text("content\n")
    subprocess.run(["git", "add", "file"], cwd=place, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "Add a file"], cwd=place, check=True)
    subprocess.run(["git", "format-patch", "-q", "-2", "--always"], cwd=place, check=True)
    return place


@pytest.mark.parametrize("option", ["--sendmail-cmd={}", "--smtp-server={}"])
def test_git_send_email_sends_a_series(mail, sendmail, patches, option):
    ran = subprocess.run(
        ["git", "send-email", "--quiet", "--confirm=never", "--suppress-cc=all", "--no-thread",
         "--envelope-sender=auto", "--to=alice@mail.test", "--cc=bob@mail.test", option.format(sendmail),
         *sorted(patches.glob("*.patch"))],
        cwd=patches,
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    subjects = sorted(parsed(raw)["Subject"] for raw in mail.await_messages("alice", 2))
    assert [subject.partition("] ")[2] for subject in subjects] == ["Change threeé", "Add a file"]
    assert len(mail.await_messages("bob", 2)) == 2


def test_git_send_email_hears_of_a_refusal(sendmail, patches):
    [first, *_] = sorted(patches.glob("*.patch"))

    ran = subprocess.run(
        ["git", "send-email", "--quiet", "--confirm=never", "--suppress-cc=all", "--to=x@refused.test",
         f"--sendmail-cmd={sendmail}", first],
        cwd=patches,
        capture_output=True,
        check=False,
    )  # fmt: skip

    assert ran.returncode != 0
    assert b"550" in ran.stderr


def test_the_console_script_is_there():
    script = Path(sys.executable).parent / "mailctl-sendmail"

    assert subprocess.run([script, "--help"], capture_output=True, check=True).stdout.startswith(b"usage: ")
