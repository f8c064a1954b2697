"""Messages that are ready made pass through byte for byte: what was signed still verifies when it has arrived."""

import subprocess

import pytest

from conftest import ok
from support.office import parsed

pytestmark = pytest.mark.live

HEADER = b"From: The Firm <contact@mail.test>\r\nTo: alice@mail.test\r\nSubject: Plans\r\n"


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    """A key and a certificate of contact@mail.test, as its own authority."""
    folder = tmp_path_factory.mktemp("smime")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-days", "3000", "-subj", "/CN=contact", "-addext", "subjectAltName=email:contact@mail.test"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


def openssl(*words, data):
    done = subprocess.run(["openssl", "cms", *map(str, words)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def signed(identity):
    """A signed message in French, as openssl makes it, with LF at its lines' ends."""
    key, certificate = identity
    return openssl("-sign", "-text", "-signer", certificate, "-inkey", key, "-from", "The Firm <contact@mail.test>",
                   "-to", "alice@mail.test", "-subject", "Plans",
                   data="Héllo,\n.\n..two\nFrom here  \n\n-- \nThe Firm\n".encode())  # fmt: skip


def test_a_signature_still_holds_when_the_message_has_arrived(cli, office, identity, signed):
    ok(cli("send", "--raw", "-", input=signed))

    [arrived] = office.await_messages("alice")
    text = openssl("-verify", "-text", "-CAfile", identity[1], "-purpose", "any", data=arrived)
    assert text.replace(b"\r\n", b"\n") == "Héllo,\n.\n..two\nFrom here  \n\n-- \nThe Firm\n".encode()
    [copy] = office.messages("contact", "Sent")
    openssl("-verify", "-text", "-CAfile", identity[1], "-purpose", "any", data=copy)


def test_what_is_encrypted_can_be_decrypted(cli, office, identity, tmp_path):
    key, certificate = identity
    path = tmp_path / "sealed.eml"
    path.write_bytes(openssl("-encrypt", "-aes256", "-from", "contact@mail.test", "-to", "alice@mail.test",
                             "-subject", "Plans", certificate, data=b"secret\n"))  # fmt: skip

    ok(cli("send", "--raw", str(path)))

    assert openssl("-decrypt", "-inkey", key, data=office.await_messages("alice")[0]).strip() == b"secret"


def test_bcc_goes_into_the_envelope_and_date_and_id_are_added_and_told(cli, office):
    raw = HEADER + b"BCC: Bob <bob@mail.test>,\r\n u1@mail.test\r\n\r\nBcc: stays\r\n"

    ran = ok(cli("send", "--raw", "-", "--json", input=raw))

    assert sorted(ran.json["recipients"]) == ["alice@mail.test", "bob@mail.test", "u1@mail.test"]
    assert ran.err.startswith("added Message-ID and Date, which it lacked\n")
    for user in ("alice", "bob", "u1"):
        [arrived] = office.await_messages(user)
        assert b"\r\n\r\nBcc: stays\r\n" in arrived
        assert b"bob@mail.test>,\r\n u1" not in arrived
    assert parsed(office.messages("contact", "Sent")[0])["Date"]


def test_what_has_date_and_id_keeps_them_and_nothing_is_said_of_it(cli, office):
    raw = HEADER + b"Date: Tue, 3 Mar 2026 09:00:00 +0100\nMessage-ID: <own@mail.test>\n\nHi\n"

    ran = ok(cli("send", "--raw", "-", input=raw))

    assert ran.err == "sent to alice@mail.test\n"
    [copy] = office.messages("contact", "Sent")
    assert copy == raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_recipients_that_are_named_go_before_those_of_the_header(cli, office):
    raw = HEADER + b"Bcc: bob@mail.test\r\n\r\nHi\r\n"

    ran = ok(cli("send", "--raw", "-", "u2@mail.test", "--json", input=raw))

    assert ran.json["recipients"] == ["u2@mail.test"]
    assert "its Bcc goes out to nobody" in ran.err
    assert len(office.await_messages("u2")) == 1
    assert office.messages("alice") == office.messages("bob") == []
