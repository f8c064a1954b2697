"""What stays in the mirror though a real Dovecot has it no more, and what other programs laid there."""

import mailbox

import pytest

from conftest import ok
from support.mirror import accounts, fetch, files, note, rows

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


def lay(home, raw, folder="INBOX"):
    """Let another program save a message into a mirror; its file."""
    box = mailbox.Maildir(home / "data/mail/contact" / folder, create=False)
    return box.add(mailbox.MaildirMessage(raw.replace(b"\r\n", b"\n")))


def remove(mail, uids, folder="INBOX"):
    """Remove messages on the server."""
    with mail.imap("alice") as box:
        box.select(folder)
        box.uid("STORE", uids, "+FLAGS", "(\\Deleted)")
        box.expunge()


def number_anew(mail, folder, *messages):
    """Let the server's folder be another one of the same name."""
    with mail.imap("alice") as box:
        box.delete(folder)
    for raw in messages:
        mail.deliver("alice", raw, folder=folder)


# -- what another program saved there


def test_what_another_program_saved_into_a_mirror_stays_when_the_folder_is_numbered_anew(cli, home, mail, account):
    account()
    for number in (1, 2):
        mail.deliver("alice", note(number), folder="Projets")
    fetch(cli)
    key = lay(home, note(9, body="saved by another program"), "Projets")

    number_anew(mail, "Projets", note(1))
    result = fetch(cli)
    again = fetch(cli)

    assert (result["new"], result["removed"], again["removed"]) == (0, 1, 0)
    assert any(file.name.startswith(key) for file in files(home, "Projets"))
    assert sorted(rows(home, folder="Projets")) == [("Plans 1",), ("Plans 9",)]
    assert [one["subject"] for one in ok(cli("search", "saved", "--json")).json] == ["Plans 9"]
    assert mail.messages("alice", "Projets") == [note(1)]


def test_what_another_program_saved_outlives_the_folder_on_the_server(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Projets")
    fetch(cli)
    lay(home, note(9), "Projets")

    with mail.imap("alice") as box:
        box.delete("Projets")
    fetch(cli)
    result = fetch(cli)

    assert result["removed"] == 0
    assert [b"Subject: Plans 9\n" in file.read_bytes() for file in files(home, "Projets")] == [True]
    assert [one["subject"] for one in ok(cli("list", "--folder", "Projets", "--json")).json] == ["Plans 9"]


def test_a_saved_copy_of_what_the_server_has_stands_for_it_and_is_there_once(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    for file in (home / "data").glob("index.sqlite*"):
        file.unlink()
    [file] = files(home)
    lay(home, file.read_bytes())
    file.unlink()

    result = fetch(cli)

    assert (result["new"], result["removed"]) == (0, 0)
    assert rows(home, "uid, subject") == [(1, "Plans 1")]
    remove(mail, "1")
    assert fetch(cli)["removed"] == 1
    assert files(home) == []
