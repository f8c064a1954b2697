"""A connection that comes up beside: taken once, closed where nobody takes it."""

import socket

import pytest
from msgspec.structs import replace

from mailctl.domain.account import Auth, Security, Server
from mailctl.errors import CertificateError, ServerUnreachableError
from mailctl.remote import dialling
from mailctl.remote.dialling import Dialling, plain_name
from mailctl.remote.imap import open_imap
from remote.conftest import Submission, server_at
from support.scripted import serving
from support.scripted_imap import scripted_imap


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def at(port):
    return Server(host="127.0.0.1", port=port, security=Security.NONE, login="alice", auth=Auth())


def test_a_session_goes_over_the_connection_that_is_there():
    with scripted_imap() as script:
        early = Dialling(script.server())
        with open_imap(script.server(), "secret", dialling=early) as session:
            assert [one.name for one in session.folders()] == ["INBOX"]

        assert early.taken() is None


def test_who_comes_second_makes_his_own():
    with scripted_imap() as script:
        early = Dialling(script.server())
        for _ in range(2):
            with open_imap(script.server(), "secret", dialling=early) as session:
                session.folders()

    assert len(script.commands("AUTHENTICATE")) == 2


def test_why_there_is_none_is_told_to_who_wants_it(listener):
    port = listener.getsockname()[1]
    listener.close()

    with pytest.raises(ServerUnreachableError, match=f"cannot reach 127.0.0.1:{port}: connection refused"):
        open_imap(at(port), "secret", dialling=Dialling(at(port)))


def test_one_that_waited_too_long_is_closed(listener, monkeypatch):
    monkeypatch.setattr(dialling, "FRESH_SECONDS", -1.0)
    early = Dialling(at(listener.getsockname()[1]))
    there, _ = listener.accept()

    assert early.taken() is None
    with there:
        assert there.recv(1) == b""


def test_one_that_nobody_takes_is_closed(listener):
    early = Dialling(at(listener.getsockname()[1]))
    there, _ = listener.accept()
    early.thread.join()

    early.close()

    with there:
        assert there.recv(1) == b""


def test_one_that_comes_up_when_nobody_wants_it_any_more_is_closed(listener):
    early = Dialling(at(listener.getsockname()[1]))
    early.close()
    early.thread.join()

    there, _ = listener.accept()
    with there:
        assert there.recv(1) == b""


@pytest.mark.parametrize(
    ("host", "given"),
    [("mail.firm.example", b"mail.firm.example"), ("bücher.example", "bücher.example"), ("a\0b", "a\0b")],
)
def test_only_an_international_name_is_left_to_python(host, given):
    assert plain_name(host) == given


def test_tls_is_up_when_the_connection_is_taken(certificates):
    with serving(Submission(), tls=certificates.good()) as served:
        server = server_at(served, Security.TLS, ca_file=certificates.ca_file)
        sock, records = Dialling(server).taken()
        with sock:
            assert records.tls.version() == "TLSv1.3"


def test_a_bad_certificate_is_told_to_who_wants_the_connection(certificates):
    with serving(Submission(), tls=certificates.expired()) as served:
        server = server_at(served, Security.TLS, ca_file=certificates.ca_file)
        early = Dialling(server)
        with pytest.raises(CertificateError, match="has expired"):
            open_imap(server, "secret", dialling=early)

    assert b"secret" not in served.got


def test_one_that_is_not_wanted_ends_in_the_midst_of_tls(listener):
    server = replace(at(listener.getsockname()[1]), security=Security.TLS)
    early = Dialling(server)
    there, _ = listener.accept()
    with there:
        there.recv(1)  # the first of what TLS begins with

        early.close()

        assert not early.thread.is_alive()
