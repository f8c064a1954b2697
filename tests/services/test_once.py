"""What is sent with a key goes once: run twice, at the same instant, or again after a crash at any step."""

import signal
import subprocess
import sys
import textwrap
import time
from email import message_from_bytes

import pytest

from conftest import ok
from mailctl.local.once import Once, digest
from support.scripted_smtp import STALL
from support.sending import PASSWORD, add_account, body_for, started
from support.small_disk import fill, mounted

SEND = ("send", "anna@client.example", "-a", "contact", "-s", "Report", "--idempotency-key", "report-2026-03")
# Sends in a process that is killed before its call of that number to the system that may change something.
CRASHING = """
    import os, signal, sys
    calls = int(sys.argv[1])
    def counted(original):
        def call(*args, **named):
            global calls
            calls -= 1
            if calls < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **named)
        return call
    from mailctl.cli import main
    for name in ("fsync", "fdatasync", "pwrite", "mkdir", "rename", "replace", "rmdir", "unlink"):
        setattr(os, name, counted(getattr(os, name)))
    sys.exit(main.main(sys.argv[2:]))
"""


@pytest.fixture
def once(home):
    return Once(home / "state/once")


def test_run_twice_it_sends_once_and_tells_of_the_first(cli, server):
    first = ok(cli(*SEND, "--json", input="Hello")).json
    second = ok(cli(*SEND, "--json", input="Hello again")).json

    assert len(server.taken) == server.connections == 1
    assert second["message_id"] == first["message_id"]
    assert (first["repeated"], second["repeated"], second["sent"]) == (False, True, True)
    assert f"sent before, as {first['message_id']}" in ok(cli(*SEND, input="Hello")).err


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "a/b", ".", "x" * 5000, "é\u202e", "a b\n", "lock", "-", "\udcff"]
)
def test_any_key_will_do(cli, server, home, key):
    words = (*SEND[:-1], f"--idempotency-key={key}") if key.startswith("-") else (*SEND[:-1], key)

    ok(cli(*words, input="Hello"))
    ok(cli(*words, input="Hello"))

    assert len(server.taken) == 1
    assert {len(path.name) for path in (home / "state/once").iterdir()} == {4, 64}


def test_another_key_or_another_account_is_another_mail(cli, server):
    add_account(cli, server, name="billing")
    ok(cli(*SEND, input="Hello"))

    ok(cli(*SEND[:-1], "report-2026-04", input="Hello"))
    ok(cli(*(word if word != "contact" else "billing" for word in SEND), input="Hello"))

    assert len(server.taken) == 3


def test_what_waits_in_the_outbox_is_not_put_there_twice(cli, server, outbox):
    server.at["mail"] = "451 later"
    assert cli(*SEND, input="Hello").status == 75

    ran = ok(cli(*SEND, "--json", input="Hello"))

    assert (ran.json["outbox"], ran.json["sent"], ran.json["repeated"]) == (1, False, True)
    assert len(outbox.entries()) == 1
    server.at.clear()
    ok(cli("outbox", "flush"))
    assert ok(cli(*SEND, "--json", input="Hello")).json["sent"] is True
    assert len(server.taken) == 1


def test_refused_for_good_it_says_so_again_and_sends_nothing(cli, server, outbox):
    server.at["dot"] = "554 never"
    assert cli(*SEND, input="Hello").status == 76
    server.at.clear()

    ran = cli(*SEND, input="Hello")

    assert ran.status == 76
    assert "554 never" in ran.err
    assert server.taken == []


def test_dropped_unsent_its_key_is_free_again(cli, server):
    ok(cli(*SEND, "--queue", input="Hello"))
    ok(cli("outbox", "drop", "1", "--yes"))

    ok(cli(*SEND, input="Hello"))

    assert len(server.taken) == 1


def test_dropped_after_some_had_got_it_its_key_is_not_free(cli, server):
    server.refused["ben@client.example"] = "550 no such user"
    assert cli(*SEND, "ben@client.example", input="Hello").status == 76
    ok(cli("outbox", "drop", "1", "--yes"))

    ok(cli(*SEND, input="Hello"))

    assert len(server.taken) == 1


def test_a_ready_made_message_has_a_key_too(cli, server):
    note = "From: contact@firm.example\nSubject: x\n\nHello\n"
    words = ("send", "anna@client.example", "--raw", "-", "--idempotency-key", "k")

    ok(cli(*words, input=note))
    ok(cli(*words, input=note))

    assert len(server.taken) == 1


def test_eight_at_the_same_instant_send_one(server, home, outbox):
    processes = [started("mailctl", *SEND, body=b"Hello", home=home) for _ in range(8)]
    for process in processes:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err

    assert len(server.taken) == 1
    assert outbox.entries() == ()


@pytest.mark.parametrize("step", ["greeting", "data", "dot"])
def test_while_one_sends_another_comes_back_at_once(cli, server, home, step):
    server.at[step] = STALL
    first = started("mailctl", *SEND, body=body_for(step).encode(), home=home)
    assert server.reached.wait(20)

    ran = ok(cli(*SEND, "--json", input="Hello"))

    assert (ran.json["sent"], ran.json["repeated"], ran.json["outbox"]) == (False, True, 1)
    first.kill()
    first.communicate(timeout=20)


def test_killed_at_any_step_and_run_again_it_went_once(cli, server, home, outbox):
    """Whatever the crash left, the next runs and flushes make it exactly one; the server's word was never lost here."""
    script = textwrap.dedent(CRASHING)
    environ = {**PASSWORD, "MAILCTL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home.parent)}
    for calls in range(60):
        words = (*SEND[:-1], f"key-{calls}")
        taken = len(server.taken)
        ran = subprocess.run(
            [sys.executable, "-c", script, str(calls), *words], input=b"Hello", env=environ, capture_output=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert ran.returncode in (0, -signal.SIGKILL), ran.stderr

        ok(cli(*words, input="Hello"))
        if any(entry.state == "queued" for entry in outbox.entries()):
            ok(cli("outbox", "flush"))
        unknown = [entry for entry in outbox.entries() if entry.state == "unknown"]

        assert len(server.taken) - taken == (0 if unknown and len(server.taken) == taken else 1)
        for entry in unknown:
            ok(cli("outbox", "drop", str(entry.id), "--yes"))
        if ran.returncode == 0:
            assert calls > 15
            return
    raise AssertionError("it never came to its end")


def test_where_the_key_cannot_be_noted_the_entry_stays_for_it_until_it_can(cli, server, home, outbox, later):
    folder = home / "state/once"
    server.when["dot"] = lambda: (folder.rename(home / "aside"), folder.write_text("in the way"))
    ran = ok(cli(*SEND, "--json", input="Hello"))
    assert ran.json["sent"] is True
    assert "for its key cannot be noted" in ran.err
    assert [(entry.state, entry.recipients) for entry in outbox.entries()] == [("sent", ())]

    folder.unlink()
    later(minutes=10)
    assert ok(cli(*SEND, "--json", input="Hello")).json["repeated"] is True
    ok(cli("outbox", "flush"))

    assert outbox.entries() == ()
    assert ok(cli(*SEND, "--json", input="Hello")).json["sent"] is True
    assert len(server.taken) == 1


def test_a_disk_that_fills_after_the_dot_leaves_the_key_with_an_entry_of_unknown_fate(cli, server, home, outbox):
    with mounted(home / "state") as disk:
        server.when["dot"] = lambda: fill(disk / "rest")
        assert ok(cli(*SEND, "--json", input="Hello")).json["sent"] is True
        server.when.clear()

        assert ok(cli(*SEND, "--json", input="Hello")).json["repeated"] is True
        assert [entry.state for entry in outbox.entries()] == ["unknown"]
        assert len(server.taken) == 1


def test_after_ninety_days_a_key_is_forgotten(cli, server, home, once):
    import os

    ok(cli(*SEND, input="Hello"))
    record = home / "state/once" / digest("contact", SEND[-1])
    old = time.time() - 91 * 86400
    os.utime(record, (old, old))

    assert once.record(record.name) is None
    ok(cli(*SEND[:-1], "another", input="Hello"))
    assert not record.exists()
    ok(cli(*SEND, input="Hello"))
    assert len(server.taken) == 3


def test_a_broken_record_stops_the_sending_for_nobody_knows(cli, server, home):
    ok(cli(*SEND, input="Hello"))
    record = home / "state/once" / digest("contact", SEND[-1])
    record.write_text("{")

    ran = cli(*SEND, input="Hello")

    assert ran.status == 74
    assert f"hint: rm {record}" in ran.err
    assert len(server.taken) == 1


def test_what_is_remembered_tells_no_subject_and_is_the_owners_only(cli, server, home):
    ok(cli(*SEND, input="Hello"))

    [text] = [path.read_text() for path in (home / "state/once").iterdir() if len(path.name) == 64]
    assert "Report" not in text
    assert {path.stat().st_mode & 0o777 for path in (home / "state/once").iterdir()} == {0o600}


def test_the_message_that_went_is_the_first_one(cli, server):
    ok(cli(*SEND, input="Hello"))
    ok(cli(*SEND, input="Hello again"))

    assert message_from_bytes(server.taken[0].data).get_payload().strip() == "Hello"
