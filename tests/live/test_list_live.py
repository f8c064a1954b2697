"""Lists what a real server's folder holds just now: nothing is fetched, nothing is marked."""

import pytest

from conftest import ok
from support.mirror import accounts, fetch, files, note

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


def listed(cli, *words):
    return [(one["id"], one["uid"], one["subject"]) for one in ok(cli("list", "--live", "--json", *words)).json]


def test_what_was_not_fetched_is_listed_by_folder_and_uid(cli, home, mail, account, tmp_path):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    mail.deliver("alice", note(2))

    ran = ok(cli("--trace", str(tmp_path / "trace"), "list", "--live"))

    assert [[row[0], row[4], row[5], row[-1]] for row in ran.rows] == [
        ["", "INBOX", "2", "Plans 2"],
        ["1", "INBOX", "1", "Plans 1"],
    ]
    assert len(files(home)) == 1
    assert mail.flags("alice") == [frozenset(), frozenset()]
    asked = [line.split()[2] for line in (tmp_path / "trace").read_text().splitlines() if " ~> " in line]
    assert "EXAMINE" in asked
    assert {"SELECT", "STORE", "LIST"}.isdisjoint(asked)
    assert asked.count("AUTHENTICATE") + asked.count("LOGIN") <= 1


def test_only_the_newest_and_only_the_unread(cli, mail, account):
    account()
    for number in range(1, 5):
        mail.deliver("alice", note(number), flags=("\\Seen",) if number == 4 else ())

    assert listed(cli, "-n", "2") == [(None, 4, "Plans 4"), (None, 3, "Plans 3")]
    assert listed(cli, "--unread", "-n", "1") == [(None, 3, "Plans 3")]


def test_another_folder_by_its_name_in_any_form(cli, mail, account):
    account()
    with mail.imap("alice") as box:
        box.create("&AMk-tudes")
        box.append("&AMk-tudes", "", None, note(1))

    assert listed(cli, "--folder", "Études") == listed(cli, "--folder", "E\u0301tudes") == [(None, 1, "Plans 1")]


def test_an_empty_folder_is_an_empty_list(cli, mail, account):
    account()

    assert listed(cli) == []


def test_an_unknown_folder_names_the_near_one(cli, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Projets")

    ran = cli("list", "--live", "--folder", "Projet")

    assert ran.status == 67
    assert "did you mean 'Projets'?" in ran.err


def test_a_folder_that_only_some_accounts_have(cli, mail, account):
    account()
    account("other", user="bob")
    mail.deliver("bob", note(1), folder="Projets")

    assert listed(cli, "--folder", "Projets") == [(None, 1, "Plans 1")]


def test_an_account_that_cannot_be_asked_leaves_the_others(cli, mail, account):
    account()
    account("other", user="bob")
    mail.deliver("alice", note(1))
    ok(cli("account", "set", "other", "incoming.port=1"))

    both = cli("list", "--live")

    assert (both.status, cli("list", "--live", "-a", "other").status) == (1, 69)
    assert [row[-1] for row in both.rows] == ["Plans 1"]
    assert "could not ask 1 of the accounts: other" in both.err


def test_conversations_are_not_asked_for(cli, mail, account):
    account()

    assert cli("list", "--live", "--thread").status == 2
