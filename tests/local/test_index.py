"""The index: what is entered is kept, whole changes or none, and damage costs no mail."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from mailctl.domain.message import Head
from mailctl.errors import MessageNotFoundError, StorageError
from mailctl.local.index import Entry, Index
from mailctl.local.migrations import MIGRATIONS

DAY = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)
SEEN = frozenset({"\\Seen"})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "index.sqlite"


@pytest.fixture
def index(path):
    index = Index(path)
    yield index
    index.close()


def entry(number, *, uid=None, flags=frozenset(), subject="Plans", date=DAY, received=DAY, message_id="<1@x>"):
    head = Head(sender="Bob <bob@x>", to="alice@x", subject=subject, date=date, message_id=message_id,
                has_attachment=False)  # fmt: skip
    return Entry(uid=uid, key=f"key{number}", flags=flags, size=100, received=received, head=head)


def inbox(index, account="contact", name="INBOX"):
    return index.enter_folder(account, name, name).id


def settled(index, folder, **numbers):
    found = {"uidvalidity": 7, "uidnext": 9, "messages": 3, "unseen": 1, "highestmodseq": 44, "since": None}
    index.settle(folder, **(found | numbers))


# -- folders


def test_a_new_folder_is_unclean_and_knows_nothing(index):
    folder = index.enter_folder("contact", "Éléments", "Éléments")

    assert (folder.clean, folder.uidvalidity, folder.uidnext, folder.since) == (False, 0, 0, None)
    assert index.folder("contact", "Éléments") == folder
    assert index.folder("contact", "other") is None


def test_entering_a_folder_again_changes_nothing_of_it(index):
    folder = inbox(index)
    settled(index, folder)

    again = index.enter_folder("contact", "INBOX", "elsewhere")

    assert (again.id, again.path, again.clean, again.highestmodseq) == (folder, "INBOX", True, 44)


def test_a_settled_folder_is_clean_until_mail_is_about_to_come(index):
    folder = inbox(index)
    settled(index, folder, since=DAY)
    before = index.folder("contact", "INBOX")

    index.touch(folder)

    after = index.folder("contact", "INBOX")
    assert (before.clean, before.uidnext, before.since) == (True, 9, DAY)
    assert (after.clean, after.uidnext, after.uidvalidity, after.since) == (False, 0, 7, DAY)


def test_a_folder_numbered_anew_lets_every_message_wait(index):
    folder = inbox(index)
    index.enter(folder, [entry(1, uid=1), entry(2, uid=2)])

    index.reset(folder, 8)

    assert [one.uid for one in index.known(folder)] == [None, None]
    assert index.folder("contact", "INBOX").uidvalidity == 8


def test_what_is_entered_gives_its_numbers_in_order(index):
    folder = inbox(index)

    first, second = index.enter(folder, [entry(1, uid=2), entry(2, uid=1)])

    assert {one.id: one.key for one in index.known(folder)} == {first: "key1", second: "key2"}


def test_forgetting_a_folder_takes_its_messages_along_and_no_others(index):
    folder, other = inbox(index), inbox(index, name="Sent")
    index.enter(folder, [entry(1)])
    index.enter(other, [entry(1)])

    index.forget_folder(folder)

    assert [one.name for one in index.folders("contact")] == ["Sent"]
    assert len(index.known(other)) == 1
    assert index.rows("SELECT count(*) FROM messages")[0][0] == 1


def test_folders_follow_a_renamed_account(index):
    inbox(index)
    index.rename_account("contact", "info")

    assert index.folders("contact") == ()
    assert [one.name for one in index.folders("info")] == ["INBOX"]


# -- messages


def test_what_is_entered_comes_back(index):
    folder = inbox(index)
    index.enter(folder, [entry(1, uid=5, flags=SEEN | {"Important"}, subject="Été \U0001f600 ' \"")])

    [known] = index.known(folder)
    stored = index.message(known.id)
    assert (known.uid, known.key, known.size, known.received, known.message_id) == (5, "key1", 100, DAY, "<1@x>")
    assert known.flags == stored.flags == SEEN | {"Important"}
    assert (stored.head.subject, stored.account, stored.folder) == ("Été \U0001f600 ' \"", "contact", "INBOX")
    assert (stored.summary.unread, stored.summary.date) == (False, DAY)


def test_several_are_entered_all_or_none(index):
    folder = inbox(index)

    with pytest.raises(sqlite3.IntegrityError):
        index.enter(folder, [entry(1, uid=1), entry(2, uid=1)])

    assert index.known(folder) == ()


def test_several_may_wait_without_a_uid_and_get_one(index):
    folder = inbox(index)
    index.enter(folder, [entry(1), entry(2)])
    first, second = sorted(index.known(folder), key=lambda one: one.key)

    index.place([(first.id, 20), (second.id, 10)])

    assert {one.key: one.uid for one in index.known(folder)} == {"key1": 20, "key2": 10}


def test_flags_become_exactly_those(index):
    folder = inbox(index)
    index.enter(folder, [entry(1, flags=SEEN)])
    [known] = index.known(folder)

    index.set_flags([(known.id, frozenset({"\\Flagged"}))])

    summary = index.message(known.id).summary
    assert (summary.unread, summary.flagged) == (True, True)


def test_a_number_is_not_given_twice(index):
    folder = inbox(index)
    index.enter(folder, [entry(1)])
    [first] = index.known(folder)
    index.remove([first.id])
    index.enter(folder, [entry(2)])

    [second] = index.known(folder)
    assert second.id > first.id


@pytest.mark.parametrize("number", [0, 1, -1, 2**63, -(2**70), 10**30])
def test_a_number_that_no_message_has_is_told(index, number):
    with pytest.raises(MessageNotFoundError, match="no message"):
        index.message(number)


def test_the_newest_come_first_and_a_message_without_a_date_by_its_arrival(index):
    folder, other = inbox(index), inbox(index, account="other")
    index.enter(folder, [entry(n, subject=f"{n}", date=DAY + timedelta(hours=n)) for n in (1, 3, 2)])
    index.enter(folder, [entry(9, subject="undated", date=None, received=DAY + timedelta(hours=2.5), flags=SEEN)])
    index.enter(other, [entry(1, subject="other", date=DAY)])

    def subjects(accounts=("contact",), unread=False, limit=50):
        found = index.newest(accounts, folder="INBOX", unread=unread, limit=limit)
        return [one.head.subject for one in found]

    assert subjects() == ["3", "undated", "2", "1"]
    assert subjects(unread=True) == ["3", "2", "1"]
    assert subjects(limit=2) == ["3", "undated"]
    assert subjects(("contact", "other"))[-1] == "other"
    assert subjects(()) == []


# -- the file


def test_the_file_is_its_owners_only(index, path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_no_database_is_set_aside_and_a_new_one_begun(path):
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)

    index = Index(path)

    assert index.set_aside == path.with_name("index.sqlite.bad")
    assert index.set_aside.read_bytes().startswith(b"no database")
    assert index.folders("contact") == ()
    index.close()


def test_damage_found_later_is_told_and_the_next_run_begins_anew(path):
    index = Index(path)
    folder = inbox(index)
    index.enter(folder, [entry(number, subject="x" * 500) for number in range(200)])
    index.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    half = path.stat().st_size // 2  # behind the schema, without which it is not opened
    with path.open("r+b") as file:
        file.seek(half)
        file.write(b"\xff" * half)

    index = Index(path)
    with pytest.raises(StorageError, match="the mail is safe") as caught:
        index.known(folder)
    index.close()

    assert caught.value.hint == "mailctl fetch"
    again = Index(path)
    assert again.folders("contact") == ()
    again.close()


def test_a_newer_mailctls_index_is_left_alone(path):
    Index(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    with pytest.raises(StorageError, match="a newer mailctl"):
        Index(path)

    assert not path.with_name("index.sqlite.bad").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "data").write_text("a file")

    with pytest.raises(StorageError):
        Index(tmp_path / "data" / "index.sqlite")


def test_threads_take_turns(index):
    folder = inbox(index)
    threads = [
        threading.Thread(target=lambda n=n: [index.enter(folder, [entry(n * 100 + i)]) for i in range(20)])
        for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(index.known(folder)) == 100


def test_two_programs_at_once_lose_nothing(index, path):
    other = Index(path)
    folder = inbox(index)
    index.enter(folder, [entry(1)])
    other.enter(folder, [entry(2)])

    assert {one.key for one in index.known(folder)} == {"key1", "key2"}
    other.close()
