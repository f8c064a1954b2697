"""The words in the index: entered once, whole changes or none, whatever version the index came from."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from mailctl.domain.message import Head
from mailctl.domain.query import parse
from mailctl.domain.searchable import Searchable, searchable_of
from mailctl.local import migrations, words
from mailctl.local.index import Entry, Index

DAY = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "index.sqlite"


@pytest.fixture
def index(path):
    index = Index(path)
    yield index
    index.close()


def entry(number, *, message_id=None):
    head = Head(sender="Bob <bob@x>", to="alice@x", subject=f"Plans {number}", date=DAY,
                message_id=message_id or f"<{number}@x>", has_attachment=False)  # fmt: skip
    return Entry(uid=number, key=f"key{number}", flags=frozenset(), size=100, received=DAY, head=head)


def said(body="", *, ancestors=(), message_id=None):
    return Searchable(sender="bob", recipients="", subject="", body=body, files="", message_id=message_id,
                      ancestors=tuple(ancestors))  # fmt: skip


def found(index, query):
    return [one.id for one in words.matching(index, parse(query), index.folders("contact"), limit=99)]


def threads(index):
    return [row[0] for row in index.rows("SELECT thread FROM messages ORDER BY id")]


def test_an_index_of_the_first_version_keeps_its_mail_and_is_looked_at_anew(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        migrations.first(old)
        old.execute("PRAGMA user_version = 1")
        old.execute(
            "INSERT INTO folders (account, name, path, uidvalidity, clean) VALUES ('contact', 'INBOX', 'INBOX', 7, 1)"
        )
        old.executemany(
            "INSERT INTO messages (folder, uid, key, flags, seen, size, received, date, sender, recipients, subject, "
            "message_id, has_attachment, odd) "
            "VALUES (1, ?, ?, '\\Seen', 1, 9, 5, 5, 'bob', 'alice', 'Plans', '<1@x>', 0, 0)",
            [(1, "a"), (2, "b")],
        )

    index = Index(path)

    [folder] = index.folders("contact")
    assert (folder.uidvalidity, folder.clean) == (7, True)
    assert [(one.uid, one.key, one.flags) for one in sorted(index.known(folder.id), key=str)] == [
        (1, "a", {"\\Seen"}), (2, "b", {"\\Seen"})]  # fmt: skip
    assert index.message(1).head.subject == "Plans"
    assert [one.key for one in words.without_words(index, "contact", limit=9)] == ["a", "b"]
    words.enter_words(index, [(1, said("drawings"))])
    assert found(index, "drawings") == [1]
    assert words.count_without_words(index, ("contact", "other")) == 1
    assert migrations.version(index.database) == len(migrations.MIGRATIONS)
    index.close()


def test_a_reply_waits_for_its_parent_where_that_may_still_come(index):
    folder = index.enter_folder("contact", "INBOX", "INBOX").id
    answer = said("drawings", ancestors=["<2@x>"], message_id="<1@x>")

    words.enter_messages(index, folder, [(entry(1), answer)])
    assert found(index, "drawings") == []

    words.enter_messages(index, folder, [(entry(2), said(ancestors=["<0@x>", "<9@x>"], message_id="<2@x>"))])
    words.enter_words(index, [(1, answer)])
    assert found(index, "drawings") == [1]
    assert threads(index) == ["<0@x>", "<0@x>"]


def test_a_message_entered_with_its_words_is_one_whose_words_came_later(index):
    folder = index.enter_folder("contact", "INBOX", "INBOX").id
    came = [
        (entry(1), said("drawings", message_id="<1@x>")),
        (entry(2), said("drawings", ancestors=["<1@x>"], message_id="<2@x>")),
        (entry(3), said("drawings", ancestors=["<0@x>", "<2@x>"], message_id="<3@x>")),
    ]
    columns = "SELECT date, sender, subject, message_id, ancestors, thread, parties, list_id FROM messages ORDER BY id"

    words.enter_messages(index, folder, came)
    together = [tuple(row) for row in index.rows(columns)]
    index.remove([1, 2, 3])
    words.enter_words(
        index, zip(index.enter(folder, [one for one, _ in came]), [said for _, said in came], strict=True)
    )

    assert [tuple(row) for row in index.rows(columns)] == together
    assert found(index, "drawings") == [6, 5, 4]
    assert threads(index) == ["<1@x>", "<1@x>", "<0@x>"]


def test_messages_and_their_words_are_entered_together_or_not_at_all(index):
    folder = index.enter_folder("contact", "INBOX", "INBOX").id

    with pytest.raises(AttributeError):
        words.enter_messages(index, folder, [(entry(1), said("drawings")), (entry(2), None)])

    assert index.known(folder) == ()
    assert found(index, "drawings") == []


def test_words_are_entered_once(index):
    index.enter(index.enter_folder("contact", "INBOX", "INBOX").id, [entry(1)])

    words.enter_words(index, [(1, said("drawings"))])
    words.enter_words(index, [(1, said("other")), (99, said("drawings"))])

    assert found(index, "drawings") == [1]
    assert found(index, "other") == []
    assert index.rows("SELECT count(*) FROM words")[0][0] == 1


def test_a_change_that_fails_enters_no_words(index):
    index.enter(index.enter_folder("contact", "INBOX", "INBOX").id, [entry(1), entry(2)])

    with pytest.raises(AttributeError):
        words.enter_words(index, [(1, said("drawings")), (2, None)])

    assert found(index, "drawings") == []
    assert len(words.without_words(index, "contact", limit=9)) == 2


def test_words_of_what_is_gone_are_dropped_when_they_are_many(index, monkeypatch):
    monkeypatch.setattr(words, "STALE_AT_LEAST", 2)
    folder = index.enter_folder("contact", "INBOX", "INBOX").id
    index.enter(folder, [entry(number) for number in range(1, 6)])
    words.enter_words(index, [(number, said("drawings")) for number in range(1, 6)])

    index.remove([1, 2])
    assert words.drop_stale(index) is False
    assert found(index, "drawings") == [5, 4, 3]
    index.remove([3])

    assert words.drop_stale(index) is True
    assert words.count_without_words(index, ("contact",)) == 2


def test_an_answer_belongs_to_the_thread_it_names_first(index):
    index.enter(index.enter_folder("contact", "INBOX", "INBOX").id, [entry(number) for number in range(1, 5)])

    words.enter_words(index, [
        (1, said(message_id="<1@x>")),
        (2, said(message_id="<2@x>", ancestors=["<1@x>"])),
        (3, said(message_id="<3@x>", ancestors=["<1@x>", "<2@x>"])),
        (4, said(message_id="<4@x>", ancestors=["<3@x>"])),
    ])  # fmt: skip

    assert threads(index) == ["<1@x>"] * 4


def test_ancestors_are_the_references_and_the_parent_last():
    raw = b"Message-ID: <4@x>\nReferences: <1@x> <3@x>\n <2@x>\nIn-Reply-To: <3@x>\n\nText\n"

    assert searchable_of(raw).ancestors == ("<1@x>", "<2@x>", "<3@x>")


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\0" * 50, b"Subject: \xff\xfe\n\n\x80", b"References: <" * 4000, b"<" * 90_000]
)
def test_there_are_words_whatever_the_bytes(raw):
    assert isinstance(searchable_of(raw).body, str)


def test_a_long_text_is_entered_up_to_a_length():
    assert len(searchable_of(b"Subject: x\n\n" + b"word " * 500_000).body) == 100_000
