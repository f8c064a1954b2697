"""The outbox on disk: whole or not there, one sender at a time, and nothing lost however a process ends."""

import resource
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from mailctl.domain.message import State
from mailctl.domain.outgoing import Entry
from mailctl.errors import MessageNotFoundError, StorageError
from mailctl.local.outbox import Outbox
from support.small_disk import fill, mounted

RAW = b"From: a@firm.example\r\nSubject: Plans\r\n\r\nHello\r\n"
NEW = Entry(
    account="contact",
    message_id="<1@firm.example>",
    subject="Plans",
    sender="contact@firm.example",
    recipients=("anna@client.example",),
    size=len(RAW),
    created=datetime(2026, 3, 1, 9, tzinfo=UTC),
)
# Adds, marks as being sent, marks as sent and removes; the process is killed before the call of that number.
LIFE = """
    import os, sys, signal
    from pathlib import Path
    from msgspec.structs import replace
    sys.path.insert(0, {tests!r})
    from local_entry import NEW, RAW
    from mailctl.domain.message import State
    from mailctl.local.outbox import Outbox

    calls = int(sys.argv[2])
    def counted(original):
        def call(*args, **named):
            global calls
            calls -= 1
            if calls < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **named)
        return call
    for name in ("fsync", "fdatasync", "pwrite", "open", "mkdir", "rename", "replace", "rmdir", "unlink"):
        setattr(os, name, counted(getattr(os, name)))

    outbox = Outbox(Path(sys.argv[1]))
    with outbox.entering(NEW, RAW) as entry:
        print("accepted", flush=True)
        outbox.mark_sending(entry)
        print("sending", flush=True)
        outbox.update(replace(entry, state=State.SENT, recipients=(), accepted=entry.recipients))
        print("sent", flush=True)
        outbox.remove(entry)
        print("removed", flush=True)
"""


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path / "state/outbox")


def modes(root):
    return {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.is_dir()}, {
        stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*.*") if path.is_file() and path.name != ".last"
    }


def test_what_was_added_is_there_for_another_process_too(outbox):
    kept = outbox.add(NEW, RAW)

    again = Outbox(outbox.root)
    assert again.entries() == (replace(NEW, id=1),) == (kept,)
    assert again.raw(kept) == RAW


def test_an_outbox_nobody_used_is_empty_and_makes_nothing(outbox):
    assert outbox.entries() == ()
    assert not outbox.root.exists()


def test_others_may_not_read_it(outbox):
    outbox.add(NEW, RAW)

    assert modes(outbox.root.parent) == ({0o700}, {0o600})


def test_a_number_is_never_given_twice(outbox):
    outbox.remove(outbox.add(NEW, RAW))

    assert outbox.add(NEW, RAW).id == 2


def test_a_removed_entry_is_gone_and_leaves_no_file(outbox):
    kept = outbox.add(NEW, RAW)

    outbox.remove(kept)

    assert {path.name for path in outbox.root.iterdir()} == {".last"}
    with pytest.raises(MessageNotFoundError, match="no 1 in the outbox"):
        outbox.entry(1)


def test_updating_an_entry_that_is_gone_does_not_bring_it_back(outbox):
    kept = outbox.add(NEW, RAW)
    outbox.remove(kept)

    outbox.update(replace(kept, state=State.REFUSED))

    assert outbox.entries() == ()


def test_who_enters_a_message_holds_it(outbox):
    with outbox.entering(NEW, RAW) as kept, outbox.held(kept.id) as held:
        assert held is None

    with outbox.held(kept.id) as held:
        assert held == kept


def test_who_waits_gets_it_when_the_other_is_done(outbox):
    kept = outbox.add(NEW, RAW)
    taken, done = threading.Event(), threading.Event()

    def hold():
        with outbox.held(kept.id):
            taken.set()
            done.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    taken.wait(10)
    threading.Timer(0.1, done.set).start()

    with outbox.held(kept.id, patience=10) as held:
        assert held == kept
    other.join()


def test_an_entry_being_sent_shows_so_only_while_somebody_is_at_it(outbox):
    kept = outbox.add(NEW, RAW)

    with outbox.held(kept.id) as held:
        outbox.update(replace(held, state=State.SENDING))
        assert outbox.entry(kept.id).state is State.SENDING

    assert outbox.entry(kept.id).state is State.UNKNOWN
    with outbox.held(kept.id) as held:
        assert held.state is State.UNKNOWN


@pytest.mark.parametrize("state", [State.QUEUED, State.UNKNOWN])
def test_an_entry_is_marked_in_place_and_written_anew_after(outbox, state):
    odd = replace(NEW, subject='"state":"queued"', state=state, account="x" * 100)
    kept = outbox.add(odd, RAW)
    file = outbox.folder(kept.id) / "entry.json"
    before = file.stat()

    with outbox.held(kept.id):
        outbox.mark_sending(kept)
        assert outbox.entry(kept.id) == replace(kept, state=State.SENDING)

    assert (file.stat().st_ino, file.stat().st_size) == (before.st_ino, before.st_size)
    outbox.update(kept)
    assert outbox.entry(kept.id) == kept


def test_an_entry_of_a_former_version_is_marked_as_well(outbox):
    kept = outbox.add(NEW, RAW)
    file = outbox.folder(kept.id) / "entry.json"
    file.write_bytes(file.read_bytes().replace(b'"queued" ', b'"queued"'))

    with outbox.held(kept.id):
        outbox.mark_sending(kept)
        assert outbox.entry(kept.id).state is State.SENDING


def test_what_is_put_away_is_gone_at_once_and_its_files_later(outbox):
    kept = outbox.add(NEW, RAW)

    gone = outbox.put_away(kept)

    assert outbox.entries() == ()
    outbox.clear([gone])
    assert {path.name for path in outbox.root.iterdir()} == {".last"}


def test_a_broken_entry_is_named_and_stops_no_other(outbox):
    bad, good = outbox.add(NEW, RAW), outbox.add(NEW, RAW)
    (outbox.folder(bad.id) / "entry.json").write_text('{"account": 3')

    entries, errors = outbox.scan()

    assert entries == (good,)
    assert [str(error).startswith(str(outbox.folder(bad.id))) for error in errors] == [True]
    assert outbox.add(NEW, RAW).id == 3


@pytest.mark.parametrize("text", ["", "null", "[]", '{"id": 1}', "\x00\xff", '{"account":"a","state":"lost"}'])
def test_whatever_stands_in_an_entrys_file_is_an_error_of_ours(outbox, text):
    kept = outbox.add(NEW, RAW)
    (outbox.folder(kept.id) / "entry.json").write_text(text)

    with pytest.raises(StorageError, match=r"entry\.json"):
        outbox.entry(kept.id)


def test_entries_follow_a_renamed_account(outbox):
    outbox.add(NEW, RAW)
    outbox.add(replace(NEW, account="billing", fallback="contact"), RAW)

    outbox.rename_account("contact", "hello")

    assert [(entry.account, entry.fallback) for entry in outbox.entries()] == [("hello", None), ("billing", "hello")]


def test_threads_that_add_at_once_get_numbers_of_their_own(outbox):
    found = []
    threads = [threading.Thread(target=lambda: found.append(outbox.add(NEW, RAW).id)) for _ in range(16)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == list(range(1, 17))


def test_a_message_too_large_for_the_disk_leaves_nothing(outbox):
    outbox.add(NEW, RAW)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))

    try:
        with pytest.raises(StorageError, match="File too large"):
            outbox.add(NEW, b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert {path.name for path in outbox.root.iterdir()} == {".last", "1"}


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "small") as place:
        yield place


def test_on_a_full_disk_nothing_is_taken_in_and_what_is_there_stays_whole(small_disk):
    outbox = Outbox(small_disk / "outbox")
    kept = outbox.add(NEW, RAW)
    with pytest.raises(StorageError, match="No space left"):
        outbox.add(NEW, b"x" * 300_000)
    fill(small_disk / "rest")

    with pytest.raises(StorageError, match="No space left"):
        outbox.add(NEW, RAW)
    with pytest.raises(StorageError, match="No space left"):
        outbox.update(replace(kept, state=State.SENDING))

    assert outbox.entries() == (kept,)
    assert outbox.raw(kept) == RAW
    assert {path.name for path in outbox.root.iterdir()} == {".last", "1"}
    outbox.remove(kept)
    assert outbox.entries() == ()


def life(root, calls, tmp_path):
    """Run an entry's life in a process that is killed before its call of that number; what it had said."""
    (tmp_path / "local_entry.py").write_text(
        textwrap.dedent("""
            from datetime import UTC, datetime
            from mailctl.domain.outgoing import Entry
            RAW = b"From: a@firm.example\\r\\nSubject: Plans\\r\\n\\r\\nHello\\r\\n"
            NEW = Entry(account="contact", message_id="<1@firm.example>", subject="Plans", size=len(RAW),
                        sender="contact@firm.example", recipients=("anna@client.example",),
                        created=datetime(2026, 3, 1, 9, tzinfo=UTC))
        """)
    )
    script = textwrap.dedent(LIFE).format(tests=str(tmp_path))
    ran = subprocess.run([sys.executable, "-c", script, root, str(calls)], check=False, capture_output=True, text=True)
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
    return ran.returncode, ran.stdout.split()


def test_killed_at_any_step_an_entry_is_whole_or_never_was_accepted(tmp_path):
    for calls in range(100):
        outbox = Outbox(tmp_path / f"outbox-{calls}")

        status, said = life(outbox.root, calls, tmp_path)

        entries, errors = outbox.scan()
        assert errors == ()
        assert len(entries) <= 1
        assert len(entries) == 1 or "accepted" not in said or "sent" in said
        assert all(outbox.raw(entry) == RAW for entry in entries)
        if "sent" in said:
            assert all(entry.state is State.SENT for entry in entries)
        elif "sending" in said:
            assert entries[0].state in (State.UNKNOWN, State.SENT)
        next_one = outbox.add(NEW, RAW)
        assert {path.name for path in outbox.root.iterdir()} >= {".last", str(next_one.id)}
        assert not list(outbox.root.glob(".new-*")) + list(outbox.root.glob(".gone-*"))
        if status == 0:
            assert entries == ()
            assert said == ["accepted", "sending", "sent", "removed"]
            assert calls > 20
            return
    raise AssertionError("it never came to its end")
