"""`mailctl-checker`: a line for each watched account, the others' faults on stderr, and an exit status to rely on."""

import os
import signal
import subprocess
import sys

import pytest

from conftest import ok
from mailctl.checker.main import main
from support.scripted_imap import SILENCE, scripted_imap

PROGRAM = (sys.executable, "-m", "mailctl.checker.main", "--once")
COUNTED = b"* STATUS INBOX (UNSEEN %d)\r\n{tag} OK counted\r\n"


def holding(number):
    """The answers of a server with so many unread messages, of which nothing but their number is known."""
    uids = b"".join(b" %d" % uid for uid in range(1, number + 1))
    return {
        "STATUS": COUNTED % number,
        "UID SEARCH UNSEEN": b"* SEARCH%b\r\n{tag} OK found\r\n" % uids,
        "UID FETCH": b"{tag} OK fetched\r\n",
    }


def watch(cli, name, port):
    """An account that is watched on a scripted server."""
    ok(cli("account", "add", name, "--address", f"{name}@firm.example", "--checker-only", "--imap-host", "127.0.0.1",
           "--imap-port", str(port), "--imap-security", "none", "--password-env", "WATCH_PASSWORD",
           "--no-discover"))  # fmt: skip


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("WATCH_PASSWORD", "hunter2-s3cret")


def test_each_watched_account_is_a_line_that_a_script_can_read(cli, store, capfd):
    with scripted_imap(holding(3)) as one, scripted_imap(holding(0)) as other:
        watch(cli, "alarms", one.port)
        watch(cli, "backups", other.port)
        capfd.readouterr()

        status = main(["--once"])

    said = capfd.readouterr()
    assert (status, said.err) == (0, "")
    assert said.out == "account=alarms unread=3\naccount=backups unread=0\n"


def test_nothing_is_opened_for_writing_and_nothing_marked(cli, store):
    with scripted_imap(holding(1)) as server:
        watch(cli, "alarms", server.port)
        assert main(["--once"]) == 0

    verbs = {line.split(" ")[0] for line in server.said}
    assert "STATUS" in verbs
    assert not verbs & {"SELECT", "STORE", "FETCH", "EXPUNGE", "CLOSE", "APPEND"}
    asked = [line for line in server.said if line.startswith("UID")]
    assert all(line.startswith("UID SEARCH UNSEEN") or "BODY.PEEK[HEADER.FIELDS" in line for line in asked)


def test_one_that_fails_keeps_no_other_waiting_and_ends_with_one(cli, store, capfd):
    with (
        scripted_imap(holding(1)) as good,
        scripted_imap({"AUTHENTICATE PLAIN": b"{tag} NO no such user \x1b[31m\r\n"}) as bad,
    ):
        watch(cli, "alarms", bad.port)
        watch(cli, "backups", good.port)
        capfd.readouterr()

        status = main(["--once"])

    said = capfd.readouterr()
    assert status == 1
    assert said.out == "account=backups unread=1\n"
    [line] = said.err.splitlines()
    assert line.startswith("mailctl-checker: error: alarms: ")
    assert "hunter2" not in line
    assert "\x1b" not in line


def test_an_account_that_is_not_watched_is_not_looked_at(cli, store, capfd):
    with scripted_imap(holding(1)) as server:
        watch(cli, "alarms", server.port)
        ok(cli("account", "set", "alarms", "checker_only=false", "outgoing.host=localhost"))
        capfd.readouterr()

        assert main(["--once"]) == 0
        assert capfd.readouterr().out == ""
        assert server.said == []


def test_a_store_that_others_may_write_is_refused_with_the_hint(cli, store, capfd):
    store.chmod(0o777)

    status = main(["--once"])

    assert status == 78
    assert capfd.readouterr().err.splitlines() == [
        f"mailctl-checker: error: {store}: others may write it", f"mailctl-checker: hint: chmod go-w {store}",
    ]  # fmt: skip


def test_a_broken_account_is_warned_about(cli, store, capfd):
    (store / "accounts/broken.toml").write_text("address = \n")
    (store / "accounts/broken.toml").chmod(0o600)

    assert main(["--once"]) == 0
    assert capfd.readouterr().err.startswith("mailctl-checker: warning: accounts/broken.toml:1: no valid TOML")


def test_interrupted_it_ends_with_130(cli, store):
    with scripted_imap({"STATUS": SILENCE}) as server:
        watch(cli, "alarms", server.port)
        running = subprocess.Popen(PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        server.await_commands("STATUS", 1)
        running.send_signal(signal.SIGINT)
        server.change(holding(1))
        out, err = running.communicate(timeout=30)

    assert running.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "mailctl-checker: error: interrupted"
    assert "Traceback" not in err


def test_a_reader_that_leaves_early_is_no_failure(cli, store):
    with scripted_imap(holding(1)) as server:
        watch(cli, "alarms", server.port)
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(PROGRAM, check=False, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


def test_it_starts_without_the_command_line(store):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mailctl.checker.main", "--once"],
        check=True,
        capture_output=True,
        text=True,
    )

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert not {"typer", "rich", "keyring", "mailctl.cli", "jinja2"} & loaded


def test_it_may_open_as_many_files_as_the_system_lets_it():
    """A user's programs get 1,024 unless they ask: too few for a thousand accounts."""
    program = """
import resource
from mailctl.checker.main import allow_many_files
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (128, most))
allow_many_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most))
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "True\n"
