"""The demo's servers behave as a provider's: passwords, TLS, special folders, delivery."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from mailctl.demo.mailboxes import User
from mailctl.demo.servers import DemoServers

ALICE = User(address="alice@firm.example", password="one", aliases=("plans@firm.example",))
BOB = User(address="bob@firm.example", password="two words")
MAIL = b"From: alice@firm.example\r\nMessage-ID: <1@firm.example>\r\nSubject: Plans\r\n\r\n.hidden\r\nthe end\r\n"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[DemoServers]:
    with DemoServers.started((ALICE, BOB), tmp_path) as running:
        yield running


@contextmanager
def imap(servers: DemoServers, user: User, password: str | None = None) -> Iterator[IMAPClient]:
    client = IMAPClient("localhost", servers.imap_port, ssl_context=trusting(servers))
    with client:
        client.login(user.address, user.password if password is None else password)
        yield client


@contextmanager
def smtp(servers: DemoServers, user: User | None = None) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP_SSL("localhost", servers.smtp_port, context=trusting(servers)) as client:
        client.ehlo()
        if user:
            client.login(user.address, user.password)
        yield client


def trusting(servers: DemoServers) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=servers.ca_file)


def inbox(servers: DemoServers, user: User) -> list[bytes]:
    with imap(servers, user) as client:
        client.select_folder("INBOX", readonly=True)
        found = client.fetch(client.search(), ["BODY.PEEK[]"])
        return [found[uid][b"BODY[]"] for uid in sorted(found)]


# -- who may come in


def test_a_wrong_password_is_refused_by_imap(servers):
    with pytest.raises(LoginError, match="AUTHENTICATIONFAILED"), imap(servers, ALICE, BOB.password):
        pass


def test_a_wrong_password_is_refused_by_smtp(servers):
    with smtp(servers) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refusal:
        client.login(ALICE.address, "two")

    assert refusal.value.smtp_code == 535


def test_a_stranger_is_refused_by_both(servers):
    stranger = User(address="mallory@firm.example", password="")

    with pytest.raises(LoginError), imap(servers, stranger):
        pass
    with smtp(servers) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(stranger.address, "x")


def test_nobody_sends_without_a_password(servers):
    with smtp(servers) as client, pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        client.sendmail(ALICE.address, [BOB.address], MAIL)

    assert refusal.value.smtp_code == 530
    assert inbox(servers, BOB) == []


def test_who_does_not_trust_the_authority_is_told_so(servers):
    with pytest.raises(ssl.SSLCertVerificationError):
        IMAPClient("localhost", servers.imap_port)


# -- delivery


def test_mail_arrives_as_it_was_sent(servers):
    with smtp(servers, ALICE) as client:
        client.sendmail(ALICE.address, [BOB.address], MAIL)

    assert inbox(servers, BOB) == [MAIL]


def test_mail_to_an_address_and_its_alias_arrives_once(servers):
    with smtp(servers, BOB) as client:
        client.sendmail(BOB.address, ["Plans@Firm.example", ALICE.address], MAIL)

    assert inbox(servers, ALICE) == [MAIL]


def test_an_alias_may_be_the_sender_and_a_colleague_may_not(servers):
    with smtp(servers, ALICE) as client:
        client.sendmail("plans@firm.example", [BOB.address], MAIL)

        with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
            client.sendmail(BOB.address, [BOB.address], MAIL)

    assert refusal.value.smtp_code == 553


def test_an_address_without_a_mailbox_is_refused(servers):
    with smtp(servers, ALICE) as client:
        refused = client.sendmail(ALICE.address, ["nobody@firm.example", BOB.address], MAIL)

    assert refused["nobody@firm.example"][0] == 550
    assert len(inbox(servers, BOB)) == 1


# -- what mailctl asks of IMAP


def test_the_special_folders_are_there_and_say_what_they_are_for(servers):
    with imap(servers, ALICE) as client:
        found = {name: flags for flags, _, name in client.list_folders()}

    assert set(found) == {"INBOX", "Sent", "Drafts", "Trash"}
    assert b"\\Sent" in found["Sent"]
    assert b"\\Drafts" in found["Drafts"]
    assert b"\\Trash" in found["Trash"]


def test_a_mailbox_begins_empty(servers):
    with imap(servers, ALICE) as client:
        assert client.folder_status("INBOX", ["MESSAGES", "UNSEEN"]) == {b"MESSAGES": 0, b"UNSEEN": 0}


def test_looking_does_not_lower_the_unseen_count_and_a_flag_does(servers):
    with smtp(servers, ALICE) as client:
        client.sendmail(ALICE.address, [BOB.address], MAIL)

    inbox(servers, BOB)

    with imap(servers, BOB) as client:
        assert client.folder_status("INBOX", ["UNSEEN"]) == {b"UNSEEN": 1}
        client.select_folder("INBOX")
        client.add_flags(client.search(), [b"\\Seen"], silent=True)
        assert client.folder_status("INBOX", ["UNSEEN"]) == {b"UNSEEN": 0}


def test_a_copy_in_sent_is_found_by_its_message_id(servers):
    with imap(servers, ALICE) as client:
        client.append("Sent", MAIL, flags=[b"\\Seen"])

    with imap(servers, ALICE) as client:
        client.select_folder("Sent", readonly=True)
        assert len(client.search(["HEADER", "Message-ID", "<1@firm.example>"])) == 1
        assert client.search(["HEADER", "Message-ID", "<2@firm.example>"]) == []


def test_one_user_sees_nothing_of_another(servers):
    with imap(servers, ALICE) as client:
        client.append("INBOX", MAIL)

    assert inbox(servers, BOB) == []


# -- the end


def test_stopping_hangs_up_on_who_is_still_there(tmp_path):
    with DemoServers.started((ALICE,), tmp_path) as servers:
        client = IMAPClient("localhost", servers.imap_port, ssl_context=trusting(servers))
        client.login(ALICE.address, ALICE.password)
        client.select_folder("INBOX")
        client.idle()

    with pytest.raises((OSError, client.AbortError)):
        client.idle_done()
    client.shutdown()


def test_no_key_is_left_behind(tmp_path):
    with DemoServers.started((ALICE,), tmp_path):
        assert [file.name for file in tmp_path.iterdir()] == ["ca.pem"]
        assert "PRIVATE" not in (tmp_path / "ca.pem").read_text()


def test_two_pairs_of_servers_run_side_by_side(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    with (
        DemoServers.started((ALICE,), tmp_path / "one") as one,
        DemoServers.started((BOB,), tmp_path / "two") as two,
        imap(one, ALICE),
        imap(two, BOB),
    ):
        assert len({one.imap_port, one.smtp_port, two.imap_port, two.smtp_port}) == 4
