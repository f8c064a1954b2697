"""Reads mail fetched from a real Dovecot: the \\Seen mark goes to the server where one may set it, and nowhere else."""

import pytest

from conftest import LOGIN, ok
from support.messages import PDF, PLAIN, multipart

pytestmark = pytest.mark.live

NOTE = (
    b"From: Bob Roux <bob@mail.test>\r\nTo: alice@mail.test\r\nSubject: Plans\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100"
    b"\r\nMessage-ID: <1@mail.test>\r\n\r\nHello\r\n"
)
SEEN = frozenset({"\\Seen"})


@pytest.fixture
def fetched(cli, store, mail, monkeypatch):
    """Lay a message into alice's mailbox and fetch it: `fetched(raw, right="organize")` gives its number."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("collaborator", "add", "ann", "--name", "Ann", "--email", "ann@mail.test", "--login", LOGIN))

    def lay(
        raw: bytes = NOTE,
        *,
        right: str = "organize",
        folder: str = "INBOX",
        name: str = "",
        flags: tuple[str, ...] = (),
    ) -> int:
        ok(cli("account", "add", "contact", "--address", mail.address("alice"), "--imap-host", mail.host, "--imap-port",
               str(mail.imaps_port), "--imap-security", "tls", "--smtp-host", mail.host, "--smtp-port",
               str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file), "--password-env",
               "CONTACT_PASSWORD", "--no-discover", "--grant", f"ann:{right}"))  # fmt: skip
        mail.deliver("alice", raw, folder=folder, flags=flags)
        ok(cli("fetch"))
        [found] = ok(cli("list", "--folder", name or folder, "--json")).json
        return found["id"]

    return lay


def is_unread(cli, folder: str = "INBOX") -> bool:
    [found] = ok(cli("list", "--folder", folder, "--json")).json
    return found["unread"]


def test_reading_marks_as_read_on_the_server_and_here(cli, mail, fetched, home):
    number = fetched()

    ran = ok(cli("read", number))

    assert ran.out.endswith("\n\nHello\n")
    assert ran.err == ""
    assert mail.flags("alice") == [SEEN]
    assert not is_unread(cli)
    [file] = (home / "data/mail/contact/INBOX/cur").iterdir()
    assert file.name.endswith(":2,S")


def test_the_next_fetch_finds_nothing_to_do(cli, mail, fetched):
    ok(cli("read", fetched()))

    [run] = ok(cli("fetch", "--json")).json

    assert (run["new"], run["changed"], run["removed"]) == (0, 0, 0)
    assert not is_unread(cli)


def test_with_the_right_to_read_alone_nothing_is_marked(cli, mail, fetched):
    number = fetched(right="read")

    ran = ok(cli("read", number))

    assert "Hello" in ran.out
    assert ran.err == ""
    assert mail.flags("alice") == [frozenset()]
    assert is_unread(cli)


def test_it_can_be_left_unread(cli, mail, fetched):
    number = fetched()

    ok(cli("read", number, "--no-mark"))
    ok(cli("save", number))

    assert mail.flags("alice") == [frozenset()]
    assert is_unread(cli)


def test_other_flags_stay_as_they_are(cli, mail, fetched):
    number = fetched(flags=("\\Flagged", "Important"))

    ok(cli("read", number))

    assert mail.flags("alice") == [SEEN | {"\\Flagged", "Important"}]
    [found] = ok(cli("list", "--json")).json
    assert (found["unread"], found["flagged"]) == (False, True)


def test_only_the_one_message_is_marked(cli, mail, fetched):
    number = fetched()
    mail.deliver("alice", NOTE.replace(b"<1@", b"<2@"))
    ok(cli("fetch"))

    ok(cli("read", number))

    assert mail.flags("alice") == [SEEN, frozenset()]


def test_a_folder_with_a_name_beyond_ascii(cli, mail, fetched):
    number = fetched(folder="&AMk-l&AOk-ments", name="Éléments")

    ok(cli("read", number))

    assert mail.flags("alice", "&AMk-l&AOk-ments") == [SEEN]
    assert not is_unread(cli, "Éléments")


def test_a_folder_numbered_anew_is_not_touched(cli, mail, fetched):
    number = fetched(folder="Plans")
    with mail.imap("alice") as box:
        box.delete("Plans")
    mail.deliver("alice", NOTE.replace(b"<1@", b"<2@"), folder="Plans")

    ran = ok(cli("read", number))

    assert "Hello" in ran.out
    assert ran.err == (
        f"mailctl: warning: message {number} stays unread: the server has numbered 'Plans' anew; mailctl fetch\n"
    )
    assert mail.flags("alice", "Plans") == [frozenset()]
    assert is_unread(cli, "Plans")


def test_a_wrong_password_is_a_warning_and_the_text_is_shown(cli, mail, fetched):
    number = fetched()

    ran = ok(cli("read", number, CONTACT_PASSWORD="wrong"))

    assert "Hello" in ran.out
    assert ran.err.startswith(f"mailctl: warning: message {number} stays unread: ")
    assert "wrong" not in ran.err
    assert is_unread(cli)


def test_attachments_come_out_as_they_went_in(cli, mail, fetched, tmp_path):
    raw = multipart("mixed", PLAIN, PDF.replace("\n\nx", "\nContent-Transfer-Encoding: base64\n\nAAENCg0K/w=="))
    number = fetched(raw.replace("\n", "\r\n").encode())

    [[path, kind, size]] = ok(cli("save", number, tmp_path)).rows

    assert (path, kind, size) == (f"{tmp_path}/plan.pdf", "application/pdf", "7")
    assert (tmp_path / "plan.pdf").read_bytes() == b"\x00\x01\r\n\r\n\xff"


def test_a_message_whose_file_is_gone_comes_back_with_the_next_fetch(cli, mail, fetched, home):
    number = fetched()
    [file] = (home / "data/mail/contact/INBOX/new").iterdir()
    file.unlink()

    assert cli("read", number).status == 67
    ok(cli("fetch"))

    [found] = ok(cli("list", "--json")).json
    assert "Hello" in ok(cli("read", found["id"])).out
