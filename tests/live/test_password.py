"""`mailctl password check` logs in at real servers, and says at which one it failed."""

import pytest

from conftest import ok

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail):
    """An account of alice's, its password in a variable."""
    ok(cli("account", "add", "contact", "--address", mail.address("alice"), "--imap-host", mail.host,
           "--imap-port", str(mail.imaps_port), "--imap-security", "tls", "--smtp-host", mail.host,
           "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file),
           "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
    return "contact"


def test_the_right_password_is_taken_at_both_servers(cli, mail, account):
    ran = ok(cli("password", "check", account, CONTACT_PASSWORD=mail.password))

    assert [(row[0], row[3]) for row in ran.rows] == [("imap", "yes"), ("smtp", "yes")]


def test_a_wrong_password_is_refused_at_both_and_never_shown(cli, account):
    ran = cli("password", "check", account, "--json", CONTACT_PASSWORD="wrong-hunter2")

    assert ran.status == 77
    assert [login["code"] for login in ran.json] == ["login-refused", "login-refused"]
    assert "hunter2" not in ran.out + ran.err


def test_an_unreachable_server_is_told_apart_from_the_one_that_works(cli, mail, account):
    ok(cli("account", "set", account, "outgoing.port=1"))

    ran = cli("password", "check", account, "--json", CONTACT_PASSWORD=mail.password)

    assert ran.status == 69
    assert [(login["service"], login["ok"]) for login in ran.json] == [("imap", True), ("smtp", False)]


def test_a_watched_account_is_only_tried_at_imap(cli, mail, account):
    ok(cli("account", "set", account, "checker_only=true"))

    ran = ok(cli("password", "check", account, CONTACT_PASSWORD=mail.password))

    assert [row[0] for row in ran.rows] == ["imap"]


def test_trying_a_password_takes_the_right_to_read(cli, mail, account):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))

    ran = cli("--as", "bob", "password", "check", account, CONTACT_PASSWORD=mail.password)

    assert ran.status == 77
    assert "the right 'read' is missing" in ran.err


def test_who_wants_to_know_more_hears_of_each_connection(cli, mail, account):
    ran = ok(cli("-v", "password", "check", account, "--json", CONTACT_PASSWORD=mail.password))

    assert f"=== Connected to {mail.host}:{mail.imaps_port}." in ran.err.splitlines()
    assert all(line.startswith("=== ") for line in ran.err.splitlines())
    assert [login["ok"] for login in ran.json] == [True, True]


def test_who_wants_to_know_still_more_hears_all_but_the_secret(cli, mail, account):
    ran = ok(cli("-vv", "password", "check", account, CONTACT_PASSWORD=mail.password))

    assert " ~> AUTHENTICATE PLAIN … " in ran.err
    assert "235 2.7.0 Authentication successful" in ran.err
    assert mail.password not in ran.err


def test_who_does_not_ask_hears_nothing(cli, mail, account):
    assert ok(cli("password", "check", account, CONTACT_PASSWORD=mail.password)).err == ""
