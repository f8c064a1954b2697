"""The private Dovecot and Postfix answer as the other live tests expect."""

import imaplib
import smtplib
import ssl
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.live

NOTE = b"From: bob@mail.test\r\nTo: alice@mail.test\r\nSubject: Plans\r\n\r\nHello\r\n"


def trusting(mail):
    return ssl.create_default_context(cafile=str(mail.ca_file))


def login(client, mail):
    client.login("bob@mail.test", mail.password)
    return client


def test_imap_over_tls_shows_a_certificate_of_the_private_authority(mail):
    with imaplib.IMAP4_SSL(mail.host, mail.imaps_port, ssl_context=trusting(mail)) as box:
        answer = box.login("alice@mail.test", mail.password)

    assert answer[0] == "OK"


def test_imap_upgrades_to_tls(mail):
    with imaplib.IMAP4(mail.host, mail.imap_port) as box:
        box.starttls(trusting(mail))
        answer = box.login("alice", mail.password)

    assert answer[0] == "OK"


@pytest.mark.parametrize("port", ["imaps_port", "smtps_port"])
def test_without_the_authority_the_certificate_is_refused(mail, port):
    import socket

    with (
        socket.create_connection((mail.host, getattr(mail, port))) as plain,
        pytest.raises(ssl.SSLError, match="issuer"),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname=mail.host)


def test_a_wrong_password_is_refused_without_delay(mail):
    with imaplib.IMAP4(mail.host, mail.imap_port) as box, pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATION"):
        box.login("alice", "wrong")


def test_a_mail_submitted_with_starttls_arrives(mail):
    with smtplib.SMTP(mail.host, mail.submission_port) as client:
        client.starttls(context=trusting(mail))
        login(client, mail).sendmail("bob@mail.test", ["alice@mail.test", "contact+tag@mail.test"], NOTE)

    [message] = mail.await_messages("alice")  # Postfix adds Date and Message-ID between
    assert b"\r\nSubject: Plans\r\n" in message
    assert message.endswith(b"\r\n\r\nHello\r\n")
    assert len(mail.await_messages("contact")) == 1


def test_a_mail_submitted_over_tls_arrives(mail):
    with smtplib.SMTP_SSL(mail.host, mail.smtps_port, context=trusting(mail)) as client:
        login(client, mail).sendmail("bob@mail.test", ["alice@mail.test"], NOTE)

    assert len(mail.await_messages("alice")) == 1


def test_a_mail_submitted_in_plain_arrives(mail):
    with smtplib.SMTP(mail.host, mail.plain_smtp_port) as client:
        assert not client.has_extn("starttls")
        login(client, mail).sendmail("bob@mail.test", ["alice@mail.test"], NOTE)

    assert len(mail.await_messages("alice")) == 1


def test_submission_offers_no_login_before_tls_and_takes_no_mail_without_login(mail):
    with smtplib.SMTP(mail.host, mail.submission_port) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=trusting(mail))
        client.ehlo()
        client.mail("bob@mail.test")
        code, _ = client.rcpt("alice@mail.test")

    assert code == 554


@pytest.mark.parametrize(
    ("recipient", "code"),
    [("x@refused.test", 550), ("x@later.test", 451), ("nobody@mail.test", 550), ("x@elsewhere.test", 250)],
)
def test_recipients_are_answered_by_their_domain(mail, recipient, code):
    with smtplib.SMTP_SSL(mail.host, mail.smtps_port, context=trusting(mail)) as client:
        login(client, mail).mail("bob@mail.test")
        answer, _ = client.rcpt(recipient)

    assert answer == code


def test_lmtp_delivers(mail):
    with smtplib.LMTP("127.0.0.1", mail.lmtp_port) as client:
        client.sendmail("bob@mail.test", ["u20@mail.test"], NOTE)

    assert len(mail.await_messages("u20")) == 1


def test_a_message_is_laid_into_a_folder_byte_for_byte(mail):
    mail.deliver("billing", NOTE, folder="Clients/Lyon", flags=("\\Seen",), received=datetime(2026, 1, 2, tzinfo=UTC))

    assert mail.messages("billing", "Clients/Lyon") == [NOTE]
    assert mail.flags("billing", "Clients/Lyon") == [{"\\Seen"}]
    assert mail.messages("billing") == []


def test_each_test_finds_empty_mailboxes(mail):
    mail.deliver("watch", NOTE)

    mail.empty()

    assert mail.messages("watch") == []
