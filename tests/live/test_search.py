"""Searches real mailboxes: in the index that fetching fills, and with --live at the server."""

import sqlite3
from contextlib import closing

import pytest

from conftest import ok
from support.mirror import accounts, fetch, files, note, rows

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


def found(cli, query, *words):
    return [one["subject"] for one in ok(cli("search", "--json", *words, "--", query)).json]


def test_what_is_fetched_is_found(cli, mail, account):
    account()
    mail.deliver("alice", note(1, body="The façade is white."))
    mail.deliver("alice", note(2), folder="Sent")
    fetch(cli)

    assert found(cli, "facade") == ["Plans 1"]
    assert found(cli, "plans in:Sent") == ["Plans 2"]
    assert sorted(found(cli, "from:bob")) == ["Plans 1", "Plans 2"]


def test_what_is_gone_is_not_found(cli, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "+FLAGS", "\\Deleted")
        box.expunge()
    fetch(cli)

    assert found(cli, "plans") == []


def test_a_read_mark_counts_from_the_next_fetch_on(cli, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "+FLAGS", "\\Seen")

    assert found(cli, "is:unread") == ["Plans 1"]
    fetch(cli)
    assert found(cli, "is:unread") == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("plans", id="a word"),
        pytest.param("facade OR façade", id="letters beyond ASCII"),
        pytest.param("from:bob to:alice@mail.test", id="who wrote to whom"),
        pytest.param('"façade is (white"', id="quotes and a parenthesis"),
        pytest.param('body:white subject:"plans 1"', id="fields"),
        pytest.param("is:unread -is:flagged NOT is:answered", id="flags"),
        pytest.param("after:2026-03-02 before:2026-03-03", id="days"),
        pytest.param("larger:120 smaller:1M", id="sizes"),
        pytest.param("in:INBOX (zebra OR plans)", id="a folder"),
        pytest.param("account:contact plans -in:Trash", id="an account"),
        pytest.param("plans NOT (zebra OR in:Sent)", id="not in a folder"),
    ],
)
def test_index_and_server_agree(cli, mail, account, query):
    account()
    mail.deliver("alice", "Subject: Plans 1\r\nFrom: Bob <bob@mail.test>\r\nTo: alice@mail.test\r\n"
                 "Date: Mon, 02 Mar 2026 12:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                 "The façade is (white).\r\n".encode())  # fmt: skip
    mail.deliver("alice", b"Subject: Zebra\r\nDate: Mon, 02 Feb 2026 12:00:00 +0000\r\n\r\nStripes\r\n",
                 folder="Sent", flags=("\\Seen", "\\Flagged"))  # fmt: skip
    fetch(cli)

    assert found(cli, query) == found(cli, query, "--live") == ["Plans 1"]


def test_live_finds_what_was_not_fetched_by_folder_and_uid(cli, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    mail.deliver("alice", note(2))
    mail.deliver("alice", note(3), folder="Sent")

    hits = ok(cli("search", "plans", "--live", "--json")).json

    places = sorted((one["subject"], one["folder"], one["uid"], one["id"]) for one in hits)
    assert places == [("Plans 1", "INBOX", 1, 1), ("Plans 2", "INBOX", 2, None), ("Plans 3", "Sent", 1, None)]
    assert mail.flags("alice") == [frozenset(), frozenset()]
    assert [row[0] for row in ok(cli("search", "plans in:Sent", "--live")).rows] == [""]


def test_live_knows_no_attachments(cli, mail, account):
    account()
    mail.deliver("alice", note(1))

    ran = cli("search", "has:attachment", "--live")

    assert ran.status == 2
    assert "no server can be asked for attachments" in ran.err


def test_live_an_account_that_cannot_be_asked_leaves_the_others(cli, mail, account):
    account()
    account("other", user="bob")
    mail.deliver("alice", note(1))
    ok(cli("account", "set", "other", "incoming.port=1"))

    both = cli("search", "plans", "--live")
    alone = cli("search", "plans", "--live", "-a", "other")

    assert (both.status, alone.status) == (1, 69)
    assert [row[-1] for row in both.rows] == ["Plans 1"]
    assert "could not ask 1 of the accounts: other" in both.err


# -- the index made anew


def test_reindex_makes_it_anew_from_the_maildir(cli, home, mail, account, tmp_path):
    account()
    for number in (1, 2, 3):
        mail.deliver("alice", note(number), flags=("\\Seen",) if number == 2 else ())
    fetch(cli)
    before = rows(home, "messages.id, uid, key, flags, size, received, date, sender, subject, message_id")
    with closing(sqlite3.connect(home / "data/index.sqlite")) as database, database:
        database.execute("UPDATE messages SET subject = 'wrong', flags = '', seen = 0, size = 1, uid = uid + 40")
        database.execute("DELETE FROM messages WHERE id = 3")
        database.execute("INSERT INTO words (words) VALUES ('delete-all')")

    result = ok(cli("--trace", str(tmp_path / "trace"), "fetch", "--reindex", "--json")).json[0]

    after = rows(home, "messages.id, uid, key, flags, size, received, date, sender, subject, message_id")
    assert after[:2] == before[:2]
    assert after[2][1:] == before[2][1:]
    assert (result["new"], result["removed"]) == (0, 0)
    assert "BODY.PEEK[]" not in (tmp_path / "trace").read_text()
    assert sorted(found(cli, "plans")) == ["Plans 1", "Plans 2", "Plans 3"]


def test_reindex_without_the_server_answers_from_the_maildir(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    ok(cli("account", "set", "contact", "incoming.port=1"))

    ran = cli("fetch", "--reindex")

    assert ran.status == 69
    assert found(cli, "plans") == ["Plans 1"]


@pytest.mark.parametrize("place", [0, 20_000], ids=["at its beginning", "in its middle"])
def test_a_damaged_index_is_set_aside_and_made_anew_without_fetching_again(cli, home, mail, account, tmp_path, place):
    account()
    for number in range(30):
        mail.deliver("alice", note(number))
    fetch(cli)
    with closing(sqlite3.connect(home / "data/index.sqlite")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (home / "data/index.sqlite").open("r+b") as stream:
        stream.seek(place)
        stream.write(b"x" * 30_000)

    runs = [cli("--trace", str(tmp_path / f"trace{number}"), "fetch") for number in range(2)]

    assert runs[1].status == 0, runs
    assert all("BODY.PEEK[]" not in file.read_text() for file in tmp_path.glob("trace*"))
    assert (home / "data/index.sqlite.bad").exists()
    assert len(found(cli, "plans", "-n", "99")) == len(files(home)) == 30
