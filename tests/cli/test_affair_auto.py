"""`mailctl affair auto` and `affair inbox`: lines for people, JSON for scripts."""

import pytest

from conftest import ok

MAIL = "From: {sender}\nTo: contact@firm.example\nSubject: {subject}\nMessage-ID: <{subject}@x>\n\nText\n"


@pytest.fixture
def lay(cli, firm, keep):
    ok(cli("affair", "add", "2026-014", "--title", "Lycée", "--match", "domain:lyon.example"))
    ok(cli("affair", "add", "2026-015", "--title", "Hall", "--match", "from:paul@lyon.example",
           "--match", "domain:nantes.example"))  # fmt: skip
    return lambda subject, sender="anna@lyon.example": keep(
        "contact", MAIL.format(sender=sender, subject=subject).encode()
    )


def test_what_was_filed_is_a_line_each(cli, lay):
    number = lay("Plans")

    [row] = ok(cli("affair", "auto")).rows

    assert row == [
        str(number),
        "2026-014",
        "contact",
        "anna@lyon.example, of lyon.example",
        "anna@lyon.example",
        "Plans",
    ]
    assert [one["id"] for one in ok(cli("affair", "mails", "2026-014", "--json")).json] == [number]


def test_nothing_to_file_is_said(cli, lay):
    ran = ok(cli("affair", "auto"))

    assert (ran.out, ran.err) == ("", "the rules file nothing more\n")


def test_a_dry_run_files_nothing(cli, lay):
    lay("Plans")

    assert len(ok(cli("affair", "auto", "--dry-run")).rows) == 1
    assert ok(cli("affair", "mails", "2026-014", "--json")).json == []


def test_mail_of_two_affairs_is_in_the_inbox_with_its_candidates(cli, lay):
    ok(cli("affair", "set", "2026-014", "match=from:anna@both.example,domain:lyon.example"))
    ok(cli("affair", "set", "2026-015", "match=from:anna@both.example"))
    number = lay("Plans", sender="Anna <anna@both.example>")

    [row] = ok(cli("affair", "inbox")).rows
    [found] = ok(cli("affair", "inbox", "--json")).json

    assert row == [str(number), "2026-014 (anna@both.example), 2026-015 (anna@both.example)",
                   "Anna <anna@both.example>", "Plans"]  # fmt: skip
    assert found["candidates"] == [
        {"ref": "2026-014", "step": "contact", "why": "anna@both.example"},
        {"ref": "2026-015", "step": "contact", "why": "anna@both.example"},
    ]
    ok(cli("affair", "link", "2026-015", number))
    assert ok(cli("affair", "inbox")).out == ""


def test_a_message_is_explained_in_words_and_as_json(cli, lay):
    number = lay("Plans")

    assert ok(cli("affair", "auto", "--explain", number)).out.splitlines() == [
        f"message {number}: Plans", "filed under: -", "the rules say: 2026-014",
        "  2026-014: by contact: anna@lyon.example, of lyon.example",
    ]  # fmt: skip
    assert ok(cli("affair", "auto", "--explain", number, "--json")).json["ref"] == "2026-014"


def test_explaining_goes_without_a_dry_run(cli, lay):
    assert cli("affair", "auto", "--explain", "1", "--dry-run").status == 2


def test_a_message_that_is_none_is_not_explained(cli, lay):
    ran = cli("affair", "auto", "--explain", "99", "--json")

    assert (ran.status, ran.json["error"]["code"]) == (67, "message-not-found")


def test_what_came_by_mail_does_not_reach_the_terminal_as_it_is(cli, lay):
    lay("Pl\x1b[31mans")

    assert "\x1b" not in ok(cli("affair", "auto")).out
