"""`mailctl list`: what was fetched, newest first, of the accounts one may read; nothing is asked of a server."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from conftest import ok
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
