"""Fetches from a real Dovecot: incremental, faithful, harmless to the server, and safe wherever it is killed."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import ok

pytestmark = pytest.mark.live


def note(number: int, *, body: str = "Hello") -> bytes:
    """A small message of its own."""
    return (
        f"From: Bob Roux <bob@mail.test>\r\nTo: alice@mail.test\r\nSubject: Plans {number}\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@mail.test>\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """An account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)

    def add(name: str = "contact", *, user: str = "alice", port: int = 0, security: str = "tls") -> str:
        ok(cli("account", "add", name, "--address", mail.address(user), "--imap-host", mail.host,
               "--imap-port", str(port or mail.imaps_port), "--imap-security", security, "--smtp-host", mail.host,
               "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file),
               "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
        return name

    return add


def fetch(cli, *words: str) -> dict:
    """What fetching one account did."""
    [result] = ok(cli("fetch", "--json", *words)).json
    return result


def files(home: Path, folder: str = "INBOX", account: str = "contact") -> list[Path]:
    """The messages in a folder's mirror."""
    box = home / "data/mail" / account / folder
    return sorted([*box.glob("cur/*"), *box.glob("new/*")])


def rows(home: Path, columns: str = "subject", folder: str = "INBOX") -> list[tuple]:
    """What the index says of a folder's messages, by UID."""
    with closing(sqlite3.connect(home / "data/index.sqlite")) as database:
        query = f"SELECT {columns} FROM messages JOIN folders ON folders.id = folder WHERE name = ? ORDER BY uid"
        return database.execute(query, (folder,)).fetchall()


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
    assert said == ["AUTHENTICATE", "LIST", *["STATUS"] * 6, "LOGOUT"]


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


# -- numbered anew


def test_a_folder_numbered_anew_is_recognised_and_not_fetched_again(cli, home, mail, account, tmp_path):
    account()
    received = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for number in (1, 2, 3):
        mail.deliver("alice", note(number), folder="Projets", received=received)
    fetch(cli)
    before = rows(home, "messages.id, subject, key", folder="Projets")

    with mail.imap("alice") as box:
        box.delete("Projets")
    for number in (3, 1, 4):
        mail.deliver("alice", note(number), folder="Projets", received=received, flags=("\\Seen",))
    ok(cli("--trace", str(tmp_path / "trace"), "fetch"))

    after = rows(home, "messages.id, subject, key", folder="Projets")
    assert [subject for _, subject, _ in after] == ["Plans 3", "Plans 1", "Plans 4"]
    assert after[:2] == [before[2], before[0]]
    assert len(files(home, "Projets")) == 3
    bodies = [line for line in (tmp_path / "trace").read_text().splitlines() if "BODY.PEEK[]" in line and "~>" in line]
    assert len(bodies) == 1
    assert " UID FETCH 3 " in bodies[0]


def test_mail_of_another_date_is_recognised_by_its_content(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Projets", received=datetime(2026, 1, 2, tzinfo=UTC))
    fetch(cli)

    with mail.imap("alice") as box:
        box.delete("Projets")
    mail.deliver("alice", note(1), folder="Projets", received=datetime(2026, 1, 3, tzinfo=UTC))
    result = fetch(cli)

    assert (result["new"], result["removed"]) == (0, 0)
    assert len(files(home, "Projets")) == 1


# -- how far back


def test_since_fetches_what_is_newer_and_later_runs_keep_to_it(cli, home, mail, account):
    account()
    for day in (1, 10, 20):
        mail.deliver("alice", note(day), received=datetime(2026, 1, day, 12, tzinfo=UTC))

    first = fetch(cli, "--since", "2026-01-10")
    second = fetch(cli)
    mail.deliver("alice", note(21), received=datetime(2025, 1, 1, tzinfo=UTC))  # moved in: new, whatever its date
    third = fetch(cli)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1,3", "+FLAGS", "(\\Deleted)")
        box.expunge()
    fourth = fetch(cli)

    assert [run["new"] for run in (first, second, third, fourth)] == [2, 0, 1, 0]
    assert fourth["removed"] == 1
    assert rows(home) == [("Plans 10",), ("Plans 21",)]


def test_an_earlier_day_fetches_more(cli, home, mail, account):
    account()
    for day in (1, 10, 20):
        mail.deliver("alice", note(day), received=datetime(2026, 1, day, 12, tzinfo=UTC))

    results = [fetch(cli, "--since", day)["new"] for day in ("2026-01-15", "2026-01-18", "2026-01-05", "2000-01-01")]

    assert results == [1, 0, 1, 1]
    assert len(files(home)) == 3


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
    large = note(1, body="0123456789abcdef\r\n" * 700_000)
    mail.deliver("alice", large)
    mail.deliver("alice", note(2))

    result = fetch(cli)

    assert result["new"] == 2
    assert max(file.stat().st_size for file in files(home)) == len(large.replace(b"\r\n", b"\n")) > 11_000_000


# -- the mirror itself


def test_a_lost_index_is_made_again_without_fetching(cli, home, mail, account, tmp_path):
    account()
    for number in (1, 2):
        mail.deliver("alice", note(number))
    fetch(cli)
    for file in (home / "data").glob("index.sqlite*"):
        file.unlink()

    ran = ok(cli("--trace", str(tmp_path / "trace"), "fetch", "--json")).json[0]

    assert ran["new"] == 0
    assert "BODY.PEEK[]" not in (tmp_path / "trace").read_text()
    assert rows(home) == [("Plans 1",), ("Plans 2",)]
    assert len(files(home)) == 2


def test_a_maildir_taken_away_is_filled_again(cli, home, mail, account):
    import shutil

    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    shutil.rmtree(home / "data/mail")

    assert fetch(cli)["new"] == 1
    assert len(files(home)) == 1


def test_two_runs_at_once_fetch_nothing_twice(mail, account, home):
    account()
    for number in range(40):
        mail.deliver("alice", note(number))

    runs = [start("fetch") for _ in range(3)]

    assert [run.wait(timeout=60) for run in runs] == [0, 0, 0]
    assert len(files(home)) == len(rows(home)) == 40


def test_accounts_are_fetched_side_by_side(cli, home, mail, account):
    account("one")
    account("two", user="bob")
    mail.deliver("alice", note(1))
    mail.deliver("bob", note(2))

    ran = ok(cli("fetch", "--json"))

    assert [(run["account"], run["new"]) for run in ran.json] == [("one", 1), ("two", 1)]


def test_a_line_an_account_where_stdout_is_no_terminal(cli, mail, account):
    account()
    mail.deliver("alice", note(1))

    assert ok(cli("fetch")).rows == [["contact", "5", "1", "0", "0", "0", ""]]


def test_starttls_fetches_too(cli, home, mail, account):
    account(port=mail.imap_port, security="starttls")
    mail.deliver("alice", note(1))

    assert fetch(cli)["new"] == 1


# -- killed


def start(*words: str) -> subprocess.Popen[bytes]:
    """The installed program, in a process of its own."""
    program = Path(sys.executable).with_name("mailctl")
    return subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("first_fill", [True, False], ids=["the first time", "a later time"])
def test_killed_at_any_point_and_run_again_nothing_is_missing_and_nothing_is_there_twice(
    cli, home, mail, account, first_fill
):
    account()
    numbers = list(range(60))
    if not first_fill:
        for number in numbers[:5]:
            mail.deliver("alice", note(number))
        fetch(cli)
        numbers = numbers[5:]
    seed(mail, [note(number, body="x" * 200_000) for number in numbers])

    for moment in range(8):
        run = start("fetch")
        await_growth(home, run, already=len(files(home)), more=moment)
        run.kill()
        run.wait()
    result = fetch(cli)

    assert sorted(rows(home)) == sorted((f"Plans {number}",) for number in range(60))
    assert len(files(home)) == 60
    assert not list((home / "data/mail/contact/INBOX/tmp").iterdir())
    assert result["new"] < len(numbers)  # what had come was not fetched again
    assert fetch(cli)["new"] == 0


def seed(mail, messages: list[bytes]) -> None:
    """Lay messages into alice's inbox over one connection."""
    with mail.imap("alice") as box:
        for raw in messages:
            box.append("INBOX", "", None, raw)


def await_growth(home: Path, run: subprocess.Popen[bytes], *, already: int, more: int) -> None:
    """Wait until a run has brought something, then a little longer each time."""
    deadline = time.monotonic() + 20
    while len(files(home)) == already and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(more * 0.004)
