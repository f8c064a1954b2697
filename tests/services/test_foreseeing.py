"""What a server was asked first is asked along with the next login, as long as that goes well."""

import pytest

from conftest import ok
from mailctl.errors import Exit
from mailctl.local import foresights
from mailctl.local.index import Index
from support.scripted_imap import HANG_UP, scripted_imap

INBOX = b'* LIST () "/" INBOX\r\n'
STATUS = b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\r\n"
OFFERED = b"{tag} OK [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE LIST-STATUS] in\r\n"
TABLE = {
    "AUTHENTICATE PLAIN": OFFERED,
    "LIST": INBOX + STATUS + b"{tag} OK listed\r\n",
    "EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 1] next\r\n{tag} OK opened\r\n",
}


@pytest.fixture
def account(cli, store, monkeypatch):
    """Add an account at a scripted server."""
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")

    def add(script, name="contact", login="contact@firm.example"):
        ok(cli("account", "add", name, "--address", login, "--imap-host", "127.0.0.1",
               "--imap-port", script.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1",
               "--smtp-security", "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip

    return add


@pytest.fixture
def script():
    with scripted_imap(TABLE) as script:
        yield script


def expect_together(script):
    """Let nobody in who does not ask for the folders in the same breath."""
    tags = []
    let_in = lambda: tags[-1].encode() + OFFERED.removeprefix(b"{tag}")  # noqa: E731
    script.change({
        "AUTHENTICATE PLAIN": lambda _: tags.append(script.tags[-1]) or b"",
        "LIST": lambda _: let_in() + TABLE["LIST"],
    })  # fmt: skip


def name_of(script):
    """Who logs in where."""
    return f"contact@firm.example@127.0.0.1:{script.port}"


def known(home, script):
    """What is known of the server."""
    found, _ = foresights.recalled(Index(home / "data/index.sqlite"), name_of(script))
    return found.commands


def fetch(cli, *words):
    result = cli("fetch", *words, "--json")
    return result.status, [one["code"] for one in result.json]


def test_the_second_fetch_asks_along_with_the_login(cli, account, script):
    account(script)
    assert fetch(cli) == (0, [None])
    expect_together(script)

    assert fetch(cli) == (0, [None])


def test_one_folder_alone_is_asked_for_as_ever_and_changes_nothing(cli, account, script):
    account(script)
    fetch(cli)
    before = len(script.said)
    script.change({"LIST": lambda said: (STATUS if "STATUS" in said else b"") + INBOX + b"{tag} OK\r\n"})
    assert fetch(cli, "--folder", "INBOX") == (0, [None])
    assert [line for line in script.said[before:] if "RETURN (SPECIAL-USE STATUS" in line] == []
    expect_together(script)

    assert fetch(cli) == (0, [None])


def test_a_refused_login_is_asked_nothing_along_with_the_next(cli, home, account, script):
    account(script)
    fetch(cli)
    script.change({"AUTHENTICATE PLAIN": b"{tag} NO wrong\r\n"})
    result = cli("fetch")
    assert (result.status, "refused the login" in result.err) == (Exit.PERMISSION, True)
    script.change({"AUTHENTICATE PLAIN": OFFERED})

    assert foresights.recalled(Index(home / "data/index.sqlite"), name_of(script)) is None
    assert fetch(cli) == (0, [None])
    assert len(known(home, script)) == 1


def test_who_stumbled_is_asked_one_by_one_for_a_day(cli, home, account, script, later):
    account(script)
    fetch(cli)
    assert len(known(home, script)) == 1
    answers = iter([HANG_UP])
    script.change({"AUTHENTICATE PLAIN": lambda _: next(answers, OFFERED)})

    assert fetch(cli) == (0, [None])
    assert known(home, script) == ()
    fetch(cli)
    assert known(home, script) == ()
    later(hours=25)
    fetch(cli)
    assert len(known(home, script)) == 1


def test_another_login_at_the_same_server_is_not_known(cli, account, script):
    account(script)
    fetch(cli)
    ok(cli("account", "set", "contact", "login=other"))
    before = len(script.said)
    fetch(cli)

    assert script.said[before].startswith("AUTHENTICATE")
    expect_together(script)
    assert fetch(cli) == (0, [None])
