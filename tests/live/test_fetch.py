"""Fetches from a real Dovecot: incremental, faithful, harmless to the server."""

import os
from datetime import UTC, datetime

import pytest

from conftest import ok
from support.mirror import accounts, fetch, files, note, rows

pytestmark = pytest.mark.live
LARGE_LINES = 6_000_000 if "SOAK_SECONDS" in os.environ else 700_000  # 108 MB where there is time, else 12


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


def test_new_mail_comes_once(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))
    mail.deliver("alice", note(2), flags=("\\Seen", "Important"))

    first = fetch(cli)
    again = fetch(cli)
    mail.deliver("alice", note(3))
    third = fetch(cli)

    assert [run["new"] for run in (first, again, third)] == [2, 0, 1]
    assert rows(home) == [("Plans 1",), ("Plans 2",), ("Plans 3",)]
    assert sorted(file.read_bytes() for file in files(home)) == [note(n).replace(b"\r\n", b"\n") for n in (1, 2, 3)]


def test_mail_lies_as_other_programs_expect_it(cli, home, mail, account):
    account()
    received = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    mail.deliver("alice", note(1), flags=("\\Seen", "\\Flagged"), received=received)
    mail.deliver("alice", note(2))

    fetch(cli)

    [read] = (home / "data/mail/contact/INBOX/cur").iterdir()
    [unread] = (home / "data/mail/contact/INBOX/new").iterdir()
    assert read.name.endswith(":2,FS")
    assert read.stat().st_mtime == received.timestamp()
    assert unread.read_bytes() == note(2).replace(b"\r\n", b"\n")
    assert (read.stat().st_mode & 0o777, read.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_flags_follow_the_server(cli, home, mail, account):
    account()
    for number in (1, 2, 3):
        mail.deliver("alice", note(number))
    fetch(cli)

    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "+FLAGS", "(\\Seen Important)")
        box.store("3", "+FLAGS", "(\\Flagged)")
    first = fetch(cli)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "-FLAGS", "(\\Seen)")
    second = fetch(cli)

    assert [(run["new"], run["changed"]) for run in (first, second)] == [(0, 2), (0, 1)]
    assert rows(home, "uid, flags, seen") == [(1, "Important", 0), (2, "", 0), (3, "\\Flagged", 0)]
    assert sorted(file.name.partition(":2,")[2] for file in files(home)) == ["", "", "F"]


def test_what_is_gone_from_the_server_is_gone_here(cli, home, mail, account):
    account()
    for number in (1, 2, 3, 4):
        mail.deliver("alice", note(number))
    fetch(cli)

    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("2:3", "+FLAGS", "(\\Deleted)")
        box.expunge()
    mail.deliver("alice", note(5))
    result = fetch(cli)

    assert (result["new"], result["removed"]) == (1, 2)
    assert rows(home) == [("Plans 1",), ("Plans 4",), ("Plans 5",)]
    assert len(files(home)) == 3


def test_a_mailbox_that_was_emptied_is_empty_here(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)

    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "+FLAGS", "(\\Deleted)")
        box.expunge()
    fetch(cli)

    assert (rows(home), files(home)) == ([], [])


def test_fetching_marks_nothing_as_read_and_keeps_recent_mail_recent(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))

    fetch(cli)
    mail.deliver("alice", note(2))
    fetch(cli)

    with mail.imap("alice") as box:
        _, answer = box.status("INBOX", "(MESSAGES UNSEEN RECENT)")
    assert answer == [b"INBOX (MESSAGES 2 RECENT 2 UNSEEN 2)"]


def test_nothing_new_opens_no_folder_and_logs_in_once(cli, home, mail, account, tmp_path):
    account()
    mail.deliver("alice", note(1))
    mail.deliver("alice", note(2), folder="Projets")
    fetch(cli)

    ok(cli("--trace", str(tmp_path / "trace"), "fetch"))

    lines = [line.split() for line in (tmp_path / "trace").read_text().splitlines() if line.startswith(" ~> ")]
    said = [words[1] if words[1] == "AUTHENTICATE" else words[2] for words in lines]
    assert said == ["AUTHENTICATE", "LIST", "LOGOUT"]


def test_only_changed_folders_are_opened(cli, home, mail, account, tmp_path):
    account()
    mail.deliver("alice", note(1))
    mail.deliver("alice", note(2), folder="Projets")
    fetch(cli)

    mail.deliver("alice", note(3), folder="Projets")
    ok(cli("--trace", str(tmp_path / "trace"), "fetch"))

    opened = [line for line in (tmp_path / "trace").read_text().splitlines() if " EXAMINE " in line and "~>" in line]
    assert len(opened) == 1
    assert opened[0].endswith('EXAMINE "Projets"')
    assert " SELECT " not in (tmp_path / "trace").read_text()


def test_what_changed_and_what_is_gone_is_told_in_one_answer(cli, home, mail, account, tmp_path):
    account()
    for number in range(1, 6):
        mail.deliver("alice", note(number))
    fetch(cli)

    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("2:3", "+FLAGS", "(\\Deleted)")
        box.expunge()
        box.store("3", "+FLAGS", "(\\Flagged)")
    [result] = ok(cli("--trace", str(tmp_path / "trace"), "fetch", "--json")).json

    said = [line.split(" ", 3)[3] for line in (tmp_path / "trace").read_text().splitlines() if line.startswith(" ~> ")]
    assert (result["changed"], result["removed"], result["new"]) == (1, 2, 0)
    assert rows(home, "uid, flags") == [(1, ""), (4, ""), (5, "\\Flagged")]
    assert [line for line in said if line.startswith(("ENABLE", "EXAMINE", "UID"))][:2] == [
        "ENABLE QRESYNC",
        'EXAMINE "INBOX"',
    ]
    assert sum(line.startswith("UID") for line in said) == 1


# -- folders


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param("Affaires/2026-014", "Affaires/2026-014", id="nested"),
        pytest.param("&AMk-l&AOk-ments envoy&AOk-s", "Éléments envoyés", id="accents"),
        pytest.param("R&-D", "R&D", id="an ampersand"),
        pytest.param("&ZeVnLIqe-", "日本語", id="Japanese"),
        pytest.param('50%25 "x"', '50%25 "x"', id="quotes and per cent"),
    ],
)
def test_a_folder_keeps_its_name(cli, home, mail, account, written, name):
    account()
    mail.deliver("alice", note(1), folder=written)

    fetch(cli, "--folder", name)

    assert rows(home, folder=name) == [("Plans 1",)]
    assert len(files(home, name.replace("%", "%25"))) == 1


def test_a_name_typed_with_combining_accents_is_the_same_folder(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="&AMk-t&AOk-")

    assert fetch(cli, "--folder", "E\u0301te\u0301")["new"] == 1


def test_a_folder_that_is_gone_from_the_server_is_gone_here(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Projets")
    mail.deliver("alice", note(2), folder="Projets/A")
    fetch(cli)

    with mail.imap("alice") as box:
        box.delete("Projets")
    result = fetch(cli)

    assert result["removed"] == 1
    assert rows(home, folder="Projets") == []
    assert files(home, "Projets") == []
    assert rows(home, folder="Projets/A") == [("Plans 2",)]


def test_asking_for_one_folder_leaves_the_others_alone(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Projets")
    mail.deliver("alice", note(2))
    fetch(cli)

    mail.deliver("alice", note(3), folder="Projets")
    result = fetch(cli, "--folder", "inbox")

    assert (result["folders"], result["new"], result["removed"]) == (1, 0, 0)
    assert rows(home, folder="Projets") == [("Plans 1",)]


# -- odd messages


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"no header at all\r\n", id="no header"),
        pytest.param(b"\r\n\r\nbody only\r\n", id="an empty header"),
        pytest.param(b"Subject: \xe9t\xe9 \xff\xfe\r\nFrom: \x80\x81\r\n\r\n\x01\xff\x1b[31m\r\n", id="8-bit junk"),
        pytest.param(b"Subject: =?x?q?=?=\r\nDate: never\r\nMessage-ID: <>\r\n\r\n", id="broken fields"),
        pytest.param(b"Subject: {5}\r\n\r\n)\r\nA1 OK done\r\n* 1 FETCH (UID 9)\r\n", id="what looks like IMAP"),
        pytest.param(b"X: " + b"a" * 100_000 + b"\r\n\r\nlong line\r\n", id="a line of 100,000 bytes"),
    ],
)
def test_an_odd_message_is_kept_byte_for_byte(cli, home, mail, account, raw):
    account()
    mail.deliver("alice", note(1))
    mail.deliver("alice", raw)
    mail.deliver("alice", note(3))

    result = fetch(cli)

    assert (result["new"], result["odd"]) == (3, 0)
    assert raw.replace(b"\r\n", b"\n") in [file.read_bytes() for file in files(home)]


def test_a_large_message_comes_whole(cli, home, mail, account):
    account()
    large = note(1, body="0123456789abcdef\r\n" * LARGE_LINES)
    mail.deliver("alice", large)
    mail.deliver("alice", note(2))

    result = fetch(cli)

    assert result["new"] == 2
    assert max(file.stat().st_size for file in files(home)) == len(large.replace(b"\r\n", b"\n")) > 15 * LARGE_LINES
