"""Fetching what is unusual: full disks, servers that ask for patience, odd folders, odd messages; the rest comes."""

import gc
import subprocess

import pytest

from conftest import ok
from mailctl.remote.imap import open_imap
from support.scripted_imap import HANG_UP, TABLE, folder_of, literal, scripted_imap
from support.small_disk import AS_ROOT, fill, mounted


def note(number: int, body: str = "Hello") -> bytes:
    return (
        f"From: bob@mail.test\r\nMessage-ID: <{number}@mail.test>\r\nSubject: Plans {number}\r\n\r\n{body}\r\n"
    ).encode()


NOTES = [note(number) for number in range(1, 6)]


@pytest.fixture
def account(cli, store, monkeypatch):
    """Add an account at a scripted server."""
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")
    monkeypatch.setitem(open_imap.__kwdefaults__, "timeout", 2.0)

    def add(script):
        ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--imap-host", "127.0.0.1",
               "--imap-port", script.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1",
               "--smtp-security", "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip

    return add


def contents(home, folder="INBOX"):
    box = home / "data/mail/contact" / folder
    return sorted(
        file.read_bytes().replace(b"\n", b"\r\n") for name in ("cur", "new") for file in box.glob(f"{name}/*")
    )


def odd(uid, give):
    """FETCH's answers, one message's own."""
    return lambda number, raw: (
        give(raw) if number == uid else b"* %d FETCH (UID %d BODY[] %b)\r\n" % (number, number, literal(raw))
    )


# -- the disk


def test_a_disk_that_is_full_is_told_and_once_there_is_room_the_rest_comes(cli, home, account):
    large = [note(number, "x" * 60_000) for number in range(1, 41)]
    with scripted_imap(folder_of(large)) as script, mounted(home / "data", kilobytes=1200) as disk:
        account(script)
        full = cli("fetch")
        left = list((home / "data/mail/contact/INBOX").glob("tmp/*"))
        subprocess.run([*AS_ROOT, "mount", "-o", "remount,size=16m", disk], check=True)
        ok(cli("fetch"))
        again = ok(cli("fetch", "--json"))
        came = contents(home)
        gc.collect()  # closes the index, or the disk stays busy

    assert came == sorted(large)
    assert full.status == 74
    assert "No space left" in full.err or "disk is full" in full.err
    assert "Traceback" not in full.err
    assert left == []
    assert again.json[0]["new"] == 0


def test_on_a_full_disk_what_was_fetched_is_listed_read_found_and_saved(cli, home, account, tmp_path):
    with scripted_imap(folder_of(NOTES)) as script, mounted(home / "data", kilobytes=2000) as disk:
        account(script)
        ok(cli("fetch"))
        gc.collect()
        fill(disk / "filler")
        listed, found = ok(cli("list")), ok(cli("search", "hello"))
        read = ok(cli("read", listed.rows[0][0], "--no-mark"))
        saved = ok(cli("save", listed.rows[0][0], tmp_path))
        refetched = cli("fetch", "--reindex")
        gc.collect()

    assert len(listed.rows) == len(found.rows) == 5
    assert "Hello" in read.out
    assert "no attachments" in saved.err
    assert (refetched.status, "free some space" in refetched.err) == (74, True)


# -- servers that ask for patience, and mail that goes meanwhile


@pytest.mark.parametrize("code", ["UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"])
@pytest.mark.parametrize("command", ["AUTHENTICATE PLAIN", "LIST", 'EXAMINE "INBOX"', "UID SEARCH"])
def test_a_server_that_cannot_now_is_asked_again_the_next_time(cli, home, account, command, code):
    usual = folder_of(NOTES)
    with scripted_imap({**usual, command: b"{tag} NO [%b] not now\r\n" % code.encode()}) as script:
        account(script)
        ran = cli("fetch")
        script.change({command: {**TABLE, **usual}.get(command, usual["EXAMINE"])})
        ok(cli("fetch"))

    assert ran.status == 75
    assert "not now" in ran.err
    assert contents(home) == sorted(NOTES)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "LIMIT", "EXPUNGEISSUED"])
def test_a_message_that_cannot_be_had_now_is_the_only_one_missing(cli, home, account, code):
    answer = b"{tag} NO [%b] not now\r\n" % code.encode()
    with scripted_imap(folder_of(NOTES, body=odd(3, lambda raw: answer))) as script:
        account(script)
        first = cli("fetch", "--json")
        script.change(folder_of(NOTES))
        ok(cli("fetch"))

    assert (first.status, first.json[0]["new"], first.json[0]["odd"]) == (1, 4, 1)
    assert contents(home) == sorted(NOTES)


def test_a_message_that_is_expunged_meanwhile_is_no_oddity(cli, home, account):
    table = folder_of(NOTES)
    fetch = table["UID FETCH"]

    def gone(command):
        if "BODY.PEEK[]" in command or "INTERNALDATE" not in command:
            script.change({"UID FETCH": folder_of(NOTES, gone={3})["UID FETCH"]})
            return folder_of(NOTES, gone={3})["UID FETCH"](command)
        return fetch(command)

    with scripted_imap({**table, "UID FETCH": gone}) as script:
        account(script)
        ran = ok(cli("fetch", "--json"))

    assert (ran.json[0]["new"], ran.json[0]["odd"]) == (4, 0)
    assert contents(home) == sorted(raw for number, raw in enumerate(NOTES, 1) if number != 3)


def test_a_folder_deleted_on_the_way_stops_no_other(cli, home, account):
    table = folder_of(NOTES) | {
        "LIST": b'* LIST () "/" Going\r\n* LIST () "/" INBOX\r\n{tag} OK\r\n',
        'EXAMINE "Going"': b"{tag} NO [NONEXISTENT] it is gone\r\n",
    }
    with scripted_imap(table) as script:
        account(script)
        ran = ok(cli("fetch", "--json"))

    assert (ran.json[0]["folders"], ran.json[0]["new"]) == (1, 5)
    assert contents(home) == sorted(NOTES)


# -- folders


@pytest.mark.parametrize(
    ("listed", "folder"),
    [
        pytest.param(b'"." "a/b"', "a%2Fb", id="a slash that divides nothing"),
        pytest.param(b'"/" "a//b"', "a/%/b", id="nothing between two slashes"),
        pytest.param(b'"/" {3}\r\n\x01\x1b\x7f', "%01%1B%7F", id="control characters"),
        pytest.param(b'"/" "&ZZZ"', "&ZZZ", id="modified UTF-7 gone wrong"),
        pytest.param(b'"/" "&2ADcAA-"', None, id="letters in halves"),
        pytest.param(b'"/" "\xff\xfe"', None, id="bytes of no charset"),
        pytest.param(b'"/" "%b"' % (b"n" * 300), None, id="300 bytes"),
        pytest.param(b'"/" "%b"' % b"/".join([b"deep"] * 60), "/".join(["deep"] * 60), id="60 levels"),
        pytest.param(b'NIL "new"', "%6Eew", id="a Maildir's own name"),
    ],
)
def test_a_folder_of_an_odd_name_is_fetched_like_any_other(cli, home, account, listed, folder):
    table = folder_of(NOTES) | {"LIST": b"* LIST () %b\r\n{tag} OK\r\n" % listed}
    with scripted_imap(table) as script:
        account(script)
        result = ok(cli("fetch", "--json")).json[0]
        again = ok(cli("fetch", "--json")).json[0]

    root = home / "data/mail/contact"
    files = [file for kind in ("cur", "new") for file in root.rglob(f"{kind}/*") if file.is_file()]
    assert (result["new"], again["new"], len(files)) == (5, 0, 5)
    assert root in files[0].resolve().parents
    if folder is not None:
        assert contents(home, folder) == sorted(NOTES)


def test_two_folders_that_differ_by_case_stay_two(cli, home, account):
    listed = b'* LIST () "/" Plans\r\n* LIST () "/" PLANS\r\n* LIST () "/" inbox\r\n{tag} OK\r\n'
    with scripted_imap(folder_of(NOTES) | {"LIST": listed}) as script:
        account(script)
        result = ok(cli("fetch", "--json")).json[0]

    assert result["folders"] == 3
    assert contents(home, "Plans") == contents(home, "PLANS") == contents(home, "INBOX") == sorted(NOTES)


# -- messages


def nested(levels: int) -> bytes:
    """Multiparts in multiparts."""
    text = b"Content-Type: text/plain\r\n\r\nthe innermost\r\n"
    for level in range(levels):
        text = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b--b%d--\r\n" % (
            level,
            level,
            text,
            level,
        )
    return b"Subject: deep\r\n" + text


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"no header, no line end", id="no header"),
        pytest.param(b"Subject: a\0b\r\n\r\n\0\0\0\r\n", id="NUL"),
        pytest.param(b"Message-ID: <%b@x>\r\n\r\nlong\r\n" % (b"m" * 10_000), id="a Message-ID of 10 KB"),
        pytest.param(b"Message-ID: <1@mail.test>\r\n\r\nnot note 1\r\n", id="the Message-ID of another"),
        pytest.param(b"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\nold\r\n", id="of 1970"),
        pytest.param(b"Date: Fri, 01 Jan 2099 00:00:00 +0000\r\n\r\nnew\r\n", id="of 2099"),
        pytest.param(b"Date: Sat, 99 Foo 99999 99:99:99 +9999\r\n\r\nnever\r\n", id="of no day"),
        pytest.param(nested(50), id="50 levels of MIME"),
        pytest.param(b"X-A: b\r\n" * 50_000 + b"\r\nbody\r\n", id="50,000 fields"),
        pytest.param(b"To: " + b"a@b.c, " * 20_000 + b"\r\n\r\nbody\r\n", id="20,000 recipients"),
        pytest.param(b'From: "' + b"\\" * 50_000 + b"\r\n\r\nbody\r\n", id="a quotation that never ends"),
    ],
)
def test_an_odd_message_is_kept_listed_and_stops_no_other(cli, home, account, raw):
    every = [*NOTES[:2], raw, *NOTES[2:]]
    with scripted_imap(folder_of(every)) as script:
        account(script)
        result = ok(cli("fetch", "--json")).json[0]
        again = ok(cli("fetch", "--json")).json[0]
    listed = ok(cli("list", "-a", "contact", "--json")).json

    assert (result["new"], result["odd"], again["new"]) == (6, 0, 0)
    assert contents(home) == sorted(every)
    assert len(listed) >= 5  # those of one Message-ID may be shown as one
    assert all("1970" < one["date"][:4] < "2099" or one["date"][:4] == "1970" for one in listed)


def test_a_message_of_no_bytes_is_kept(cli, home, account):
    with scripted_imap(folder_of([note(1), b"", note(3)])) as script:
        account(script)
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["odd"]) == (3, 0)
    assert contents(home) == sorted([b"", note(1), note(3)])


def test_a_server_that_takes_leave_in_the_middle_costs_nothing(cli, home, account):
    leave = {"uid": 3}

    def once(number, raw):
        if number == leave["uid"]:
            leave["uid"] = 0
            return b"* BYE [UNAVAILABLE] shutting down\r\n" + HANG_UP
        return b"* %d FETCH (UID %d BODY[] %b)\r\n" % (number, number, literal(raw))

    with scripted_imap(folder_of(NOTES, body=once)) as script:
        account(script)
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["odd"]) == (5, 0)
    assert contents(home) == sorted(NOTES)


def test_a_folder_numbered_anew_in_the_middle_is_begun_again_the_next_time(cli, home, account):
    anew = folder_of(NOTES)
    anew["EXAMINE"] = anew["EXAMINE"].replace(b"UIDVALIDITY 7", b"UIDVALIDITY 8")

    def renumber(number, raw):
        if number == 3:
            script.change(anew)
            return HANG_UP
        return b"* %d FETCH (UID %d BODY[] %b)\r\n" % (number, number, literal(raw))

    with scripted_imap(folder_of(NOTES, body=renumber)) as script:
        account(script)
        first = cli("fetch")
        ok(cli("fetch"))
        again = ok(cli("fetch", "--json")).json[0]

    assert first.status == 75
    assert "numbered anew meanwhile" in first.err
    assert (again["new"], again["removed"]) == (0, 0)
    assert contents(home) == sorted(NOTES)


def test_a_folder_renamed_on_the_way_comes_under_its_new_name(cli, home, account):
    both = b'* LIST () "/" INBOX\r\n* LIST () "/" %b\r\n{tag} OK\r\n'
    gone = b"{tag} NO [NONEXISTENT] it is gone\r\n"
    with scripted_imap(folder_of(NOTES) | {"LIST": both % b"Old"}) as script:
        account(script)
        ok(cli("fetch"))
        script.change({**folder_of([*NOTES, note(6)]), 'EXAMINE "Old"': gone, 'STATUS "Old"': gone})
        ok(cli("fetch"))
        script.change({"LIST": both % b"New"})
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["odd"]) == (6, 0)
    assert contents(home, "New") == contents(home) == sorted([*NOTES, note(6)])
    assert not (home / "data/mail/contact/Old").exists()
