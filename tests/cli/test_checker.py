"""`mailctl checker once` and `mailctl-checker` without servers: who is looked at, and how a failed look is told."""

import pytest

from conftest import ok
from mailctl import __version__
from mailctl.checker.main import main

WATCH = ("--checker-only", "--imap-host", "localhost", "--imap-port", "1", "--no-discover")


@pytest.fixture
def watched(cli, store):
    """An account that is watched and one that is not; both lack a password."""
    ok(cli("account", "add", "watch", "--address", "w@firm.example", *WATCH, "--password-env", "WATCH_PASSWORD"))
    ok(cli("account", "add", "used", "--address", "u@firm.example", "--imap-host", "x", "--smtp-host", "x",
           "--password-env", "USED_PASSWORD"))  # fmt: skip
    return store


def test_without_a_watched_account_there_is_nothing_to_say(cli, store):
    ran = cli("checker", "once")

    assert (ran.status, ran.out) == (0, "")
    assert ran.err == "no watched account that you may read\n"
    assert ok(cli("checker", "once", "--json")).json == []


def test_only_watched_accounts_are_looked_at(cli, watched):
    ran = cli("checker", "once")

    assert [row[0] for row in ran.rows] == ["watch"]


def test_a_failed_look_says_why_and_ends_with_one(cli, watched):
    ran = cli("checker", "once")

    [[account, state, unread, _, problem]] = ran.rows
    assert (account, state, unread) == ("watch", "failed", "")
    assert problem == "no password for 'watch': the variable 'WATCH_PASSWORD' is not set"
    assert ran.status == 1
    assert ran.err.splitlines()[0] == "mailctl: error: could not look at 1 of 1 accounts: watch"


def test_json_has_the_keys_of_the_daemons_status(cli, watched):
    ran = cli("checker", "once", "--json")

    [look] = ran.json
    assert set(look) == {"account", "state", "unread", "last_look", "next_look", "last_error"}
    assert (look["state"], look["unread"], look["next_look"]) == ("failed", None, None)


def test_who_may_not_read_an_account_does_not_look_at_it(cli, watched):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))
    ok(cli("rights", "grant", "watch", "bob", "send"))

    assert ok(cli("--as", "bob", "checker", "once")).out == ""


def test_a_broken_account_file_is_warned_about_and_stops_no_look(cli, watched):
    (watched / "accounts" / "broken.toml").write_text("address = ")
    (watched / "accounts" / "broken.toml").chmod(0o600)

    ran = cli("checker", "once")

    assert [row[0] for row in ran.rows] == ["watch"]
    assert "mailctl: warning: accounts/broken.toml:1:" in ran.err


def test_the_program_tells_a_failed_look_on_stderr(watched, capfd):
    status = main(["--once"])

    said = capfd.readouterr()
    assert (status, said.out) == (1, "")
    assert said.err == (
        "mailctl-checker: error: watch: no password for 'watch': the variable 'WATCH_PASSWORD' is not set\n"
    )


def test_the_program_says_that_there_is_no_store(home, capfd):
    status = main(["--store", str(home / "nowhere")])

    assert status == 78
    assert capfd.readouterr().err.splitlines()[0] == f"mailctl-checker: error: no store in {home / 'nowhere'}"


def test_the_program_heeds_the_variable_for_the_store(home, capfd, monkeypatch):
    monkeypatch.setenv("MAILCTL_STORE", str(home / "elsewhere"))

    assert main([]) == 78
    assert "elsewhere" in capfd.readouterr().err


@pytest.mark.parametrize(("words", "status"), [(["--version"], 0), (["--help"], 0), (["--interval"], 2)])
def test_the_program_explains_itself(words, status, capfd):
    with pytest.raises(SystemExit) as caught:
        main(words)

    said = capfd.readouterr()
    assert caught.value.code == status
    assert "mailctl-checker" in said.out + said.err
    assert status or "usage:" in said.out or __version__ in said.out
