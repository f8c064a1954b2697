"""Our submission against a real Postfix: login, TLS, refusals, and bytes that arrive as they went."""

import pytest

from mailctl.domain.account import Auth, AuthMethod, Security, Server
from mailctl.domain.message import DeliveryRefusedError, Envelope
from mailctl.errors import CertificateError, LoginRefusedError, MessageRefusedError, TemporaryError, TlsUnavailableError
from mailctl.remote.smtp import open_smtp
from mailctl.remote.trace import Trace

pytestmark = pytest.mark.live

TLS, STARTTLS, NONE = Security.TLS, Security.STARTTLS, Security.NONE
PORTS = {TLS: "smtps_port", STARTTLS: "submission_port", NONE: "plain_smtp_port"}
HEAD = b"From: bob@mail.test\r\nTo: alice@mail.test\r\nSubject: Plans\r\n\r\n"


def server(mail, security=TLS, *, port=None, **more):
    """Bob's account at Postfix."""
    made = {"ca_file": str(mail.ca_file), **more}
    number = getattr(mail, port or PORTS[security])
    auth = Auth(method=AuthMethod.PASSWORD)
    return Server(host=mail.host, port=number, security=security, login=mail.address("bob"), auth=auth, **made)


def to(*recipients, sender="bob@mail.test"):
    return Envelope(sender=sender, recipients=recipients)


@pytest.mark.parametrize("security", list(Security))
def test_a_message_arrives_however_the_connection_is_secured(mail, security):
    with open_smtp(server(mail, security), mail.password) as session:
        delivery = session.send(to("alice@mail.test", "contact@mail.test"), HEAD + b"Hello\r\n")
        assert session.wire.secure is (security is not NONE)

    assert delivery.accepted == ("alice@mail.test", "contact@mail.test")
    assert delivery.reply.startswith("250 2.0.0 Ok: ")
    assert "queued as" in delivery.reply
    assert mail.await_messages("alice")[0].endswith(b"\r\n\r\nHello\r\n")
    assert len(mail.await_messages("contact")) == 1


@pytest.mark.parametrize(
    ("body", "arrives"),
    [
        (b".\r\n..\r\n.end", b".\r\n..\r\n.end\r\n"),
        (b"one\ntwo\rthree\n", b"one\r\ntwo\r\nthree\r\n"),
        (b"x\n.\nMAIL FROM:<evil@mail.test>\n", b"x\r\n.\r\nMAIL FROM:<evil@mail.test>\r\n"),
        (b"x\r\n.\rQUIT\r\n", b"x\r\n.\r\nQUIT\r\n"),
        ("Grüße\r\n".encode(), "Grüße\r\n".encode()),
        (b"\xff\xfe\r\n", b"\xff\xfe\r\n"),
        (b"From the first\r\n" + b"a" * 990 + b"\r\n", b"From the first\r\n" + b"a" * 990 + b"\r\n"),
    ],
    ids=["dots", "bare ends", "smuggling", "bare CR dot", "UTF-8", "8-bit junk", "long lines"],
)
def test_a_body_arrives_byte_for_byte(mail, body, arrives):
    with open_smtp(server(mail), mail.password) as session:
        session.send(to("alice@mail.test"), HEAD + body)

    [message] = mail.await_messages("alice")
    assert message.partition(b"\r\n\r\n")[2] == arrives


def test_a_wrong_password_is_refused_in_the_servers_words(mail):
    with pytest.raises(LoginRefusedError, match="refused the login of 'bob") as caught:
        open_smtp(server(mail), "wrong-hunter2")

    assert "hunter2" not in str(caught.value)


def test_without_the_authority_the_certificate_is_refused(mail):
    for security in (TLS, STARTTLS):
        with pytest.raises(CertificateError):
            open_smtp(server(mail, security, ca_file=None), mail.password)


def test_what_the_ports_do_not_speak_is_told(mail):
    with pytest.raises(TlsUnavailableError, match="does not speak TLS on that port"):
        open_smtp(server(mail, TLS, port="submission_port"), mail.password)
    with pytest.raises(TlsUnavailableError, match="offers no STARTTLS"):
        open_smtp(server(mail, STARTTLS, port="plain_smtp_port"), mail.password)
    with pytest.raises(LoginRefusedError, match="offers no login with a password, none at all"):
        open_smtp(server(mail, NONE, port="submission_port"), mail.password)


def test_refused_recipients_keep_nothing_from_the_others_nor_from_the_next_message(mail):
    with open_smtp(server(mail), mail.password) as session:
        some = session.send(to("nobody@mail.test", "x@later.test", "alice@mail.test"), HEAD)
        with pytest.raises(DeliveryRefusedError, match="550"):
            session.send(to("x@refused.test", "nobody@mail.test"), HEAD)
        with pytest.raises(TemporaryError, match="451"):
            session.send(to("x@refused.test", "x@later.test"), HEAD)
        session.send(to("alice@mail.test"), HEAD + b"last\r\n")

    assert some.accepted == ("alice@mail.test",)
    assert [one.status for one in some.refused] == [550, 451]
    assert len(mail.await_messages("alice", 2)) == 2


def test_a_message_beyond_its_size_is_refused_before_it_is_sent(mail):
    with open_smtp(server(mail), mail.password) as session:
        with pytest.raises(MessageRefusedError, match="62,914,560 at most"):
            session.send(to("alice@mail.test"), b"x" * 62_914_561)
        session.send(to("alice@mail.test"), HEAD)

    assert len(mail.await_messages("alice")) == 1


def test_an_address_beyond_ascii_is_taken_with_smtputf8(mail):
    with open_smtp(server(mail), mail.password) as session:
        delivery = session.send(to("jörg@elsewhere.test", "anna@bücher.test"), HEAD)

    assert len(delivery.accepted) == 2


def test_the_trace_shows_the_conversation_and_no_secret(mail, tmp_path):
    trace = Trace(tmp_path / "trace")

    with open_smtp(server(mail, STARTTLS), mail.password, trace=trace) as session:
        session.send(to("alice@mail.test"), HEAD + b"nobody reads this\r\n")

    text = trace.path.read_text()
    assert " ~> RCPT TO:<alice@mail.test>" in text
    assert "235 2.7.0 Authentication successful" in text
    for secret in (mail.password, "nobody reads", "AGJvYkBtYWls"):
        assert secret not in text
