"""Takes what Maildir readers did to a mirror to a real Dovecot: flags merged, deletions only where they are wanted."""

import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import LOGIN, ok
from support.mirror import accounts, fetch, files, mbsync, note, rows

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


@pytest.fixture
def filled(cli, mail, account):
    """A fetched mailbox of twelve unread messages."""
    account()
    for number in range(1, 13):
        mail.deliver("alice", note(number))
    fetch(cli)


def file_of(home, number):
    return next(file for file in files(home) if f"Subject: Plans {number}\n".encode() in file.read_bytes())


def mark(home, number, letters):
    """Let a reader give a message these flags."""
    file = file_of(home, number)
    key = file.name.partition(":")[0]
    file.rename(file.parent.parent / "cur" / f"{key}:2,{letters}")


def test_what_a_reader_did_goes_to_the_server(cli, home, mail, filled):
    mark(home, 1, "S")
    mark(home, 2, "FS")
    mark(home, 3, "T")
    mark(home, 4, "")  # seen in a list, not read

    result = fetch(cli, "--push")
    again = fetch(cli, "--push")

    assert (result["pushed"], result["changed"], again["pushed"], again["changed"]) == (3, 0, 0, 0)
    assert mail.flags("alice")[:4] == [{"\\Seen"}, {"\\Seen", "\\Flagged"}, {"\\Deleted"}, frozenset()]
    assert len(mail.messages("alice")) == len(files(home)) == 12


def test_without_push_the_server_stays_as_it_is(cli, home, mail, filled):
    mark(home, 1, "S")

    assert fetch(cli)["pushed"] == 0
    assert mail.flags("alice")[0] == frozenset()


def test_changes_on_both_sides_are_merged(cli, home, mail, filled):
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1:2", "+FLAGS", "(\\Flagged Important)")
    mark(home, 1, "S")
    mark(home, 2, "R")

    fetch(cli, "--push")

    assert mail.flags("alice")[:2] == [{"\\Seen", "\\Flagged", "Important"}, {"\\Answered", "\\Flagged", "Important"}]
    assert file_of(home, 1).name.endswith(":2,FS")
    assert file_of(home, 2).name.endswith(":2,FR")
    assert rows(home, "flags")[0] == ("Important \\Flagged \\Seen",)


def test_a_flag_taken_away_here_goes_there_too(cli, home, mail, filled):
    mark(home, 1, "FS")
    fetch(cli, "--push")
    mark(home, 1, "")

    assert fetch(cli, "--push")["pushed"] == 1
    assert mail.flags("alice")[0] == frozenset()


def test_a_deleted_file_is_deleted_there_only_with_push_deletes(cli, home, mail, filled):
    file_of(home, 1).unlink()
    mark(home, 2, "T")

    kept = fetch(cli, "--push")
    before = len(mail.messages("alice"))
    gone = fetch(cli, "--push-deletes")

    assert (kept["pushed"], before, gone["pushed"]) == (1, 12, 2)
    assert [raw.count(b"Plans 1\r\n") + raw.count(b"Plans 2\r\n") for raw in mail.messages("alice", "Trash")] == [1, 1]
    assert len(mail.messages("alice")) == len(files(home)) == len(rows(home)) == 10
    assert len(files(home, "Trash")) == 2
    assert fetch(cli, "--push-deletes")["pushed"] == 0


def test_what_is_deleted_in_the_trash_is_gone_for_good(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Trash")
    fetch(cli)
    files(home, "Trash")[0].unlink()

    fetch(cli, "--push-deletes")

    assert mail.messages("alice", "Trash") == []


def test_half_of_a_folder_is_deleted_there_only_when_it_is_said_so(cli, home, mail, filled):
    for file in files(home)[:6]:
        file.unlink()

    refused = cli("fetch", "--push-deletes")

    assert refused.status == 2
    assert "6 of 12 messages of 'INBOX' are deleted here" in refused.err
    assert "--push-deletes --yes" in refused.err
    assert len(mail.messages("alice")) == 12

    assert fetch(cli, "--push-deletes", "--yes")["pushed"] == 6
    assert len(mail.messages("alice")) == 6


def test_a_maildir_taken_away_deletes_nothing_there(cli, home, mail, filled):
    shutil.rmtree(home / "data/mail")

    assert fetch(cli, "--push-deletes", "--yes")["pushed"] == 0
    assert len(mail.messages("alice")) == len(files(home)) == 12


def test_a_folder_numbered_anew_meanwhile_is_recognised_first(cli, home, mail, account):
    account()
    for number in (1, 2):
        mail.deliver("alice", note(number), folder="Projets")
    fetch(cli)
    with mail.imap("alice") as box:
        box.delete("Projets")
    for number in (2, 1):
        mail.deliver("alice", note(number), folder="Projets")
    file = files(home, "Projets")[0]
    file.rename(file.parent.parent / "cur" / f"{file.name.partition(':')[0]}:2,S")

    fetch(cli, "--push")

    assert len(mail.messages("alice", "Projets")) == 2


def test_pushing_asks_for_the_right_to_organize(cli, home, mail, filled):
    ok(cli("collaborator", "add", "alice", "--name", "Alice", "--email", "alice@firm.example", "--login", LOGIN))
    ok(cli("rights", "grant", "contact", "alice", "read"))
    mark(home, 1, "S")

    ran = cli("fetch", "-a", "contact", "--push")
    unnamed = fetch(cli, "--push")

    assert ran.status == 77
    assert "organize" in ran.err
    assert unnamed["pushed"] == 0
    assert mail.flags("alice")[0] == frozenset()


# -- the real ones


def mutt(home, *commands):
    """Run neomutt on the inbox's Maildir, on a terminal, with these keys."""
    keys = "".join(f"<{command}>" for command in commands)
    settings = f"set quit=yes delete=yes mbox_type=Maildir wait_key=no folder={home}"
    words = ["neomutt", "-n", "-F", "/dev/null", "-e", settings, "-e", f"push '{keys}'", "-f"]
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    run = subprocess.Popen(
        [*words, home / "data/mail/contact/INBOX"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "HOME": str(home)},
        start_new_session=True,
    )
    os.close(slave)
    shown, deadline = b"", time.monotonic() + 30
    try:
        while run.poll() is None and time.monotonic() < deadline:
            if select.select([master], [], [], 0.1)[0]:
                with suppress(OSError):  # it closes the terminal as it ends
                    shown += os.read(master, 65536)
        assert run.poll() == 0, shown[-500:]
    finally:
        run.kill()
        run.wait()
        os.close(master)


def test_what_mutt_did_goes_to_the_server(cli, home, mail, filled):
    mutt(
        home,
        "first-entry",
        "display-message",
        "exit",
        "next-entry",
        "flag-message",
        "delete-message",
        "sync-mailbox",
        "quit",
    )

    result = fetch(cli, "--push")

    told = mail.flags("alice")
    assert result["pushed"] >= 2
    assert sum("\\Seen" in one for one in told) == 1
    assert sum("\\Flagged" in one for one in told) == 1


def test_notmuch_finds_what_was_fetched(home, mail, filled):
    config = home / "notmuch"
    config.write_text(f"[database]\npath={home / 'data/mail'}\n[user]\nname=A\nprimary_email=a@mail.test\n")
    environ = {**os.environ, "NOTMUCH_CONFIG": str(config)}

    subprocess.run(["notmuch", "new", "--quiet"], env=environ, check=True)
    found = subprocess.run(
        ["notmuch", "count", "subject:Plans"], env=environ, check=True, capture_output=True, text=True
    )

    assert found.stdout.strip() == "12"


def test_files_hold_what_mbsync_fetches(home, mail, filled, tmp_path):
    mail.deliver("alice", b"Subject: =?x?q?=\r\n\r\n8-bit \xff junk\r\nno end")
    mail.deliver("alice", b"From \x01: odd\r\n\r\n.\r\n..\r\n\r\nlone\rCR\r\n")

    theirs = mbsync(mail, tmp_path, ["INBOX"])["INBOX"]
    subprocess.run([Path(sys.executable).with_name("mailctl"), "fetch"], check=True, capture_output=True)

    assert sorted(file.read_bytes() for file in files(home)) == theirs
    assert len(theirs) == 14
