"""Messages entered into the index from their files, as a function and as the program another process runs."""

import io
from contextlib import closing
from datetime import UTC, datetime

import msgspec
import pytest

from mailctl.domain.query import parse
from mailctl.local import words
from mailctl.local.index import Index
from mailctl.local.maildir import Maildir
from mailctl.services.entering import Coming, Laid, enter, serve

RECEIVED = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)
NOTE = b"From: Bob <bob@mail.test>\r\nMessage-ID: <1@mail.test>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\n" \
       b"Subject: Plans\r\n\r\nThe bridge\r\n"  # fmt: skip


@pytest.fixture
def index(tmp_path):
    with closing(Index(tmp_path / "index.sqlite")) as index:
        yield index


@pytest.fixture
def lay(tmp_path, index):
    """Lay messages into the mirror's inbox; gives the request to enter them, the first as UID 1."""
    folder = index.enter_folder("contact", "INBOX", "INBOX")
    maildir = Maildir(tmp_path / "mail", "contact", "INBOX")

    def lay(*raws, first=1, received=RECEIVED):
        keys = [maildir.add(raw, flags=frozenset({"\\Seen"}), received=received) for raw in raws]
        laid = tuple(
            Laid(uid=first + place, key=key, flags=frozenset({"\\Seen"}), size=len(raw), received=received)
            for place, (key, raw) in enumerate(zip(keys, raws, strict=True))
        )
        return Coming(folder=folder.id, account="contact", path="INBOX", messages=laid)

    return lay


def subjects(index):
    return [row[0] for row in index.rows("SELECT subject FROM messages ORDER BY uid")]


def found(index, query):
    return len(words.matching(index, parse(query), index.folders("contact"), limit=99))


def answers(index, tmp_path, *lines):
    return list(serve(index, tmp_path / "mail", io.BytesIO(b"".join(lines))))


def line(coming):
    return msgspec.json.encode(coming) + b"\n"


def test_a_message_is_entered_with_its_words(index, lay, tmp_path):
    enter(index, tmp_path / "mail", lay(NOTE))

    assert subjects(index) == ["Plans"]
    assert found(index, "bridge") == 1


def test_a_date_in_the_future_of_its_arrival_is_not_believed(index, lay, tmp_path):
    arrived = datetime(2020, 1, 1, tzinfo=UTC)
    enter(index, tmp_path / "mail", lay(NOTE, received=arrived))

    assert index.rows("SELECT date FROM messages")[0][0] == int(arrived.timestamp())


def test_a_message_that_another_program_renamed_at_once_is_found(index, lay, tmp_path):
    coming = lay(NOTE)
    [file] = (tmp_path / "mail/contact/INBOX/cur").iterdir()
    file.rename(f"{file}F")
    enter(index, tmp_path / "mail", coming)

    assert subjects(index) == ["Plans"]


def test_a_message_that_another_program_took_away_at_once_came_all_the_same(index, lay, tmp_path):
    coming = lay(NOTE, NOTE.replace(b"Plans", b"Other"))
    next(file for file in (tmp_path / "mail/contact/INBOX/cur").iterdir() if b"Plans" in file.read_bytes()).unlink()
    enter(index, tmp_path / "mail", coming)

    assert subjects(index) == ["", "Other"]


def test_all_are_entered_or_none(index, lay, tmp_path):
    enter(index, tmp_path / "mail", lay(NOTE))
    [answer] = answers(index, tmp_path, line(lay(NOTE, NOTE, first=0)))

    assert "UNIQUE" in answer.fault
    assert subjects(index) == ["Plans"]
    assert found(index, "bridge") == 1


def test_each_request_is_answered_in_turn(index, lay, tmp_path):
    said = answers(index, tmp_path, line(lay(NOTE)), line(lay(NOTE, NOTE, first=2)))

    assert [one.error or one.fault for one in said] == ["", ""]
    assert len(subjects(index)) == 3


def test_a_request_that_was_cut_is_no_request(index, lay, tmp_path):
    assert answers(index, tmp_path, line(lay(NOTE))[:-1]) == []
    assert subjects(index) == []


def test_what_the_disk_does_not_take_is_told(index, lay, tmp_path):
    coming = lay(NOTE)
    index.rows("PRAGMA query_only = 1")
    [answer] = answers(index, tmp_path, line(coming))

    assert "readonly" in answer.error
    assert answer.hint
