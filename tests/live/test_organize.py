"""Flags, moves and deletes mail of a real Dovecot: on the server first, then here, and nothing is fetched again."""

import pytest

from conftest import LOGIN, ok
from mailctl.remote.imap import ImapSession
from support.mirror import accounts, fetch, files, note, rows

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


@pytest.fixture
def three(cli, mail, account):
    """Three fetched messages, their numbers 1 to 3."""
    account()
    for number in (1, 2, 3):
        mail.deliver("alice", note(number), flags=("\\Seen",) if number == 2 else ())
    fetch(cli)


def subjects(mail, folder="INBOX"):
    return [line for raw in mail.messages("alice", folder) for line in raw.decode().split("\r\n") if "Subject" in line]


def fetched_bodies(cli, tmp_path):
    """What the next fetch does, and whether it brought any message's text."""
    trace = tmp_path / "trace-of-fetch"
    [result] = ok(cli("--trace", str(trace), "fetch", "--json")).json
    return {name: result[name] for name in ("new", "changed", "removed")}, "BODY.PEEK[]" in trace.read_text()


NOTHING = ({"new": 0, "changed": 0, "removed": 0}, False)


def test_flags_are_set_there_and_here(cli, home, mail, three, tmp_path):
    ran = ok(cli("flag", "1", "3", "--seen", "--flagged", "--json"))

    assert ran.json == [{"id": number, "account": "contact", "folder": "INBOX", "done": True, "code": None,
                         "error": None} for number in (1, 3)]  # fmt: skip
    assert mail.flags("alice") == [{"\\Seen", "\\Flagged"}, {"\\Seen"}, {"\\Seen", "\\Flagged"}]
    assert rows(home, "flags") == [("\\Flagged \\Seen",), ("\\Seen",), ("\\Flagged \\Seen",)]
    assert sorted(file.name.rpartition(",")[2] for file in files(home)) == ["FS", "FS", "S"]
    assert fetched_bodies(cli, tmp_path) == NOTHING


def test_flags_are_taken_there_and_here(cli, home, mail, three, tmp_path):
    ok(cli("flag", "2", "--unseen"))

    assert mail.flags("alice") == [frozenset()] * 3
    assert rows(home, "seen") == [(0,), (0,), (0,)]
    assert fetched_bodies(cli, tmp_path) == NOTHING


def test_what_a_reader_did_to_the_file_meanwhile_stays(cli, home, mail, three):
    [file] = [one for one in files(home) if b"Plans 1\n" in one.read_bytes()]
    file.rename(file.parent.parent / "cur" / f"{file.name}:2,R")

    ok(cli("flag", "1", "--flagged"))

    assert sorted(one.name.rpartition(",")[2] for one in files(home) if ":2," in one.name) == ["FR", "S"]
    assert mail.flags("alice")[0] == {"\\Flagged"}


def test_without_a_flag_there_is_nothing_to_do(cli, three):
    ran = cli("flag", "1")

    assert ran.status == 2
    assert "--seen" in ran.err


def test_a_moved_message_keeps_its_number_and_is_not_fetched_again(cli, home, mail, three, tmp_path):
    mail.deliver("alice", note(9), folder="Archive")
    fetch(cli)

    ran = ok(cli("move", "1", "2", "Archive"))

    assert ran.rows == [["1", "contact", "Archive", "yes", ""], ["2", "contact", "Archive", "yes", ""]]
    assert subjects(mail) == ["Subject: Plans 3"]
    assert subjects(mail, "Archive") == ["Subject: Plans 9", "Subject: Plans 1", "Subject: Plans 2"]
    assert rows(home, "messages.id, uid, seen", "Archive") == [(4, 1, 0), (1, 2, 0), (2, 3, 1)]
    assert (len(files(home)), len(files(home, "Archive"))) == (1, 3)
    assert fetched_bodies(cli, tmp_path) == NOTHING
    assert "Subject: Plans 1" in ok(cli("read", "1", "--headers")).out
    assert [one["folder"] for one in ok(cli("search", "subject:plans", "in:Archive", "--json")).json] == ["Archive"] * 3


def test_a_moved_message_is_known_where_the_folder_was_never_fetched(cli, home, mail, three, tmp_path):
    mail.deliver("alice", note(9), folder="Archive")

    ok(cli("move", "1", "Archive"))

    assert [one.name for one in files(home, "Archive")]
    counts, _ = fetched_bodies(cli, tmp_path)
    assert counts == {"new": 1, "changed": 0, "removed": 0}
    assert rows(home, "subject", "Archive") == [("Plans 9",), ("Plans 1",)]
    assert len(files(home, "Archive")) == 2


def test_a_message_that_came_meanwhile_is_fetched_beside_a_moved_one(cli, home, mail, three, tmp_path):
    mail.deliver("alice", note(8), folder="Archive")
    fetch(cli)
    mail.deliver("alice", note(9), folder="Archive")

    ok(cli("move", "1", "Archive"))
    counts, _ = fetched_bodies(cli, tmp_path)

    assert counts == {"new": 1, "changed": 0, "removed": 0}
    assert rows(home, "uid, subject", "Archive") == [(1, "Plans 8"), (2, "Plans 9"), (3, "Plans 1")]
    assert len(files(home, "Archive")) == 3


@pytest.mark.parametrize("step", ["move_files", "move_rows"])
def test_stopped_between_server_and_mirror_the_next_fetch_makes_it_good(cli, home, mail, three, monkeypatch, step):
    def stop(*words, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"mailctl.local.moving.{step}", stop)
        ran = cli("move", "1", "2", "Junk")

    fetch(cli)

    assert ran.status == 130
    assert rows(home) == [("Plans 3",)]
    assert rows(home, "uid, subject, seen", "Junk") == [(1, "Plans 1", 0), (2, "Plans 2", 1)]
    assert (len(files(home)), len(files(home, "Junk"))) == (1, 2)
    assert len(ok(cli("search", "subject:plans", "--json")).json) == 3


def test_stopped_before_what_is_removed_goes_here_the_next_fetch_makes_it_good(cli, home, mail, three, monkeypatch):
    def stop(*words, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mailctl.local.moving.remove_rows", stop)
        cli("delete", "1", "--expunge", "--yes")

    fetch(cli)

    assert rows(home) == [("Plans 2",), ("Plans 3",)]
    assert len(files(home)) == 2


def test_moved_where_it_is_nothing_happens(cli, mail, three, tmp_path):
    ok(cli("move", "1", "INBOX"))

    assert len(subjects(mail)) == 3
    assert fetched_bodies(cli, tmp_path) == NOTHING


def test_an_unknown_folder_is_an_error_that_names_the_near_one(cli, mail, three):
    ran = cli("move", "1", "Snet")

    assert ran.status == 67
    assert ran.err.startswith("mailctl: error: 'contact' has no folder 'Snet'\nhint: did you mean 'Sent'?")
    assert len(subjects(mail)) == 3


def test_delete_moves_into_trash(cli, home, mail, three, tmp_path):
    ok(cli("delete", "2"))

    assert subjects(mail) == ["Subject: Plans 1", "Subject: Plans 3"]
    assert subjects(mail, "Trash") == ["Subject: Plans 2"]
    assert mail.flags("alice", "Trash") == [{"\\Seen"}]
    assert [one["id"] for one in ok(cli("list", "--folder", "Trash", "--json")).json] == [2]
    assert fetched_bodies(cli, tmp_path) == NOTHING


def test_what_lies_in_trash_is_removed_only_when_told(cli, mail, three):
    ok(cli("delete", "1"))

    again = cli("delete", "1")
    unasked = cli("delete", "1", "--expunge")
    ok(cli("delete", "1", "--expunge", "--yes"))

    assert (again.status, unasked.status) == (73, 2)
    assert "--expunge removes them for good" in again.err
    assert subjects(mail, "Trash") == []


def test_expunge_removes_there_and_here_and_nothing_else(cli, home, mail, three, tmp_path):
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "+FLAGS", "\\Deleted")

    ok(cli("delete", "3", "--expunge", "--yes"))

    assert subjects(mail) == ["Subject: Plans 1", "Subject: Plans 2"]
    assert rows(home) == [("Plans 1",), ("Plans 2",)]
    assert len(files(home)) == 2
    assert cli("read", "3").status == 67
    assert fetched_bodies(cli, tmp_path) == ({"new": 0, "changed": 1, "removed": 0}, False)


def test_one_login_does_for_all_messages_of_an_account(cli, mail, three, tmp_path):
    ok(cli("--trace", str(tmp_path / "trace"), "flag", "1", "2", "3", "--flagged"))

    said = (tmp_path / "trace").read_text()
    assert said.count("UID STORE") == 1
    assert said.count(" SELECT ") == 1


def test_a_folder_numbered_anew_is_left_alone(cli, mail, three):
    mail.deliver("alice", note(4), folder="Plans")
    fetch(cli)
    with mail.imap("alice") as box:
        box.delete("Plans")
    mail.deliver("alice", note(7), folder="Plans")

    ran = cli("flag", "4", "--flagged")

    assert ran.status == 75
    assert "numbered 'Plans' of 'contact' anew" in ran.err
    assert mail.flags("alice", "Plans") == [frozenset()]


def test_some_failed_and_some_did_not(cli, mail, three, account, home):
    account("other", user="bob")
    mail.deliver("bob", note(5))
    fetch(cli, "-a", "other")
    ok(cli("account", "set", "other", "incoming.port=1"))

    ran = cli("flag", "1", "4", "--flagged")

    assert ran.status == 1
    assert [row[:4] for row in ran.rows] == [["1", "contact", "INBOX", "yes"], ["4", "other", "INBOX", "no"]]
    assert "1 of 2 messages are as they were: 4: cannot reach" in ran.err


@pytest.mark.parametrize("command", [("flag", "1", "--seen"), ("move", "1", "Archive"), ("delete", "1"),
                                     ("delete", "1", "--expunge", "--yes")])  # fmt: skip
def test_who_may_only_read_organizes_nothing(cli, mail, three, command):
    ok(cli("collaborator", "add", "ann", "--name", "Ann", "--email", "ann@mail.test", "--login", LOGIN))
    ok(cli("rights", "grant", "contact", "ann", "read"))

    ran = cli(*command)

    assert ran.status == 77
    assert "the right 'organize' is missing" in ran.err
    assert len(subjects(mail)) == 3


def test_an_unknown_number_stops_all_of_it(cli, mail, three):
    assert cli("flag", "1", "99", "--flagged").status == 67
    assert mail.flags("alice")[0] == frozenset()


# -- servers that know less


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param({"MOVE"}, id="without MOVE"),
        pytest.param({"MOVE", "UIDPLUS"}, id="without UID EXPUNGE"),
    ],
)
def test_an_older_server_moves_and_removes_too(cli, home, mail, three, monkeypatch, lacking):
    monkeypatch.setattr(ImapSession, "capabilities", frozenset({"CONDSTORE", "UIDPLUS", "SPECIAL-USE"}) - lacking)

    ok(cli("move", "1", "Junk"))
    ok(cli("delete", "2", "--expunge", "--yes"))

    assert subjects(mail) == ["Subject: Plans 3"]
    assert subjects(mail, "Junk") == ["Subject: Plans 1"]
    assert mail.flags("alice", "Junk") == [frozenset()]
    assert fetch(cli)["new"] == 0
    assert rows(home, "uid, subject", "Junk") == [(1, "Plans 1")]


def test_what_others_marked_as_deleted_is_never_removed_along(cli, mail, three, monkeypatch):
    monkeypatch.setattr(ImapSession, "capabilities", frozenset({"CONDSTORE"}))
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("2", "+FLAGS", "\\Deleted")

    ran = cli("move", "1", "Junk")

    assert ran.status == 76
    assert "other messages are too" in ran.err
    assert len(subjects(mail)) == 3
    assert mail.messages("alice", "Junk") == []


# -- folders


def test_folders_are_listed_with_their_use_and_their_numbers(cli, mail, three):
    mail.deliver("alice", note(4), folder="Clients")

    found = {one["name"]: one for one in ok(cli("folders", "--json")).json}

    assert found["INBOX"] == {"account": "contact", "name": "INBOX", "use": "inbox", "messages": 3, "unseen": 2,
                              "fetched": True}  # fmt: skip
    assert (found["Sent"]["use"], found["Trash"]["use"]) == ("sent", "trash")
    assert (found["Clients"]["use"], found["Clients"]["messages"], found["Clients"]["fetched"]) == (None, 1, False)


def test_folders_of_the_accounts_that_can_be_asked_are_listed(cli, mail, three, account):
    account("other", user="bob")
    ok(cli("account", "set", "other", "incoming.port=1"))

    ran = cli("folders")

    assert ran.status == 1
    assert {row[1] for row in ran.rows} == {"contact"}
    assert "could not ask 1 of the accounts: other" in ran.err
    assert cli("folders", "-a", "other").status == 69


def test_a_folder_is_made_below_another_and_subscribed_to(cli, mail, three):
    made = ok(cli("folders", "--create", "Clients/Été", "--json")).json

    assert [(one["name"].replace(".", "/"), one["messages"]) for one in made] == [("Clients/Été", 0)]
    with mail.imap("alice") as box:
        assert any(b"&AMk-t&AOk-" in line for line in box.lsub()[1])
    ok(cli("move", "1", "Clients/Été"))
    assert ok(cli("list", "--folder", made[0]["name"])).rows[0][0] == "1"
    assert cli("folders", "--create", "Clients/Été").status == 73


def test_making_a_folder_needs_organize(cli, mail, three):
    ok(cli("collaborator", "add", "ann", "--name", "Ann", "--email", "ann@mail.test", "--login", LOGIN))
    ok(cli("rights", "grant", "contact", "ann", "read"))

    assert ok(cli("folders", "-a", "contact")).rows
    assert cli("folders", "-a", "contact", "--create", "X").status == 77
