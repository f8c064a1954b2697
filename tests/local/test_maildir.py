"""The mirror's files: whole or not there, readable by others, and no name leads out of it."""

import errno
import mailbox
import os
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.errors import StorageError
from mailctl.local import maildir as module
from mailctl.local.maildir import Maildir, flags_of, folder_path, safe

RAW = b"Subject: Plans\r\n\r\nHello\r\n"
RECEIVED = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)
SEEN = frozenset({"\\Seen"})


@pytest.fixture
def box(tmp_path):
    return Maildir(tmp_path / "mail", "contact", "INBOX")


def add(box, raw=RAW, flags=frozenset()):
    return box.add(raw, flags=flags, received=RECEIVED)


def names(box):
    return sorted(f"{file.parent.name}/{file.name.partition(':2,')[2]}" for file in box.keys().values())


# -- messages


def test_a_message_is_kept_with_bare_line_feeds_and_its_time(box):
    key = add(box)

    path = box.find(key)
    assert path.parent.name == "new"
    assert path.read_bytes() == b"Subject: Plans\n\nHello\n"
    assert (path.stat().st_mtime, path.stat().st_mode & 0o777) == (RECEIVED.timestamp(), 0o600)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        pytest.param(b"a\rb\r\nc\r\r\nd\r", b"a\rb\nc\r\nd\r", id="a CR alone"),
        pytest.param(b"a\nb\n\r\r\n", b"a\nb\n\r\n", id="an LF alone"),
        pytest.param(b"a\r" + b"\n", b"a\n", id="its last line"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
@pytest.mark.parametrize("gulp", [1, 2, 3, 100])
def test_line_ends_are_those_of_a_maildir_wherever_it_is_cut_in_writing(box, monkeypatch, raw, kept, gulp):
    monkeypatch.setattr(module, "GULP", gulp)

    assert box.find(add(box, raw)).read_bytes() == kept


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"text"])).map(b"".join))
def test_a_line_ends_with_lf_where_it_ended_with_crlf_and_else_as_it_did(raw):
    assert module.bare(raw) == raw.replace(b"\r\n", b"\n")


def test_other_programs_read_it(box):
    add(box)
    add(box, flags=SEEN | {"\\Flagged", "\\Answered", "\\Draft", "\\Deleted", "$Forwarded"})

    found = mailbox.Maildir(box.path, create=False)
    assert sorted(message.get_flags() for message in found) == ["", "DFRST"]
    assert {message["Subject"] for message in found} == {"Plans"}


def test_no_two_messages_share_a_key(box):
    with box.batch() as batch:
        keys = {batch.add(RAW, flags=frozenset(), received=RECEIVED) for _ in range(300)}

    assert len(keys) == 300
    assert box.keys().keys() == keys


def test_a_batch_comes_in_at_its_end_only(box):
    with box.batch() as batch:
        batch.add(RAW, flags=frozenset(), received=RECEIVED)
        batch.add(RAW, flags=SEEN, received=RECEIVED)
        assert box.keys() == {}

    assert names(box) == ["cur/S", "new/"]


def test_of_a_batch_that_fails_nothing_comes_in(box):
    with suppress(ZeroDivisionError), box.batch() as batch:
        batch.add(RAW, flags=frozenset(), received=RECEIVED)
        batch.add(1 // 0, flags=frozenset(), received=RECEIVED)

    assert box.keys() == {}
    assert list((box.path / "tmp").iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(box, monkeypatch):
    def full(*_, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    box.make()
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="No space left") as caught:
        add(box)

    monkeypatch.undo()
    assert "free some space" in caught.value.hint
    assert list((box.path / "tmp").iterdir()) == []
    assert box.keys() == {}


def test_without_syncfs_the_files_are_synced_one_by_one(box, monkeypatch):
    synced = []
    monkeypatch.setattr(module, "sync_file_system", lambda _folder: False)
    monkeypatch.setattr(module, "sync", synced.append)
    with box.batch() as batch:
        for _ in range(module.SYNC_EACH + 1):
            batch.add(RAW, flags=frozenset(), received=RECEIVED)

    assert len(synced) == module.SYNC_EACH + 2  # the files, and the folder they came into


# -- flags, removal


def test_flags_become_exactly_those(box):
    key = add(box, flags=SEEN)

    assert box.set_flags(key, frozenset({"\\Flagged", "Important"}), before=SEEN)

    assert names(box) == ["cur/F"]


def test_an_unread_message_stays_new_until_it_has_a_flag(box):
    key = add(box)

    box.set_flags(key, frozenset({"Important"}))
    assert names(box) == ["new/"]

    box.set_flags(key, SEEN)
    box.set_flags(key, frozenset(), before=SEEN)
    assert names(box) == ["cur/"]


def test_a_message_that_another_program_flagged_is_found_all_the_same(box):
    key = add(box)
    path = box.find(key)
    path.rename(box.path / "cur" / f"{key}:2,RS")

    assert box.find(key) == box.path / "cur" / f"{key}:2,RS"
    assert flags_of(box.find(key).name) == {"\\Answered", "\\Seen"}
    assert box.set_flags(key, frozenset({"\\Flagged"}))
    assert names(box) == ["cur/F"]


def test_what_is_gone_is_no_error(box):
    key = add(box)
    box.remove(key)
    box.remove(key)

    assert box.find(key) is None
    assert box.set_flags(key, SEEN) is False
    assert Maildir(box.root, "contact", "never").keys() == {}


def test_what_a_killed_run_left_is_swept_away(box):
    add(box)
    (box.path / "tmp" / "left").write_bytes(b"half")

    box.sweep()

    assert list((box.path / "tmp").iterdir()) == []
    assert len(box.keys()) == 1


def test_dropping_a_folder_spares_those_that_lie_in_it(box):
    inner = Maildir(box.root, "contact", "INBOX/Projets")
    add(box)
    key = add(inner)

    box.drop()

    assert box.keys() == {}
    assert inner.find(key) is not None
    inner.drop()
    assert not inner.path.exists()


# -- names


@pytest.mark.parametrize(
    ("name", "delimiter", "path"),
    [
        pytest.param("INBOX", "/", "INBOX", id="inbox"),
        pytest.param("inbox", "/", "INBOX", id="inbox in lower case"),
        pytest.param("Inbox.Sent", ".", "INBOX/Sent", id="under inbox"),
        pytest.param("Éléments envoyés", "/", "Éléments envoyés", id="letters as they are"),
        pytest.param("a/b", ".", "a%2Fb", id="a slash that delimits nothing"),
        pytest.param("a/b", "/", "a/b", id="nested"),
        pytest.param("..", "/", "%2E.", id="the parent"),
        pytest.param("../../etc", "/", "%2E./%2E./etc", id="a way out"),
        pytest.param("/etc", "/", "%/etc", id="from the root"),
        pytest.param("cur", "/", "%63ur", id="a Maildir's own name"),
        pytest.param("a\0b\nc\x1b", "/", "a%00b%0Ac%1B", id="control characters"),
        pytest.param("100%", "/", "100%25", id="per cent"),
        pytest.param("a\\b", "\\", "a/b", id="a backslash that delimits"),
        pytest.param("a\ud800", "/", "a%ED%A0%80", id="half a letter"),
    ],
)
def test_a_folder_lies_where_its_name_says(name, delimiter, path):
    assert folder_path(name, delimiter) == path


@given(st.text(max_size=300), st.sampled_from(["/", ".", None]))
def test_no_name_leads_out_of_the_mirror(tmp_path_factory, name, delimiter):
    root = tmp_path_factory.getbasetemp() / "mail"

    path = Maildir(root, "contact", folder_path(name, delimiter)).path

    assert path.is_relative_to(root / "contact")
    assert path != root / "contact"
    assert not {"..", "", "cur", "new", "tmp"} & set(path.relative_to(root).parts)
    assert all(len(part.encode()) <= 255 for part in path.parts)


@given(st.lists(st.text(min_size=1, max_size=260), min_size=2, max_size=2, unique=True))
def test_two_names_never_share_a_folder(pair):
    one, other = pair

    assert safe(one) != safe(other)
