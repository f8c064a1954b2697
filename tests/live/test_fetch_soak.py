"""Fetches through random faults, killed at random moments: in the end the mirror is what mbsync makes of the server."""

import os
import random
import time
from pathlib import Path

import pytest

from conftest import ok
from support.fault_proxy import fault_proxy
from support.mirror import accounts, fetch, files, mbsync, note, rows, start

pytestmark = pytest.mark.live
SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))  # read before the tests' environment is scrubbed
FAULTS = ["pass", "pass", "pass", "refuse", "close", "half", "mute"]
FOLDERS = ("INBOX", "Projets", "Sent")


@pytest.fixture
def proxy(cli, store, mail, monkeypatch):
    """What stands between the account and its server, and can fail."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    with fault_proxy(mail.imap_port) as proxy:
        accounts(cli, mail)(port=proxy.port, security="none")
        yield proxy


@pytest.mark.timeout(SOAK_SECONDS * 2 + 600)  # the last fetch finds what all faults left, on a busy machine too
def test_a_soak_with_random_faults_ends_with_what_mbsync_fetches(cli, home, mail, proxy, tmp_path):
    chance = random.Random(20261124)
    number = kills = 0
    end = time.monotonic() + SOAK_SECONDS
    while (is_left := time.monotonic() < end) or not kills:
        for _ in range(chance.randint(1, 4)):
            number += 1
            deliver(mail, chance, number)
        change_there(mail, chance)
        change_here(home, chance)
        run = start("fetch", *chance.choice([(), ("--push",)]))
        kills += fail_meanwhile(chance, proxy, run, patience=chance.uniform(0.3, 3.0) if is_left else 0.1)
        proxy.mode = "pass"

    ok(cli("fetch", "--push"))
    again = fetch(cli, "--push")

    assert kills > 0
    assert (again["new"], again["changed"], again["removed"], again["odd"]) == (0, 0, 0, 0)
    theirs = mbsync(mail, tmp_path, FOLDERS)
    for folder in FOLDERS:
        assert sorted(file.read_bytes() for file in files(home, folder)) == theirs[folder], folder
        assert len(rows(home, folder=folder)) == len(theirs[folder]), folder
        assert sorted(map(letters, files(home, folder))) == sorted(map(flagged, mail.flags("alice", folder))), folder


def deliver(mail, chance, number):
    """Lay a message into a folder: short, long, or odd."""
    body = "x" * int(min(chance.lognormvariate(7, 2.5), 2_000_000))
    raw = chance.choice([note(number, body=body)] * 4 + [b"Subject: odd %d\r\n\r\n\xff\xfe\r\n" % number])
    mail.deliver("alice", raw, folder=chance.choice(FOLDERS), flags=chance.choice([(), ("\\Seen",)]))


def change_there(mail, chance):
    """Flag something on the server, remove something, or number a folder anew."""
    with mail.imap("alice") as box:
        box.select(chance.choice(FOLDERS))
        [count] = box.response("EXISTS")[1] or [b"0"]
        if int(count or 0) > 3 and chance.random() < 0.7:
            box.store(str(chance.randint(1, 3)), "+FLAGS", chance.choice(["(\\Flagged)", "(\\Answered)"]))
        if int(count or 0) > 8 and chance.random() < 0.4:
            box.store(str(chance.randint(1, 3)), "+FLAGS", "(\\Deleted)")
            box.expunge()
        if chance.random() < 0.05:
            box.close()
            box.delete("Projets")
    with mail.imap("alice") as box:
        box.create("Projets")


def change_here(home, chance):
    """Read something in the mirror, as mutt does."""
    unread = [file for folder in FOLDERS for file in files(home, folder) if not letters(file)]
    if unread and chance.random() < 0.5:
        file = chance.choice(unread)
        file.rename(file.parent.parent / "cur" / f"{file.name.partition(':')[0]}:2,S")


def fail_meanwhile(chance, proxy, run, *, patience):
    """Let faults happen while a program runs, until it ends or is killed after so many seconds; whether it was."""
    until = time.monotonic() + patience
    while run.poll() is None and time.monotonic() < until:
        time.sleep(chance.uniform(0.0, 0.2))
        proxy.mode = chance.choice(FAULTS)
        if chance.random() < 0.3:
            proxy.cut()
    killed = run.poll() is None
    run.kill()
    run.wait()
    return killed


def letters(file: Path) -> str:
    """A file's flags."""
    return file.name.partition(":2,")[2]


def flagged(flags: frozenset[str]) -> str:
    """A server's flags as a file's."""
    known = {"\\Flagged": "F", "\\Answered": "R", "\\Seen": "S"}
    return "".join(sorted(known[flag] for flag in flags))
