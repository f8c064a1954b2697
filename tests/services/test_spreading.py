"""Many folders over a few connections: what servers refuse or break off costs nothing but time."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from conftest import ok
from mailctl.remote.imap import open_imap
from support.many_folders import many_folders
from support.scripted_imap import HANG_UP, SILENCE, uids_in

PATIENCE = 20.0
BYE = b"* BYE going away\r\n" + HANG_UP
BUSY = b"{tag} NO [LIMIT] Too many simultaneous connections\r\n"
NAMES = ["INBOX", *(f"F{number:02}" for number in range(1, 16))]


def note(number):
    return (
        f"From: bob@mail.test\r\nMessage-ID: <{number}@mail.test>\r\nSubject: Plans {number}\r\n\r\nHello\r\n".encode()
    )


FOLDERS = {name: [note(2 * place), note(2 * place + 1)] for place, name in enumerate(NAMES)}
ALL = sorted(raw for messages in FOLDERS.values() for raw in messages)


@pytest.fixture
def add(cli, store, monkeypatch):
    """Add an account at a scripted server."""
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")
    monkeypatch.setitem(open_imap.__kwdefaults__, "timeout", 2.0)

    def account(server, *words):
        secret = words or ("--password-env", "FIRM_PASSWORD")
        ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--imap-host", "127.0.0.1",
               "--imap-port", server.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1",
               "--smtp-security", "none", *secret, "--no-discover"))  # fmt: skip

    return account


def here(home):
    """The messages in the account's mirror."""
    files = (file for part in ("cur", "new") for file in home.glob(f"data/mail/contact/*/{part}/*"))
    return sorted(file.read_bytes().replace(b"\n", b"\r\n") for file in files)


class Meeting:
    """The first connection waits in its first folder until the second is in one, or is known not to come."""

    def __init__(self, meets=lambda *_: None):
        self.meets = meets
        self.second = threading.Event()
        self.seen = []

    def __call__(self, number, folder, command):
        self.seen.append((number, folder, command))
        given = self.meets(number, folder, command)
        if number > 1 and (given is not None or command.startswith("EXAMINE")):
            self.second.set()
        if number == 1 and "BODY.PEEK[]" in command:
            self.second.wait(PATIENCE)
        return given

    def opened(self, number):
        """The folders that a connection opened."""
        return [folder for one, folder, command in self.seen if one == number and command.startswith("EXAMINE")]


def refusing(number, what):
    """Meets: that connection's login is answered so."""
    return lambda one, folder, command: what if one == number and command.startswith("AUTHENTICATE") else None


# -- spread


def test_many_folders_come_over_a_few_connections_each_message_once(cli, home, add):
    meeting = Meeting()
    with many_folders(FOLDERS, meeting) as server:
        add(server)
        [result] = ok(cli("fetch", "--json")).json
        [again] = ok(cli("fetch", "--json")).json

    assert (result["folders"], result["new"], result["odd"]) == (len(FOLDERS), len(ALL), 0)
    assert (again["folders"], again["new"]) == (len(FOLDERS), 0)
    assert here(home) == ALL
    assert meeting.opened(1)
    assert meeting.opened(2)


def test_few_folders_come_over_one_connection(cli, home, add):
    few = {name: FOLDERS[name] for name in NAMES[:5]}
    with many_folders(few) as server:
        add(server)
        ok(cli("fetch"))

    assert server.connections == 1
    assert len(here(home)) == 10


@pytest.mark.parametrize("most", [1, 2])
def test_the_account_says_how_many_connections_there_may_be(cli, home, add, most):
    meeting = Meeting()
    if most == 1:
        meeting.second.set()
    with many_folders(FOLDERS, meeting) as server:
        add(server)
        ok(cli("account", "set", "contact", f"connections={most}"))
        ok(cli("fetch"))

    assert server.connections == most
    assert here(home) == ALL


def test_folders_are_opened_as_the_server_wrote_them_over_each_connection(cli, home, add):
    wrong = {name if name == "INBOX" else f"{name}&": messages for name, messages in FOLDERS.items()}
    meeting = Meeting()
    with many_folders(wrong, meeting) as server:
        add(server)
        [result] = ok(cli("fetch", "--json")).json

    assert (result["new"], result["skipped"]) == (len(ALL), [])
    assert set(meeting.opened(2)) <= wrong.keys()
    assert meeting.opened(2)


def test_the_secret_is_asked_for_once(cli, home, add, tmp_path):
    asked = tmp_path / "asked"
    program = tmp_path / "secret"
    program.write_text(f"#!/bin/sh\necho once >> {asked}\necho hunter2\n")
    program.chmod(0o700)
    meeting = Meeting()
    with many_folders(FOLDERS, meeting) as server:
        add(server, "--password-command", str(program))
        ok(cli("fetch"))

    assert meeting.opened(2)
    assert asked.read_text() == "once\n"


# -- memory


def heavy(number, size):
    """A message of so many bytes, a few more or less."""
    return note(number) + (b"x" * 76 + b"\r\n") * (size // 78)


def test_two_large_messages_do_not_come_at_once(cli, home, add):
    large = {**FOLDERS, "INBOX": [heavy(1, 9_000_000)], "F01": [heavy(3, 9_000_000)]}
    both = threading.Event()
    asked = []

    def meets(number, folder, command):
        if "BODY.PEEK[]" in command and folder in ("INBOX", "F01"):
            asked.append(folder)
            if len(asked) == 2:
                both.set()
            elif both.wait(1.0):
                asked.append("at once")

    with many_folders(large, meets) as server:
        add(server)
        [result] = ok(cli("fetch", "--json")).json

    assert (result["new"], result["odd"]) == (len(ALL) - 2, 0)
    assert sorted(asked) == ["F01", "INBOX"]


@pytest.mark.parametrize(("most", "together"), [(1, {2}), (2, {1}), (4, {1})])
def test_connections_share_the_memory_of_one(cli, home, add, most, together):
    folders = {**FOLDERS, "INBOX": [heavy(2 * number, 3_000_000) for number in range(500, 504)]}
    asked = set()

    def meets(number, folder, command):
        if folder == "INBOX" and "BODY.PEEK[]" in command:
            asked.add(len(uids_in(command)))

    with many_folders(folders, meets) as server:
        add(server)
        ok(cli("account", "set", "contact", f"connections={most}"))
        ok(cli("fetch"))

    assert asked == together


# -- further connections that are refused


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(BUSY, id="LIMIT"),
        pytest.param(b"{tag} NO [INUSE] too many\r\n", id="INUSE"),
        pytest.param(b"{tag} NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded\r\n", id="Dovecot"),
        pytest.param(b"{tag} NO Maximum number of connections exceeded\r\n", id="without a code"),
        pytest.param(b"{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n", id="as a wrong password"),
        pytest.param(b"{tag} NO [ALERT] Too many simultaneous connections. (Failure)\r\n", id="Gmail"),
        pytest.param(b"{tag} BAD User is authenticated but not connected.\r\n", id="Exchange"),
        pytest.param(b"* BYE Too many connections\r\n" + HANG_UP, id="BYE"),
        pytest.param(HANG_UP, id="hung up"),
        pytest.param(SILENCE, id="silence"),
    ],
)
@pytest.mark.parametrize("when", ["greeting", "AUTHENTICATE"])
def test_a_further_connection_that_is_refused_is_no_failure(cli, home, add, tmp_path, answer, when):
    if when == "greeting" and answer.startswith(b"{tag}"):
        answer = b"* BYE" + answer.removeprefix(b"{tag} NO").removeprefix(b"{tag} BAD")
    meeting = Meeting(lambda number, _, command: answer if number > 1 and command.startswith(when) else None)
    with many_folders(FOLDERS, meeting) as server:
        add(server)
        ran = ok(cli("--trace", tmp_path / "trace", "fetch", "--json"))

    assert (ran.json[0]["new"], ran.err) == (len(ALL), "")
    assert here(home) == ALL
    assert server.connections == 2
    if answer is not SILENCE:
        assert "=== 'contact': going on without a further connection: " in (tmp_path / "trace").read_text()


# -- connections that break


def broken(number, *, once=True):
    """Meets: that connection is told BYE amid the messages of a folder; and so is each later one, unless once."""
    broken_off = []

    def meets(one, folder, command):
        if "BODY.PEEK[]" in command and (one == number or (not once and one > number)) and not (once and broken_off):
            broken_off.append(folder)
            return b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%b)\r\n" % (len(FOLDERS[folder][0]), FOLDERS[folder][0]) + BYE
        return None

    meets.folders = broken_off
    return meets


def all_comes_over_two(cli, home, add, meeting):
    """Fetch over two connections, and see that nothing is missing and nothing is said; gives how many were opened."""
    with many_folders(FOLDERS, meeting) as server:
        add(server)
        ok(cli("account", "set", "contact", "connections=2"))
        ran = ok(cli("fetch", "--json"))

    assert (ran.json[0]["new"], ran.json[0]["odd"], ran.err) == (len(ALL), 0, "")
    assert here(home) == ALL
    return server.connections


def test_a_further_connection_that_breaks_is_opened_again(cli, home, add):
    breaks = broken(2)

    assert all_comes_over_two(cli, home, add, Meeting(breaks)) == 3
    assert breaks.folders


def test_the_folder_of_a_connection_that_is_not_to_be_had_again_comes_over_another(cli, home, add):
    breaks = broken(2)
    meeting = Meeting(lambda *met: breaks(*met) or refusing(3, BUSY)(*met))

    all_comes_over_two(cli, home, add, meeting)

    assert breaks.folders[0] in meeting.opened(1)


def test_when_the_first_connection_is_lost_the_others_go_on(cli, home, add):
    breaks = broken(1)
    gone = threading.Event()

    def meets(number, folder, command):
        if number == 2 and "BODY.PEEK[]" in command:
            gone.wait(PATIENCE)
        if number == 3 and command.startswith("AUTHENTICATE"):
            gone.set()
            return BUSY
        return breaks(number, folder, command)

    meeting = Meeting(meets)

    all_comes_over_two(cli, home, add, meeting)

    assert len(meeting.opened(2)) == len(FOLDERS)


def test_with_no_connection_left_the_account_fails_and_the_next_run_brings_the_rest(cli, home, add):
    breaks = broken(1, once=False)
    lasts = []

    def meets(number, folder, command):
        if lasts:
            return None
        refused = number > 2 and command.startswith("AUTHENTICATE")
        return BUSY if refused else breaks(number, folder, command)

    with many_folders(FOLDERS, Meeting(meets)) as server:
        add(server)
        ran = cli("fetch", "--json")
        lasts.append(True)
        [again] = ok(cli("fetch", "--json")).json

    assert ran.status == 75
    assert "cannot log in" in ran.err
    assert again["odd"] == 0
    assert here(home) == ALL


# -- in order, and to the end


def test_what_is_told_comes_in_the_order_of_the_folders(cli, home, add):
    last = threading.Event()

    def meets(number, folder, command):
        if command.startswith("EXAMINE") and folder in ("F03", "F09", "F15"):
            if folder == "F15":
                last.set()
            if folder == "F03":
                last.wait(PATIENCE)
            return b"{tag} NO [NOPERM] not for you\r\n"
        return None

    with many_folders(FOLDERS, Meeting(meets)) as server:
        add(server)
        ran = ok(cli("fetch", "--json"))

    [result] = ran.json
    assert result["skipped"] == ["F03", "F09", "F15"]
    assert (result["folders"], result["new"]) == (len(FOLDERS) - 3, len(ALL) - 6)
    assert [line.split("'")[3] for line in ran.err.splitlines()] == ["F03", "F09", "F15"]


def test_the_first_folder_that_fails_for_now_is_the_one_that_is_told(cli, home, add):
    last = threading.Event()

    def meets(number, folder, command):
        if command.startswith("EXAMINE") and folder in ("F03", "F12"):
            if folder == "F12":
                last.set()
            else:
                last.wait(PATIENCE)
            return f"{{tag}} NO [UNAVAILABLE] not now, {folder}\r\n".encode()
        return None

    with many_folders(FOLDERS, Meeting(meets)) as server:
        add(server)
        ran = cli("fetch", "--json")

    assert ran.status == 75
    assert "not now, F03" in ran.err
    assert len(here(home)) == len(ALL) - 4


def test_ctrl_c_ends_all_connections_and_a_silent_one_is_not_waited_for(cli, home, add):
    silent = threading.Event()

    def meets(number, folder, command):
        if "BODY.PEEK[]" not in command or silent.is_set():
            return None
        if number == 1:
            silent.wait(PATIENCE)
            return None
        silent.set()
        return SILENCE

    with many_folders(FOLDERS, meets) as server:
        add(server)
        run = subprocess.Popen([sys.executable, "-m", "mailctl", "fetch"], stderr=subprocess.PIPE, text=True)
        assert silent.wait(PATIENCE)
        run.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, err = run.communicate(timeout=PATIENCE)
        took = time.monotonic() - began
        ok(cli("fetch"))

    assert (run.returncode, err) == (130, "mailctl: error: interrupted\n")
    assert took < PATIENCE / 2
    assert here(home) == ALL
