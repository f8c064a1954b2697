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


# -- what is linked to an affair


@pytest.fixture
def linked(cli, mail, account):
    """Three fetched messages in Projets, the second linked to an affair, the third too though it has no Message-ID."""
    account()
    for raw in (note(1), note(2, body="the signed plan"), b"Subject: Plans 3\r\nFrom: bob@mail.test\r\n\r\nbare\r\n"):
        mail.deliver("alice", raw, folder="Projets")
    fetch(cli)
    ok(cli("affair", "add", "2026-014", "--title", "Quai Nord"))
    ok(cli("affair", "link", "2026-014", *ids(cli, "Plans 2", "Plans 3")))


def ids(cli, *subjects):
    """The numbers of messages."""
    found = {one["subject"]: str(one["id"]) for one in ok(cli("list", "--folder", "Projets", "--json")).json}
    return [found[subject] for subject in subjects]


def here(cli, folder="Projets"):
    """What is listed of a folder."""
    return sorted(one["subject"] for one in ok(cli("list", "--folder", folder, "--json")).json)


def test_what_is_linked_stays_when_the_server_has_it_no_more(cli, home, mail, linked):
    numbers = ids(cli, "Plans 2", "Plans 3")

    remove(mail, "1:3", "Projets")
    first, again = fetch(cli), fetch(cli)

    assert (first["removed"], again["removed"]) == (1, 0)
    assert here(cli) == ["Plans 2", "Plans 3"]
    assert ids(cli, "Plans 2", "Plans 3") == numbers
    assert [one["subject"] for one in ok(cli("search", "signed", "--json")).json] == ["Plans 2"]
    assert "the signed plan" in ok(cli("read", numbers[0])).out
    assert len(files(home, "Projets")) == 2


def test_what_is_linked_stays_when_the_folder_is_numbered_anew_and_is_recognised_when_it_comes_back(
    cli, home, mail, linked
):
    number_anew(mail, "Projets", note(4))
    fetch(cli)
    between = here(cli)

    number_anew(mail, "Projets", note(2, body="the signed plan"))
    result = fetch(cli)

    assert between == ["Plans 2", "Plans 3", "Plans 4"]
    assert (result["new"], result["removed"]) == (0, 1)
    assert sorted(rows(home, "uid IS NULL, subject", folder="Projets")) == [(0, "Plans 2"), (1, "Plans 3")]


def test_what_is_linked_stays_when_the_folder_is_gone_and_so_does_the_folder_here(cli, home, mail, linked):
    with mail.imap("alice") as box:
        box.delete("Projets")
    first, again = fetch(cli), fetch(cli)
    kept = here(cli)
    ok(cli("affair", "unlink", "2026-014", *ids(cli, "Plans 2", "Plans 3")))
    last = fetch(cli)

    assert (first["removed"], again["removed"], last["removed"]) == (1, 0, 2)
    assert kept == ["Plans 2", "Plans 3"]
    assert not (home / "data/mail/contact/Projets").exists()
    assert cli("list", "--folder", "Projets").status == 67


def test_what_is_linked_no_more_goes_with_the_next_change_of_its_folder(cli, home, mail, linked):
    remove(mail, "2", "Projets")
    fetch(cli)
    ok(cli("affair", "unlink", "2026-014", *ids(cli, "Plans 2")))
    mail.deliver("alice", note(4), folder="Projets")

    result = fetch(cli)

    assert (result["new"], result["removed"]) == (1, 1)
    assert here(cli) == ["Plans 1", "Plans 3", "Plans 4"]


@pytest.mark.parametrize("target", ["Aaa", "Zzz"], ids=["to one fetched before", "to one fetched after"])
def test_what_is_linked_and_was_moved_on_the_server_is_there_once(cli, mail, linked, target):
    with mail.imap("alice") as box:
        box.create(target)
        box.select("Projets")
        box.uid("MOVE", "2:3", target)

    result = fetch(cli)

    assert (result["new"], result["removed"]) == (2, 2)
    assert here(cli) == ["Plans 1"]
    assert here(cli, target) == ["Plans 2", "Plans 3"]
    remove(mail, "1:2", target)
    fetch(cli)
    assert here(cli, target) == ["Plans 2", "Plans 3"]


def test_what_is_linked_stays_when_the_index_is_lost(cli, home, mail, linked):
    remove(mail, "2:3", "Projets")
    fetch(cli)
    for file in (home / "data").glob("index.sqlite*"):
        file.unlink()

    result = fetch(cli)

    assert (result["new"], result["removed"]) == (0, 0)
    assert here(cli) == ["Plans 1", "Plans 2", "Plans 3"]


def test_while_the_links_cannot_be_read_nothing_is_removed(cli, home, mail, linked):
    [file] = (home / "store/affairs").glob("*.links")
    before = file.read_bytes()
    file.write_bytes(b"\xff\xfe")
    remove(mail, "1:3", "Projets")
    ran = ok(cli("fetch", "--json"))
    between = here(cli)

    file.write_bytes(before)
    mail.deliver("alice", note(4), folder="Projets")
    fetch(cli)

    assert ran.json[0]["removed"] == 0
    assert ".links" in ran.err
    assert between == ["Plans 1", "Plans 2", "Plans 3"]
    assert here(cli) == ["Plans 2", "Plans 3", "Plans 4"]


def test_what_is_on_this_machine_only_is_read_and_not_organized(cli, mail, linked):
    remove(mail, "2", "Projets")
    fetch(cli)
    [number] = ids(cli, "Plans 2")

    assert ok(cli("read", number)).err == ""
    for command in (["flag", number, "--flagged"], ["move", number, "INBOX"], ["delete", number]):
        ran = cli(*command)
        assert ran.status == 67
        assert "on this machine only" in ran.err
