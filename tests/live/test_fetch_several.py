"""Fetches many folders of a real Dovecot over a few connections, as many as it gives."""

import imaplib
import re
import shlex
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ok
from support import rig
from support.mirror import accounts, fetch, note, start

pytestmark = pytest.mark.live
FOLDERS = [f"Project {number:02}" for number in range(1, 25)]
EACH = 3
PATIENCE = 30.0


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


@pytest.fixture
def narrow(mail):
    """The port of a second Dovecot for the same mailboxes, which gives two connections a user."""
    conf = mail.home / "dovecot/narrow.conf"
    text = (mail.home / "dovecot/dovecot.conf").read_text()
    (mail.home / "dovecot/narrow").mkdir(exist_ok=True)
    ports = dict(zip(re.findall(r"port = (\d+)", text), map(str, rig.free_ports().values()), strict=False))
    text = re.sub(r"port = (\d+)", lambda found: f"port = {ports[found[1]]}", text)
    text = text.replace("dovecot/run", "dovecot/narrow/run").replace("dovecot/state", "dovecot/narrow/state")
    text = text.replace("instance_name = ", "instance_name = narrow-")
    conf.write_text(text.replace("userip_connections = 1000", "userip_connections = 2"))
    stop = f"cat; {shlex.join(['dovecot', '-c', str(conf), 'stop'])}"
    keeper = subprocess.Popen(["sh", "-c", f"PATH=$PATH:/usr/sbin:/sbin; {stop}"], stdin=subprocess.PIPE)
    try:
        rig.run(mail.home, ["dovecot", "-c", str(conf)])
        rig.await_port(int(ports[str(mail.imaps_port)]), mail.home)
        yield int(ports[str(mail.imaps_port)])
    finally:
        keeper.communicate(timeout=60)


def fill(mail, user="alice", *, first=0):
    """Lay mail into each folder; gives all that was laid."""
    laid = []
    with mail.imap(user) as box:
        for place, folder in enumerate(FOLDERS):
            box.create(f'"{folder}"')
            for number in range(first + place * EACH, first + (place + 1) * EACH):
                box.append(f'"{folder}"', "", None, note(number))
                laid.append(note(number))
    return sorted(laid)


def here(home):
    """The messages in the account's mirror."""
    files = (file for part in ("cur", "new") for file in home.glob(f"data/mail/contact/**/{part}/*"))
    return sorted(file.read_bytes().replace(b"\n", b"\r\n") for file in files)


def logins(trace):
    """How many sessions a trace tells of, and how often one was refused."""
    text = trace.read_text()
    return tuple(len(re.findall(rf"^<~ .*{said}", text, re.MULTILINE)) for said in (" OK .*Logged in", " NO .*Maximum"))


def test_all_comes_once_and_nothing_new_logs_in_once(cli, home, mail, account, tmp_path):
    account()
    laid = fill(mail)

    [first] = ok(cli("--trace", tmp_path / "first", "fetch", "--json")).json
    [again] = ok(cli("--trace", tmp_path / "again", "fetch", "--json")).json

    assert (first["new"], first["odd"], again["new"]) == (len(laid), 0, 0)
    assert here(home) == laid
    assert 1 < logins(tmp_path / "first")[0] <= 4
    assert logins(tmp_path / "again") == (1, 0)


def test_a_server_that_gives_two_connections_refuses_once_and_nobody_hears_of_it(
    cli, home, mail, account, narrow, tmp_path
):
    account(port=narrow)
    laid = fill(mail)

    ran = ok(cli("--trace", tmp_path / "trace", "fetch", "--json"))

    assert (ran.json[0]["new"], ran.err) == (len(laid), "")
    assert here(home) == laid
    made, refused = logins(tmp_path / "trace")
    assert made <= 2
    assert refused <= 1


def test_a_server_that_has_one_connection_left_is_fetched_from_over_that_one(
    cli, home, mail, account, narrow, tmp_path
):
    account(port=narrow)
    laid = fill(mail)

    with imaplib.IMAP4_SSL("localhost", narrow, ssl_context=ssl.create_default_context(cafile=mail.ca_file)) as other:
        other.login("alice", mail.password)
        ran = ok(cli("--trace", tmp_path / "trace", "fetch", "--json"))

    assert (ran.json[0]["new"], ran.err) == (len(laid), "")
    assert here(home) == laid
    assert logins(tmp_path / "trace") == (1, 1)


def test_what_is_gone_and_what_changed_is_followed_over_each_connection(cli, home, mail, account):
    account()
    fill(mail)
    fetch(cli)

    with mail.imap("alice") as box:
        for folder in FOLDERS:
            box.select(f'"{folder}"')
            box.store("1", "+FLAGS", "(\\Deleted)")
            box.expunge()
            box.store("1", "+FLAGS", "(\\Flagged)")
    result = fetch(cli)

    assert (result["removed"], result["changed"]) == (len(FOLDERS), len(FOLDERS))
    assert len(here(home)) == len(FOLDERS) * (EACH - 1)


def test_killed_anywhere_and_run_again_all_is_here_once(cli, home, mail, account):
    account()
    laid = fill(mail)

    for part in (0.1, 0.4, 0.7):
        run = start("fetch")
        deadline = time.monotonic() + PATIENCE
        while run.poll() is None and len(here(home)) < part * len(laid) and time.monotonic() < deadline:
            time.sleep(0.001)
        run.kill()
        run.wait()
    result = fetch(cli)

    assert result["odd"] == 0
    assert here(home) == laid


def test_who_stays_keeps_one_connection_and_fetches_over_more(home, mail, account, tmp_path):
    account()
    laid = fill(mail)
    trace = tmp_path / "trace"
    program = Path(sys.executable).with_name("mailctl")

    run = subprocess.Popen(
        [program, "--trace", trace, "fetch", "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        first = run.stdout.readline().split("\t")
        laid += fill(mail, first=1000)
        mail.deliver("alice", note(5000))  # heard of: IDLE is in the inbox
        deadline = time.monotonic() + PATIENCE
        while len(here(home)) <= len(laid) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        run.terminate()
        _, err = run.communicate(timeout=PATIENCE)

    assert first[2] == str(len(laid) // 2)
    assert here(home) == sorted([*laid, note(5000)])
    assert err == ""
    assert 2 < logins(trace)[0] <= 7
