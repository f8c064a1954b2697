"""A renamed account keeps mail, index, outbox, password, wherever it is killed; a removed one leaves or takes them."""

import os
import subprocess
import sys

import pytest

from conftest import LOGIN, ok
from mailctl.domain.announce import Mark
from mailctl.local.marks import Marks
from support import memory_keyring
from support.scripted_imap import folder_of, scripted_imap
from support.workstation import Workstation, git

NOTES = [b"From: anna@x.example\r\nSubject: Plans %d\r\nMessage-ID: <%d@x>\r\n\r\nHello\r\n" % (n, n) for n in (1, 2)]
DIE_IN = """
import os, sys
from mailctl.cli.main import main
from mailctl.loading import load
place, before = sys.argv[1], sys.argv[2] == "before"
module, _, path = place.partition(":")
*owner, name = path.split(".")
thing = load(f"{module}:{owner[0]}") if owner else __import__(module, fromlist=["x"])
real = getattr(thing, name)
def deadly(*arguments, **named):
    if not before:
        real(*arguments, **named)
    os.kill(os.getpid(), 9)
setattr(thing, name, deadly)
main(sys.argv[3:])
"""
STEPS = [
    "mailctl.local.moves:Moves.note",
    "mailctl.store.change:Change.commit",
    "mailctl.store.writing:replay",
    "mailctl.services.account_mail:bring",
    "mailctl.local.index:Index.rename_account",
    "mailctl.local.outbox:Outbox.rename_account",
    "mailctl.local.moves:Moves.forget",
]


@pytest.fixture
def fetched(cli, store, monkeypatch):
    """The account `contact`: two fetched messages, and one that waits in the outbox for a server that is not there."""
    monkeypatch.setenv("FIRM_PASSWORD", "secret")
    with scripted_imap(folder_of(NOTES)) as server:
        ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--imap-host", "127.0.0.1",
               "--imap-port", str(server.port), "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port",
               "1", "--smtp-security", "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip
        ok(cli("fetch"))
        yield server


def listed(cli, account="office"):
    return {(one["id"], one["subject"], one["account"]) for one in ok(cli("list", "-a", account, "--json")).json}


def waiting(cli):
    return [one["account"] for one in ok(cli("outbox", "list", "--json")).json]


def queue(cli):
    assert cli("send", "anna@x.example", "-s", "Plans", "-a", "contact", input="Hello").status == 75


def test_fetched_mail_keeps_its_numbers_and_is_not_fetched_again(cli, fetched, home):
    before = listed(cli, "contact")
    bodies = len(fetched.commands("UID FETCH"))

    ok(cli("account", "rename", "contact", "office"))

    assert listed(cli) == {(number, subject, "office") for number, subject, _ in before}
    assert not (home / "data/mail/contact").exists()
    [again] = ok(cli("fetch", "--json")).json
    assert (again["account"], again["new"]) == ("office", 0)
    assert not [line for line in fetched.commands("UID FETCH")[bodies:] if "BODY.PEEK[]" in line]
    assert "Hello" in ok(cli("read", str(min(before)[0]))).out


@pytest.mark.parametrize("name", ["cur", "new", "tmp"])
def test_names_that_a_maildir_reserves_are_no_exception(cli, fetched, name):
    ok(cli("account", "rename", "contact", name))
    ok(cli("account", "rename", name, "office"))

    assert len(listed(cli)) == 2


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_it_is_done_by_doing_it_again(cli, fetched, home, step, moment):
    queue(cli)
    before = listed(cli, "contact")
    killed = subprocess.run(
        [sys.executable, "-c", DIE_IN, step, moment, "account", "rename", "contact", "office"],
        check=False, capture_output=True, env=dict(os.environ),
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr

    ran = cli("account", "rename", "contact", "office")

    done_already = step.endswith("forget") and moment == "after"
    assert ran.status == (67 if done_already else 0), ran.err
    assert listed(cli) == {(number, subject, "office") for number, subject, _ in before}
    assert waiting(cli) == ["office"]
    assert sorted(path.name for path in (home / "data").iterdir() if "renamed" in path.name) == []


def test_what_the_checker_told_follows_too(cli, fetched, home):
    marks = Marks(home / "state/checker")
    marks.save("contact", Mark())

    ok(cli("account", "rename", "contact", "office"))

    assert [path.name for path in (home / "state/checker").iterdir()] == ["office.json"]


def test_the_next_fetch_repairs_it_too(cli, fetched):
    before = listed(cli, "contact")
    subprocess.run(
        [sys.executable, "-c", DIE_IN, STEPS[3], "before", "account", "rename", "contact", "office"],
        check=False, capture_output=True, env=dict(os.environ),
    )  # fmt: skip

    [ran] = ok(cli("fetch", "--json")).json

    assert (ran["account"], ran["new"]) == ("office", 0)
    assert {one[0] for one in listed(cli)} == {one[0] for one in before}


def test_a_rename_that_is_refused_leaves_no_note(cli, fetched, home):
    ok(cli("account", "add", "other", "--address", "o@firm.example", "--provider", "ovh"))

    assert cli("account", "rename", "contact", "other").status == 73
    assert cli("account", "rename", "contact", "a/b").status == 65
    assert cli("account", "rename", "nosuch", "more").status == 67
    assert not (home / "data/renamed.json").exists()
    assert len(listed(cli, "contact")) == 2


def test_the_password_stays_where_it_is_under_login_and_server(cli, fetched, monkeypatch):
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)
    ok(cli("account", "set", "contact", "auth.secret=keyring"))
    ok(cli("password", "set", "contact", input="secret\n"))
    before = dict(memory_keyring.kept)

    ok(cli("account", "rename", "contact", "office"))

    assert ok(cli("fetch", "--json")).json[0]["account"] == "office"
    assert memory_keyring.kept == before
    assert {user for _, user in before} == {"contact@firm.example@127.0.0.1"}


def test_a_rename_elsewhere_brings_mail_here_along(cli, fetched, store, tmp_path):
    ok(cli("collaborator", "add", "ops", "--name", "Ops", "--email", "o@firm.example", "--login", LOGIN))
    ok(cli("rights", "grant", "contact", "ops", "manage"))
    ok(cli("init", "--git"))
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "hub.git"], check=True)
    git(store, "remote", "add", "origin", tmp_path / "hub.git")
    ok(cli("store", "sync"))
    subprocess.run(["git", "clone", "-q", "-b", "main", tmp_path / "hub.git", tmp_path / "there"], check=True)
    subprocess.run(["chmod", "-R", "go-rwx", tmp_path / "there"], check=True)
    there = Workstation(cli, tmp_path / "there")
    queue(cli)
    before = listed(cli, "contact")
    git(there.root, "mv", "accounts/contact.toml", "accounts/office.toml")
    git(there.root, "commit", "-qm", "rename")
    git(there.root, "push", "-q")

    ok(cli("store", "sync"))

    assert listed(cli) == {(number, subject, "office") for number, subject, _ in before}
    assert waiting(cli) == ["office"]


# -- removed


def test_a_removed_account_leaves_its_mail_and_says_so(cli, fetched, home):
    ran = ok(cli("account", "remove", "contact", "--yes"))

    assert "2 fetched messages (" in ran.err
    assert "mailctl account remove contact --mail" in ran.err
    assert len(list((home / "data/mail/contact/INBOX").rglob("*.*"))) == 2


def test_its_mail_goes_too_when_that_is_asked_and_how_much_is_said(cli, fetched, home):
    ran = ok(cli("account", "remove", "contact", "--mail", "--yes", "--json"))

    assert (ran.json["messages"], ran.json["mail_kept"]) == (2, False)
    assert ran.json["size"] == sum(len(note.replace(b"\r\n", b"\n")) for note in NOTES)
    assert list((home / "data/mail").iterdir()) == []
    assert cli("read", "1").status == 67


def test_mail_of_a_removed_account_can_go_later(cli, fetched, home):
    ok(cli("account", "remove", "contact", "--yes"))

    refused = cli("account", "remove", "contact", "--mail")
    gone = ok(cli("account", "remove", "contact", "--mail", "--yes"))
    again = cli("account", "remove", "contact", "--mail", "--yes")

    assert (refused.status, again.status) == (2, 67)
    assert "removed 2 fetched messages" in gone.err
    assert list((home / "data/mail").iterdir()) == []


def test_no_account_takes_the_name_under_which_anothers_mail_lies(cli, fetched):
    ok(cli("account", "remove", "contact", "--yes"))
    ok(cli("account", "add", "other", "--address", "o@firm.example", "--provider", "ovh"))

    ran = cli("account", "rename", "other", "contact")

    assert ran.status == 73
    assert "mail of a former account 'contact'" in ran.err
    assert "account remove contact --mail" in ran.err


def test_mail_in_the_outbox_keeps_an_account(cli, fetched):
    queue(cli)

    ran = cli("account", "remove", "contact", "--mail", "--yes")

    assert ran.status == 65
    assert len(listed(cli, "contact")) == 2
