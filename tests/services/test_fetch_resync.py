"""Following a server that tells what vanished (QRESYNC), truly or not: the mirror is as the server's folder is."""

import pytest

from conftest import ok
from support.scripted_imap import folder_of, scripted_imap

OFFERS = b"{tag} OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC] logged in\r\n"


def note(number: int) -> bytes:
    return f"From: bob@mail.test\r\nMessage-ID: <{number}@mail.test>\r\nSubject: Plans {number}\r\n\r\nHi\r\n".encode()


NOTES = [note(number) for number in range(1, 7)]


def folder(*, gone=(), modseq=1, told=b""):
    """A folder whose server says `told` of what changed."""
    table = folder_of(NOTES, gone=gone)
    fetch = table["UID FETCH"]
    return {
        **table,
        "AUTHENTICATE PLAIN": OFFERS,
        "ENABLE": b"* ENABLED QRESYNC\r\n{tag} OK enabled\r\n",
        "STATUS": table["STATUS"].replace(b")\r\n", b" HIGHESTMODSEQ %d)\r\n" % modseq),
        "EXAMINE": b"* OK [HIGHESTMODSEQ %d] highest\r\n" % modseq + table["EXAMINE"],
        "UID FETCH": lambda said: told + b"{tag} OK\r\n" if "CHANGEDSINCE" in said else fetch(said),
    }


@pytest.fixture
def account(cli, store, monkeypatch):
    """Add an account at a scripted server."""
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")

    def add(script):
        ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--imap-host", "127.0.0.1",
               "--imap-port", script.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1",
               "--smtp-security", "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip

    return add


def contents(home):
    box = home / "data/mail/contact/INBOX"
    return sorted(
        file.read_bytes().replace(b"\n", b"\r\n") for name in ("cur", "new") for file in box.glob(f"{name}/*")
    )


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        pytest.param(b"* VANISHED (EARLIER) 2:3\r\n", 0, id="the truth"),
        pytest.param(b"* VANISHED (EARLIER) 2\r\n* VANISHED (EARLIER) 3,90:99\r\n", 0, id="the truth, and more"),
        pytest.param(b"", 1, id="nothing"),
        pytest.param(b"* VANISHED (EARLIER) 2\r\n", 1, id="half of it"),
        pytest.param(b"* VANISHED (EARLIER) x\r\n", 1, id="what cannot be read"),
        pytest.param(b"* VANISHED (EARLIER) 7:4294967295\r\n", 1, id="more than any folder holds"),
        pytest.param(b"* VANISHED 2:3\r\n", 1, id="what vanishes just now"),
    ],
)
def test_what_vanished_is_gone_here_whatever_is_told(cli, home, account, told, asked):
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        before = len(script.commands("UID SEARCH"))
        script.change(folder(gone={2, 3}, modseq=5, told=told))
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["removed"]) == (0, 2)
    assert contents(home) == sorted(raw for number, raw in enumerate(NOTES, 1) if number not in (2, 3))
    assert len(script.commands("UID SEARCH")) - before == asked
    assert script.commands("ENABLE QRESYNC")


def test_a_server_that_offers_it_and_refuses_it_is_followed_without(cli, home, account):
    flags = b"* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (5))\r\n"
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        script.change(folder(gone={6}, modseq=5, told=flags) | {"ENABLE": b"{tag} BAD no\r\n"})
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["changed"], result["removed"]) == (1, 1)
    assert contents(home) == sorted(NOTES[:5])
    assert not any("VANISHED" in line for line in script.commands("UID FETCH"))
