"""`mailctl checker status`, `install`, `uninstall`, `test`: what a script and a Nagios get, daemon or not."""

import re

import pytest

from conftest import ok
from support.scripted_imap import scripted_imap
from support.watching import checking, settings, watch

IDLE = b"+ idling\r\n"
LOGGED_IN = b"{tag} OK [CAPABILITY IMAP4rev1 IDLE] logged in\r\n"
REFUSED = b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"


def box(number):
    """The answers of a server that pushes, with so many unread messages."""
    uids = b"".join(b" %d" % uid for uid in range(1, number + 1))
    heads = b"".join(
        b"* %d FETCH (UID %d BODY[HEADER.FIELDS (FROM SUBJECT DATE MESSAGE-ID)] {21}\r\nMessage-ID: <%05d>\r\n)\r\n"
        % (uid, uid, uid)
        for uid in range(1, number + 1)
    )
    return {
        "AUTHENTICATE PLAIN": LOGGED_IN,
        "STATUS": b"* STATUS INBOX (MESSAGES 9 UIDNEXT 10 UIDVALIDITY 7 UNSEEN %d)\r\n{tag} OK counted\r\n" % number,
        "UID SEARCH UNSEEN": b"* SEARCH%b\r\n{tag} OK found\r\n" % uids,
        "UID FETCH": heads + b"{tag} OK fetched\r\n",
        "IDLE": IDLE,
        "DONE": b"{tag} OK done\r\n",
    }


@pytest.fixture
def add(cli, store, monkeypatch):
    """Watch an account on a scripted server."""
    monkeypatch.setenv("WATCH_PASSWORD", "hunter2")
    settings(store)
    return lambda name, server: watch(cli, name, host="127.0.0.1", port=server.port, security="none")


def test_without_a_daemon_status_says_how_to_have_one(cli, store):
    ran = cli("checker", "status", "--json")

    assert ran.status == 69
    assert ran.json["error"]["code"] == "not-running"
    assert ran.json["error"]["hint"] == "mailctl checker install, or mailctl checker run"


def test_status_is_a_line_an_account(cli, add):
    with scripted_imap(box(2)) as server:
        add("alarms", server)
        with checking() as checker:
            checker.until(lambda: checker.states() == {"idling"})

            rows = ok(cli("checker", "status")).rows
            [one] = ok(cli("checker", "status", "--json")).json

    assert [row[:3] for row in rows] == [["alarms", "idling", "2"]]
    assert set(one) == {"account", "state", "unread", "last_look", "next_look", "last_error"}
    assert one["next_look"] > one["last_look"]
    assert one["last_error"] is None


def test_status_ends_with_1_where_an_account_fails_and_says_why(cli, add):
    with scripted_imap(box(0)) as good, scripted_imap({"AUTHENTICATE PLAIN": REFUSED}) as bad:
        add("alarms", good)
        add("backups", bad)
        with checking() as checker:
            checker.until(lambda: checker.states() == {"idling", "refused"})

            ran = cli("checker", "status")

    assert ran.status == 1
    assert "1 of 2 accounts cannot be looked at: backups" in ran.err
    assert "refused the login" in ran.rows[1][4]
    assert len(bad.commands("AUTHENTICATE")) == 1


def test_a_monitor_reads_openmetrics(cli, add):
    with scripted_imap(box(2)) as server:
        add("alarms", server)
        with checking() as checker:
            checker.until(lambda: checker.states() == {"idling"})

            text = ok(cli("checker", "status", "--openmetrics")).out

    lines = text.splitlines()
    assert 'mailctl_unread{account="alarms"} 2' in lines
    assert 'mailctl_up{account="alarms"} 1' in lines
    assert re.search(r'^mailctl_last_look_timestamp_seconds\{account="alarms"\} \d{10}', text, re.MULTILINE)
    assert lines[-1] == "# EOF"
    assert lines.count("# TYPE mailctl_unread gauge") == 1


def test_nagios_gets_its_line_and_its_statuses(cli, add):
    unknown = cli("checker", "status", "--nagios")
    with scripted_imap(box(2)) as server, scripted_imap({"AUTHENTICATE PLAIN": REFUSED}) as bad:
        add("alarms", server)
        with checking() as checker:
            checker.until(lambda: checker.states() == {"idling"})
            well = cli("checker", "status", "--nagios")
            add("backups", bad)
            checker.until(lambda: checker.states() == {"idling", "refused"})
            warning = cli("checker", "status", "--nagios")
            ok(cli("account", "remove", "alarms", "--yes"))
            checker.until(lambda: checker.states() == {"refused"})
            critical = cli("checker", "status", "--nagios")

    assert [unknown.status, well.status, warning.status, critical.status] == [3, 0, 1, 2]
    assert well.out == "MAILCTL OK - 1 accounts, 2 unread | unread=2 accounts=1 failed=0\n"
    assert warning.out.startswith("MAILCTL WARNING - 1 of 2 accounts cannot be looked at: backups |")
    assert critical.out.startswith("MAILCTL CRITICAL")


def test_the_socket_is_its_users_alone(cli, add, home):
    with scripted_imap(box(0)) as server:
        add("alarms", server)
        with checking():
            assert (home / "run" / "checker.sock").stat().st_mode & 0o777 == 0o600
            assert (home / "run").stat().st_mode & 0o777 == 0o700

    assert not (home / "run" / "checker.sock").exists()


@pytest.mark.parametrize(
    ("unread", "status"), [pytest.param(0, 0, id="nothing unread"), pytest.param(2, 1, id="something unread")]
)
def test_once_tells_a_prompt_whether_something_is_unread(cli, add, unread, status):
    with scripted_imap(box(unread)) as server:
        add("alarms", server)

        assert cli("checker", "once", "--unread-exit").status == status


def test_once_tells_a_prompt_a_failed_look_from_unread_mail(cli, add):
    with scripted_imap({"AUTHENTICATE PLAIN": REFUSED}) as bad:
        add("alarms", bad)
        refused = cli("checker", "once", "--unread-exit")
    unreachable = cli("checker", "once", "--unread-exit")

    assert (refused.status, unreachable.status) == (77, 69)


def test_once_tells_what_is_new_once(cli, add):
    with scripted_imap(box(2)) as server:
        add("alarms", server)

        first, second = ok(cli("checker", "once")), ok(cli("checker", "once"))

    assert "alarms: 2 new messages" in first.err
    assert second.err == ""


def test_once_leaves_telling_to_the_daemon_that_runs(cli, add):
    with scripted_imap(box(2)) as server:
        add("alarms", server)
        with checking() as checker:
            checker.until(lambda: checker.told)

            assert ok(cli("checker", "once")).err == ""


def test_a_test_says_which_way_it_went(cli, store):
    settings(store)

    ran = ok(cli("checker", "test", "--json"))

    assert ran.json == {"notify": "log", "title": "mailctl: a test"}
    assert "mailctl: a test" in ran.err


def test_a_test_that_nobody_sees_fails(cli, store):
    ran = cli("checker", "test")

    assert ran.status == 69
    assert ran.err.splitlines()[0] == (
        "mailctl: error: nobody displays notifications here: no D-Bus session and no desktop"
    )


def test_autostart_is_an_entry_that_starts_this_program_with_this_store(cli, store, home, tmp_path):
    ok(cli("checker", "install", "--autostart"))

    entry = (tmp_path / ".config" / "autostart" / "mailctl-checker.desktop").read_text()
    [line] = [line for line in entry.splitlines() if line.startswith("Exec=")]
    assert line.startswith(f"Exec=/usr/bin/env MAILCTL_HOME={home} ")
    assert line.endswith("mailctl-checker --store " + str(store))

    assert "removed" in ok(cli("checker", "uninstall")).err
    assert "nothing is installed" in ok(cli("checker", "uninstall")).err


def test_without_systemd_install_says_what_else_there_is(cli, store):
    ran = cli("checker", "install")

    assert ran.status == 69
    assert "systemctl --user daemon-reload" in ran.err
    assert "mailctl checker install --autostart" in ran.err
