"""Following a server that tells what vanished (QRESYNC), truly or not: the mirror is as the server's folder is."""

import pytest

from conftest import ok
from support.mirror import rows
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
    assert ["VANISHED" in line for line in script.commands("UID FETCH")][-2:] == [True, False]


def seen(uid: int, *, modseq: int = 5) -> bytes:
    return b"* %d FETCH (UID %d FLAGS (\\Seen) MODSEQ (%d))\r\n" % (uid, uid, modseq)


def listed(uid: int, flags: bytes = b"", *, modseq: int = 5) -> bytes:
    size = len(NOTES[uid - 1]) if uid <= len(NOTES) else len(note(uid))
    return (
        b'* %d FETCH (UID %d FLAGS (%b) INTERNALDATE "02-Mar-2026 10:00:00 +0000" RFC822.SIZE %d MODSEQ (%d))\r\n'
        % (uid, uid, flags, size, modseq)
    )


def larger(**how):
    """The folder with a seventh message."""
    table = folder(**how)
    grown = folder_of([*NOTES, note(7)], gone=how.get("gone", ()))
    give = grown["UID FETCH"]
    told = table["UID FETCH"]
    return {
        **table,
        "STATUS": grown["STATUS"].replace(b")\r\n", b" HIGHESTMODSEQ 5)\r\n"),
        "EXAMINE": b"* OK [HIGHESTMODSEQ 5] highest\r\n" + grown["EXAMINE"],
        "UID SEARCH": grown["UID SEARCH"],
        "UID FETCH": lambda said: told(said) if "CHANGEDSINCE" in said else give(said),
    }


def flags_of(home):
    return {int(uid): flags for uid, flags in rows(home, "uid, flags")}


def test_what_changed_is_asked_for_before_the_folder_is_said_to_be_open(cli, home, account):
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        table = folder(gone={6}, modseq=5)
        opened = table["EXAMINE"]
        late = lambda: opened.replace(b"{tag}", script.tags[-2].encode())  # noqa: E731
        both = lambda said: late() + seen(1) + b"* VANISHED (EARLIER) 6\r\n{tag} OK\r\n"  # noqa: E731
        script.change({**table, "EXAMINE": b"", "UID FETCH": both})
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["changed"], result["removed"]) == (0, 1, 1)
    assert flags_of(home)[1] == "\\Seen"


def test_new_changed_and_gone_come_in_one_answer(cli, home, account):
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        told = b"* VANISHED (EARLIER) 2\r\n" + listed(1, b"\\Seen") + listed(7)
        script.change(larger(gone={2}, modseq=5, told=told))
        before = len(script.commands("UID"))
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["changed"], result["removed"]) == (1, 1, 1)
    assert flags_of(home) == {1: "\\Seen", 3: "", 4: "", 5: "", 6: "", 7: ""}
    assert [line.split()[2] for line in script.commands("UID")[before:]] == ["1:*", "7"]


def test_a_message_that_is_not_told_of_comes_all_the_same(cli, home, account):
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        script.change(larger(modseq=5, told=seen(1)))
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["removed"]) == (1, 0)
    assert contents(home) == sorted([*NOTES, note(7)])


def test_one_that_comes_between_counting_and_opening_is_fetched_too(cli, home, account):
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        counted = folder(modseq=5)["STATUS"]
        script.change({**larger(told=listed(7) + seen(1)), "STATUS": counted})
        result = ok(cli("fetch", "--json")).json[0]

    assert result["new"] == 1
    assert contents(home) == sorted([*NOTES, note(7)])


def test_what_was_asked_of_a_folder_that_does_not_open_is_not_taken_for_another(cli, home, account):
    two = b'* LIST () "/" Archive\r\n* LIST () "/" INBOX\r\n{tag} OK listed\r\n'
    with scripted_imap({**folder(), "LIST": two}) as script:
        status = folder()["STATUS"]
        script.change({'STATUS "Archive"': status.replace(b"INBOX", b"Archive")})
        account(script)
        ok(cli("fetch"))
        changed = folder(modseq=5, told=b"")["STATUS"]
        answers = iter([b"* VANISHED (EARLIER) 1:6\r\n" + seen(5), seen(1)])
        script.change(
            {
                "STATUS": changed,
                'STATUS "Archive"': changed.replace(b"INBOX", b"Archive"),
                "EXAMINE": folder(modseq=5)["EXAMINE"],
                'EXAMINE "Archive"': b"{tag} NO not now\r\n",
                "UID FETCH": lambda _: next(answers) + b"{tag} OK\r\n",
            }
        )
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["changed"], result["removed"], result["skipped"]) == (1, 0, ["Archive"])
    assert flags_of(home) == {1: "\\Seen", 2: "", 3: "", 4: "", 5: "", 6: ""}


def test_a_folder_that_is_numbered_anew_meanwhile_is_compared_message_by_message(cli, home, account):
    with scripted_imap(folder()) as script:
        account(script)
        ok(cli("fetch"))
        table = folder(modseq=5, told=b"* VANISHED (EARLIER) 1:6\r\n")
        script.change({**table, "EXAMINE": table["EXAMINE"].replace(b"UIDVALIDITY 7", b"UIDVALIDITY 8")})
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["new"], result["removed"]) == (0, 0)
    assert contents(home) == sorted(NOTES)
