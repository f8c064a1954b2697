"""`mailctl list`: what was fetched, newest first, of the accounts one may read; nothing is asked of a server."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from conftest import ok
from mailctl.local.index import Index
from mailctl.local.words import enter_words
from mailctl.services.indexing import searchable
from support.messages import PDF, PLAIN, multipart
from support.terminal import on_terminal

WHEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def mail(subject: str, *, sender: str = "Anna <anna@client.example>", day: int = 0) -> bytes:
    date = (WHEN + timedelta(days=day)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return f"From: {sender}\nTo: contact@firm.example\nSubject: {subject}\nDate: {date}\n\nText\n".encode()


def test_without_fetched_mail_it_says_how_to_fetch(cli, firm):
    ran = ok(cli("list", "-a", "contact"))

    assert (ran.out, ran.err) == ("", "no mail fetched yet: mailctl fetch -a contact\n")


def test_the_newest_comes_first(cli, firm, keep):
    keep("contact", mail("old", day=-1))
    keep("contact", mail("new", day=1))
    keep("contact", mail("middle"))

    assert [row[-1] for row in ok(cli("list")).rows] == ["new", "middle", "old"]


def test_a_line_has_number_flags_date_account_sender_and_subject(cli, firm, keep):
    number = keep("contact", mail("=?utf-8?q?D=C3=A9vis?="))

    [row] = ok(cli("list")).rows

    assert row == [str(number), "N", "2026-03-02T09:30:00Z", "contact", "Anna <anna@client.example>", "Dévis"]


@pytest.mark.parametrize(
    ("flags", "raw", "letters"),
    [
        pytest.param(set(), mail("x"), "N", id="unread"),
        pytest.param({"\\Seen"}, mail("x"), "", id="read"),
        pytest.param({"\\Seen", "\\Flagged", "\\Answered"}, mail("x"), "FR", id="flagged and answered"),
        pytest.param({"\\Seen"}, multipart("mixed", PLAIN, PDF).encode(), "A", id="with an attachment"),
    ],
)
def test_flags_are_letters(cli, firm, keep, flags, raw, letters):
    keep("contact", raw, flags=flags)

    [row] = ok(cli("list")).rows

    assert row[1] == letters


def test_json_has_the_whole_summary(cli, firm, keep):
    number = keep("contact", mail("Plans"), flags={"\\Flagged"})

    [found] = ok(cli("list", "--json")).json

    assert found == {
        "id": number, "account": "contact", "folder": "INBOX", "sender": "Anna <anna@client.example>",
        "to": "contact@firm.example", "subject": "Plans", "date": "2026-03-02T09:30:00Z", "size": len(mail("Plans")),
        "unread": True, "flagged": True, "answered": False, "has_attachment": False, "message_id": None,
        "copies": [], "thread": None, "depth": 0, "affairs": [],
    }  # fmt: skip


def test_only_what_is_unread(cli, firm, keep):
    keep("contact", mail("read"), flags={"\\Seen"})
    keep("contact", mail("unread"))

    assert [row[-1] for row in ok(cli("list", "--unread")).rows] == ["unread"]


def test_only_so_many(cli, firm, keep):
    for day in range(4):
        keep("contact", mail(f"day {day}", day=day))

    assert [row[-1] for row in ok(cli("list", "-n", "2")).rows] == ["day 3", "day 2"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999"])
def test_a_number_that_is_none_is_a_usage_error(cli, firm, number):
    assert cli("list", "-n", number).status == 2


def test_another_folder_by_its_name(cli, firm, keep):
    keep("contact", mail("received"))
    keep("contact", mail("sent"), folder="Éléments envoyés")

    assert [row[-1] for row in ok(cli("list", "--folder", "Éléments envoyés")).rows] == ["sent"]
    assert [row[-1] for row in ok(cli("list", "--folder", "inbox")).rows] == ["received"]


def test_an_unknown_folder_is_an_error_that_names_the_near_one(cli, firm, keep):
    keep("contact", mail("sent"), folder="Sent")

    ran = cli("list", "-a", "contact", "--folder", "Snet")

    assert ran.status == 67
    assert ran.err == (
        "mailctl: error: nothing was fetched from a folder 'Snet'\n"
        "hint: did you mean 'Sent'? mailctl fetch -a contact --folder Snet\n"
    )


def test_several_accounts_are_one_list(cli, firm, keep):
    keep("contact", mail("first", day=2))
    keep("billing", mail("second", day=1))
    keep("contact", mail("third"))

    rows = ok(cli("--as", "bob", "list", "-a", "billing", "-a", "contact", "-a", "billing")).rows

    assert [(row[3], row[-1]) for row in rows] == [("contact", "first"), ("billing", "second"), ("contact", "third")]


def test_without_an_account_it_is_what_one_may_read(cli, firm, keep):
    keep("contact", mail("for both"))
    keep("billing", mail("for bob"))
    keep("carol", mail("for carol"))

    assert [row[3] for row in ok(cli("list")).rows] == ["contact"]
    assert {row[3] for row in ok(cli("--as", "bob", "list")).rows} == {"contact", "billing"}


def test_a_named_account_without_the_right_is_refused(cli, firm, keep):
    keep("carol", mail("private"))

    ran = cli("list", "-a", "carol")

    assert (ran.status, ran.out) == (77, "")
    assert "'alice' may not read 'carol': the right 'read' is missing" in ran.err


def test_a_watched_account_is_refused(cli, firm):
    ran = cli("list", "-a", "watch")

    assert ran.status == 77
    assert "checker-only" in ran.err


def test_who_may_read_nothing_is_told_so(cli, firm, keep):
    keep("contact", mail("x"))
    ok(cli("collaborator", "add", "dave", "--name", "Dave", "--email", "dave@firm.example"))

    ran = ok(cli("--as", "dave", "list"))

    assert (ran.out, ran.err) == ("", "no account that you may read: mailctl whoami\n")


def test_what_is_in_a_header_reaches_no_terminal(cli, firm, keep):
    keep("contact", mail("a\x1b]0;owned\x07b\tc", sender="\u202eevil <x@y.example>"))

    [row] = ok(cli("list")).rows

    assert row[-2:] == ['"\ufffdevil" <x@y.example>', "a\ufffd]0;owned\ufffdb c"]


def test_a_terminal_shows_names_and_cuts_what_is_too_long(cli, firm, keep, home):
    keep("contact", mail("Plans", sender='"Martin, Anna" <anna@client.example>'))
    keep("contact", mail("Faked", sender='"boss@firm.example" <evil@x.example>', day=-1))
    keep("contact", mail("Long " * 40, sender="Bartholomew Featherstonehaugh <b@x.example>", day=-2))

    environ = {"MAILCTL_HOME": str(home), "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    shown = on_terminal(sys.executable, "-m", "mailctl", "list", answers={}, environ=environ)

    _, first, second, third = shown.text.splitlines()
    assert "Martin, Anna" in first
    assert "evil@x.example" in second
    assert "Bartholomew Featherston…" in third
    assert len(third) == 80


# -- several accounts, and conversations


def copy_of(message_id: str, subject: str = "Plans", *, day: int = 0, answers: str = "") -> bytes:
    references = f"References: {answers}\nIn-Reply-To: {answers.split()[-1]}\n" if answers else ""
    return f"Message-ID: {message_id}\n{references}".encode() + mail(subject, day=day)


@pytest.fixture
def talk(keep, home):
    """Lay a message of a conversation down: `talk("<2@x>", answers="<1@x>")` gives its number."""
    index = Index(home / "data" / "index.sqlite")

    def laid(message_id, subject="Plans", *, answers="", day=0, account="contact", folder="INBOX", flags=frozenset()):
        raw = copy_of(message_id, subject, answers=answers, day=day)
        number = keep(account, raw, folder=folder, flags=flags)
        enter_words(index, [(number, searchable(raw))])
        return number

    yield laid
    index.close()


def shape(cli, *words):
    return [(row[-1], int(row[1]), int(row[2])) for row in ok(cli("list", "--thread", *words)).rows]


def test_what_several_accounts_got_stands_once(cli, firm, keep):
    keep("contact", copy_of("<1@x>"))
    second = keep("billing", copy_of("<1@x>"), flags={"\\Seen"})
    keep("billing", copy_of("<2@x>", "Other", day=-1))

    rows = ok(cli("--as", "bob", "list")).rows
    first, other = ok(cli("--as", "bob", "list", "--json")).json

    assert [(row[3], row[-1]) for row in rows] == [("billing,contact", "Plans"), ("billing", "Other")]
    assert first["id"] == second
    assert first["copies"] == [{"id": 1, "account": "contact", "unread": True}]
    assert other["copies"] == []


def test_messages_that_share_an_id_by_mistake_stand_each(cli, firm, keep):
    keep("contact", copy_of("<1@x>", "One"))
    keep("contact", copy_of("<1@x>", "One", day=-1))
    keep("billing", copy_of("<1@x>", "Two"))

    assert sorted(row[-1] for row in ok(cli("--as", "bob", "list")).rows) == ["One", "One", "Two"]


def test_as_many_as_are_asked_for_are_listed_though_some_stand_once(cli, firm, keep):
    for number in range(6):
        keep("contact", copy_of(f"<{number}@x>", f"Plans {number}", day=number))
        keep("billing", copy_of(f"<{number}@x>", f"Plans {number}", day=number))

    assert [row[-1] for row in ok(cli("--as", "bob", "list", "-n", "4")).rows] == [f"Plans {n}" for n in (5, 4, 3, 2)]


def test_conversations_stand_together_answers_below(cli, firm, talk):
    first = talk("<1@x>", "Plans", day=-9)
    other = talk("<9@x>", "Other", day=-5)
    talk("<2@x>", "Re: Plans", answers="<1@x>", day=-8)
    talk("<3@x>", "Re: Re: Plans", answers="<1@x> <2@x>", day=0)
    talk("<4@x>", "Re: Plans, too", answers="<1@x>", day=-2)

    assert shape(cli) == [
        ("Plans", first, 0), ("Re: Plans", first, 1), ("Re: Re: Plans", first, 2), ("Re: Plans, too", first, 1),
        ("Other", other, 0)]  # fmt: skip


def test_a_conversation_is_whole_though_its_beginning_is_old(cli, firm, talk):
    first = talk("<1@x>", day=-90)
    for number in range(5):
        talk(f"<o{number}@x>", f"Other {number}", day=-5)
    talk("<2@x>", "Re: Plans", answers="<1@x>")

    assert shape(cli, "-n", "3")[:2] == [("Plans", first, 0), ("Re: Plans", first, 1)]


def test_an_answer_to_what_is_not_here_begins_its_conversation(cli, firm, talk):
    second = talk("<2@x>", "Re: Plans", answers="<1@x>")
    third = talk("<3@x>", "Re: Plans", answers="<1@x> <2@x>", day=1)

    assert [row[:3] for row in ok(cli("list", "--thread")).rows] == [[str(second), str(second), "0"],
                                                                     [str(third), str(second), "1"]]  # fmt: skip


def test_messages_that_answer_each_other_are_all_there(cli, firm, talk):
    talk("<1@x>", "One", answers="<2@x>")
    talk("<2@x>", "Two", answers="<1@x>", day=1)
    talk("<3@x>", "Itself", answers="<3@x>", day=-1)

    assert sorted(subject for subject, *_ in shape(cli)) == ["Itself", "One", "Two"]


def test_unread_conversations_are_whole(cli, firm, talk):
    talk("<1@x>", "Plans", day=-1, flags={"\\Seen"})
    talk("<2@x>", "Re: Plans", answers="<1@x>")
    talk("<3@x>", "Read", flags={"\\Seen"})

    assert [subject for subject, *_ in shape(cli, "--unread")] == ["Plans", "Re: Plans"]


def test_a_terminal_shows_conversations_indented(cli, firm, talk, home):
    talk("<1@x>", "Plans", day=-1)
    talk("<2@x>", "Re: Plans", answers="<1@x>")

    environ = {"MAILCTL_HOME": str(home), "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    shown = on_terminal(sys.executable, "-m", "mailctl", "list", "--thread", answers={}, environ=environ)

    assert shown.text.splitlines()[-1].endswith("└ Re: Plans")
