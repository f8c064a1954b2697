"""Opens a fetched mailbox in the real aerc, on a terminal; what is read there is read on the server after a push."""

import os
import pty
import select
import subprocess
import termios
import time
from contextlib import suppress

import pytest

from support.mirror import accounts, fetch, files, note

pytestmark = pytest.mark.live
SECONDS = 60.0


@pytest.fixture
def filled(cli, store, mail, monkeypatch):
    """A fetched mailbox of three unread messages, and a folder."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    accounts(cli, mail)()
    for number in (1, 2, 3):
        mail.deliver("alice", note(number))
    mail.deliver("alice", note(4), folder="Projets")
    fetch(cli)


def aerc(home):
    """Read one message of the inbox in aerc, and leave; all that was shown."""
    settings = home / ".config/aerc"
    settings.mkdir(parents=True)
    file = settings / "accounts.conf"
    file.write_text(
        f"[contact]\nsource = maildir://{home / 'data/mail/contact'}\ndefault = INBOX\nfrom = a@mail.test\n"
    )
    file.chmod(0o600)
    terminal, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (30, 100))
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": str(home), "LANG": "C.UTF-8"}
    words = ["setsid", "--ctty", "--wait", "aerc"]  # it opens /dev/tty
    run = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    try:
        return conversation(home, terminal, run)
    finally:
        run.kill()
        run.wait()
        os.close(terminal)


def conversation(home, terminal, run):
    """Open the first message once it is shown, leave once it is marked; say it again until it is heard."""
    shown, asked, deadline = b"", 0.0, time.monotonic() + SECONDS
    while run.poll() is None:
        assert time.monotonic() < deadline, shown[-2000:]
        if select.select([terminal], [], [], 0.1)[0]:
            with suppress(OSError):  # it closes the terminal as it ends
                shown += os.read(terminal, 65536)
        if b"Plans" in shown and time.monotonic() > asked + 2:
            is_read = any(file.name.endswith(":2,S") for file in files(home))
            os.write(terminal, b"q" if is_read else b"\r")
            if is_read:
                time.sleep(0.3)  # the key closes the message; what follows is typed into the list
                os.write(terminal, b":quit\r")
            asked = time.monotonic()
    return shown.decode("utf-8", "replace")


def test_aerc_opens_what_was_fetched_and_what_it_read_is_read_on_the_server(cli, home, mail, filled):
    shown = aerc(home)

    assert "Projets" in shown
    assert "Plans 1" in shown
    assert fetch(cli, "--push")["pushed"] == 1
    assert sorted(map(sorted, mail.flags("alice"))) == [[], [], ["\\Seen"]]
