"""Links are shown on a real Dovecot, where another mail program sees them, and hidden again."""

import sqlite3
from contextlib import closing

import pytest

from conftest import ok
from support.mailservers import expect_ok
from support.mirror import accounts, fetch, note, rows

pytestmark = pytest.mark.live
REF = "DUR/Lycée Ampère/3"
SUM = "affair-dur-lycee-ampere-3-"


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """The account `contact` with two fetched messages, and two affairs."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    accounts(cli, mail)()
    ok(cli("affair", "add", "2026-014", "--title", "Hall"))
    ok(cli("affair", "add", REF, "--title", "Lycée"))
    for number in (1, 2):
        mail.deliver("alice", note(number))
    fetch(cli)
    return store


def shown_as(store, way):
    """Let the store show links so."""
    file = store / "store.toml"
    text = file.read_text().partition("\n[affairs]")[0]
    file.write_text(f'{text}\n[affairs]\nmirror = "{way}"\n')


def keywords(mail, folder="INBOX"):
    """The keywords of affairs that a plain client sees, message by message."""
    return [{flag for flag in flags if flag.startswith("affair-")} for flags in mail.flags("alice", folder)]


def folders(mail):
    """The folders that a plain client sees, as they are on the wire, and those it is subscribed to."""
    with mail.imap("alice") as box:
        every = [line.decode().rpartition(' "/" ')[2].strip('"') for line in expect_ok(box.list()) if line]
        subscribed = [line.decode().rpartition(' "/" ')[2].strip('"') for line in expect_ok(box.lsub()) if line]
    return sorted(every), sorted(subscribed)


def copies(mail, folder):
    """The Message-IDs in a folder, as a plain client sees them."""
    found = [line for raw in mail.messages("alice", folder) for line in raw.decode().split("\r\n")]
    return [line.partition(": ")[2] for line in found if line.startswith("Message-ID")]


def noted(home):
    """What this machine knows to be shown."""
    with closing(sqlite3.connect(home / "data/index.sqlite")) as database:
        return database.execute("SELECT way, ref, key FROM shown ORDER BY key").fetchall()


def test_without_a_wish_nothing_is_shown(cli, mail, account):
    ok(cli("affair", "link", "2026-014", "1"))

    assert keywords(mail) == [set(), set()]
    assert not [name for name in folders(mail)[0] if name.startswith("Affaires")]


def test_a_link_is_a_keyword_that_another_client_sees(cli, home, mail, account):
    shown_as(account, "keyword")

    ok(cli("affair", "link", "2026-014", "1"))
    ok(cli("affair", "link", REF, "1", "2"))

    first, second = keywords(mail)
    assert "affair-2026-014" in first
    assert [one[: len(SUM)] for one in first - {"affair-2026-014"}] == [SUM]
    assert second == first - {"affair-2026-014"}
    assert all("affair-" in flags for (flags,) in rows(home, "flags"))
    assert fetch(cli)["changed"] == 0


def test_an_undone_link_loses_its_keyword(cli, home, mail, account):
    shown_as(account, "keyword")
    ok(cli("affair", "link", "2026-014", "1", "2"))

    ok(cli("affair", "unlink", "2026-014", "1"))

    assert keywords(mail) == [set(), {"affair-2026-014"}]
    assert [key for _, _, key in noted(home)] == ["<2@mail.test>"]


def test_a_link_is_a_copy_in_a_folder_that_another_client_sees(cli, mail, account):
    shown_as(account, "folder")

    ok(cli("affair", "link", "2026-014", "1"))
    ok(cli("affair", "link", REF, "2"))

    odd = "Affaires/DUR-Lyc&AOk-e Amp&AOg-re-3"
    assert {"Affaires/2026-014", odd} <= set(folders(mail)[0])
    assert {"Affaires/2026-014", odd} <= set(folders(mail)[1])
    assert copies(mail, "Affaires/2026-014") == ["<1@mail.test>"]
    assert copies(mail, odd) == ["<2@mail.test>"]
    assert len(mail.messages("alice")) == 2


def test_there_is_one_copy_however_often_and_from_wherever_it_is_asked_for(cli, home, mail, account):
    shown_as(account, "folder")
    ok(cli("affair", "link", "2026-014", "1", "2"))
    with closing(
        sqlite3.connect(home / "data/index.sqlite")
    ) as database:  # as another workstation, which knows nothing
        database.execute("DELETE FROM shown")
        database.commit()

    ok(cli("affair", "auto"))
    ok(cli("affair", "auto"))

    assert copies(mail, "Affaires/2026-014") == ["<1@mail.test>", "<2@mail.test>"]
    assert len(noted(home)) == 2


def test_a_message_without_message_id_has_one_copy_too(cli, home, mail, account):
    shown_as(account, "folder")
    mail.deliver("alice", note(3).replace(b"Message-ID: <3@mail.test>\r\n", b""))
    fetch(cli)
    ok(cli("affair", "link", "2026-014", "3"))
    with closing(sqlite3.connect(home / "data/index.sqlite")) as database:
        database.execute("DELETE FROM shown")
        database.commit()

    ok(cli("affair", "auto"))
    assert len(mail.messages("alice", "Affaires/2026-014")) == 1

    ok(cli("affair", "unlink", "2026-014", "3"))
    assert mail.messages("alice", "Affaires/2026-014") == []


def test_an_undone_link_loses_its_copy_and_no_other(cli, mail, account):
    shown_as(account, "folder")
    ok(cli("affair", "link", "2026-014", "1", "2"))

    ok(cli("affair", "unlink", "2026-014", "1"))

    assert copies(mail, "Affaires/2026-014") == ["<2@mail.test>"]
    assert len(mail.messages("alice")) == 2


def test_fetched_copies_are_neither_filed_nor_listed_a_second_time(cli, mail, account):
    shown_as(account, "folder")
    ok(cli("affair", "link", "2026-014", "1"))

    fetch(cli)

    assert ok(cli("affair", "auto", "--json")).json == []
    assert len(ok(cli("affair", "mails", "2026-014", "--json")).json) == 1
    assert copies(mail, "Affaires/2026-014") == ["<1@mail.test>"]


def test_another_wish_takes_the_former_one_away(cli, mail, account):
    shown_as(account, "folder")
    ok(cli("affair", "link", "2026-014", "1"))

    shown_as(account, "keyword")
    ok(cli("affair", "auto"))
    assert copies(mail, "Affaires/2026-014") == []
    assert keywords(mail) == [{"affair-2026-014"}, set()]

    shown_as(account, "none")
    ok(cli("affair", "auto"))
    assert keywords(mail) == [set(), set()]


def test_a_server_that_is_away_leaves_the_link_and_is_tried_again(cli, mail, account):
    shown_as(account, "folder")
    ok(cli("account", "set", "contact", "incoming.port=1"))

    ran = ok(cli("affair", "link", "2026-014", "1"))

    assert "'contact' does not show its affairs" in ran.err
    assert "affair auto tries again" in ran.err
    assert len(ok(cli("affair", "mails", "2026-014", "--json")).json) == 1
    ok(cli("account", "set", "contact", f"incoming.port={mail.imaps_port}"))
    ok(cli("affair", "auto"))
    assert copies(mail, "Affaires/2026-014") == ["<1@mail.test>"]


def test_what_a_fetch_files_is_shown_at_once(cli, mail, account):
    shown_as(account, "keyword")
    ok(cli("affair", "add", "2026-020", "--title", "Bob's", "--match", "from:bob@client.example"))
    mail.deliver("alice", note(3).replace(b"<bob@mail.test>", b"<bob@client.example>"))

    assert fetch(cli)["filed"] == 1

    assert keywords(mail)[2] == {"affair-2026-020"}


def test_one_keyword_more_than_a_maildir_holds_is_told_of_and_given_again_when_it_was_lost(cli, mail, account):
    shown_as(account, "keyword")
    with mail.imap("alice") as box:
        expect_ok(box.select("INBOX"))
        for number in range(26):
            expect_ok(box.store("2", "+FLAGS", f"(other{number})"))

    ran = ok(cli("affair", "link", "2026-014", "1"))

    assert "Dovecot may forget 'affair-2026-014'" in ran.err
    assert keywords(mail)[0] == {"affair-2026-014"}
    for file in (mail.home / "mail/alice/Maildir").glob("dovecot.index*"):
        file.unlink()
    assert keywords(mail)[0] == set()
    fetch(cli)
    ok(cli("affair", "auto"))
    assert keywords(mail)[0] == {"affair-2026-014"}


def test_a_new_reference_is_shown_instead_of_the_old_one(cli, home, mail, account):
    shown_as(account, "folder")
    ok(cli("affair", "link", "2026-014", "1"))

    ok(cli("affair", "rename", "2026-014", "2026-015"))

    assert copies(mail, "Affaires/2026-014") == []
    assert copies(mail, "Affaires/2026-015") == ["<1@mail.test>"]

    shown_as(account, "keyword")
    ok(cli("affair", "auto"))
    ok(cli("affair", "rename", "2026-015", "2026-016"))

    assert keywords(mail) == [{"affair-2026-016"}, set()]
    assert [ref for _, ref, _ in noted(home)] == ["2026-016"]


def test_a_removed_affair_is_shown_no_more(cli, home, mail, account):
    shown_as(account, "keyword")
    ok(cli("affair", "link", "2026-014", "1"))

    ok(cli("affair", "remove", "2026-014", "--yes"))

    assert keywords(mail) == [set(), set()]
    assert noted(home) == []
