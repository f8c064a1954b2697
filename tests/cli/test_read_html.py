"""`mailctl read --html`: a page that is safe to open, in the browser, or where standard output goes."""

import os
import stat
import sys

import pytest

from conftest import ok
from support.terminal import on_terminal

PAGE = (
    b"From: Anna <anna@client.example>\nTo: contact@firm.example\nSubject: Plans\nContent-Type: text/html\n\n"
    b"<p>Hello <b>you</b><script>steal()</script><img src='https://spy.example/pixel.gif'></p>"
)


@pytest.fixture
def browser(tmp_path, home):
    """A browser that keeps what it is given, and the environment in which it is the user's."""
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    script.chmod(0o755)
    return {"MAILCTL_HOME": str(home), "TERM": "xterm", "PATH": "/usr/bin:/bin", "BROWSER": f"{script} %s"}


def test_where_there_is_no_terminal_the_page_is_written_out(cli, firm, keep):
    number = keep("contact", PAGE)

    ran = ok(cli("read", str(number), "--html", "--no-mark"))

    assert "<p>Hello <b>you</b></p>" in ran.out
    assert "steal" not in ran.out
    assert "spy.example" not in ran.out


def test_on_a_terminal_the_browser_opens_it(firm, keep, home, browser, tmp_path):
    number = keep("contact", PAGE)

    shown = on_terminal(sys.executable, "-m", "mailctl", "read", str(number), "--html", "--no-mark", answers={},
                        environ=browser)  # fmt: skip

    [page] = (home / "run/pages").iterdir()
    assert (shown.status, shown.text) == (0, "")
    assert (tmp_path / "opened").read_text() == f"{page.as_uri()}\n"
    assert "<b>you</b>" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700


def test_a_page_of_an_hour_ago_is_taken_away(firm, keep, home, browser):
    number = keep("contact", PAGE)
    for _ in range(2):
        on_terminal(sys.executable, "-m", "mailctl", "read", str(number), "--html", "--no-mark", answers={},
                    environ=browser)  # fmt: skip
        for page in (home / "run/pages").iterdir():
            os.utime(page, (1, 1))

    assert len(list((home / "run/pages").iterdir())) == 1


@pytest.mark.parametrize("other", ["--raw", "--headers", "--json"])
def test_it_goes_with_nothing_else(cli, firm, keep, other):
    assert cli("read", str(keep("contact", PAGE)), "--html", other).status == 2


def test_who_may_not_read_it_gets_no_page(cli, firm, keep, home):
    assert cli("read", str(keep("carol", PAGE)), "--html").status == 77
