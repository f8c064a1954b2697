"""`merge` on the command line: what it asks and shows on a terminal, and what it refuses before it reads anything."""

import os
import sys

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox
from support.terminal import on_terminal

ROWS = 2000


@pytest.fixture
def table(cli, firm, tmp_path):
    """A template for the firm, and a table of rows for it."""
    ok(cli("template", "new", "relance"))
    path = tmp_path / "clients.csv"
    path.write_text("email;objet\n" + "".join(f"p{one}@client.example;F-{one}\n" for one in range(ROWS)))
    return path


def merged(table, home, *words, answers):
    environ = {**os.environ, "HOME": str(home.parent), "TERM": "xterm"}
    words = ("merge", "relance", "--csv", str(table), "-a", "contact", "--queue", *words)
    return on_terminal(sys.executable, "-m", "mailctl", *words, answers=answers, environ=environ)


def test_on_a_terminal_one_is_asked_and_no_is_no(table, home):
    shown = merged(table, home, answers={f"send {ROWS} messages?": "n"})
    assert shown.status == 130
    assert Outbox(home / "state/outbox").entries() == ()


def test_on_a_terminal_one_line_tells_how_far_it_is_and_is_not_drawn_for_each_row(table, home):
    shown = merged(table, home, "--limit", "60", answers={"send 60 messages?": "y"})
    assert shown.status == 0, shown.text
    assert f"checking {ROWS}/{ROWS}\r\n" in shown.text
    assert "sending 60/60\r\n" in shown.text
    assert f"60 in the outbox, {ROWS - 60} left for another run" in shown.text
    assert shown.text.count("checking") < ROWS


@pytest.mark.parametrize("account", ["billing", "watch"])
def test_who_may_not_send_is_told_before_the_table_is_read(cli, firm, account):
    ran = cli("merge", "nosuch", "--csv", "nosuch.csv", "-a", account)
    assert ran.status == 77
    assert "nosuch" not in ran.err


def test_what_was_refused_has_a_file_of_its_own(cli, table, tmp_path):
    for place, status in ((table, 73), (tmp_path / "nosuch/failed.csv", 74)):
        ran = cli("merge", "relance", "--csv", table, "-a", "contact", "--queue", "--yes", "--failed", place)
        assert ran.status == status
        assert str(place) in ran.err


def test_a_file_without_an_end_is_given_up(cli, table):
    ran = cli("merge", "relance", "--csv", "/dev/zero", "-a", "contact", "--dry-run")
    assert ran.status == 65
    assert "/dev/zero: more than 300,000,000 bytes" in ran.err
