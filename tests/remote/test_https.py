"""A form over HTTPS: what answers late, in clear, endlessly or not at all."""

import re
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
import trustme

from mailctl.errors import CertificateError, ProtocolError, ServerUnreachableError, TlsUnavailableError
from mailctl.remote import https
from mailctl.remote.https import post
from mailctl.remote.trace import Trace


@pytest.fixture
def authority():
    return trustme.CA()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def is_whole(request: bytes) -> bool:
    """Whether a request has come with all of its form."""
    head, end, form = request.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return bool(end) and (length is None or len(form) >= int(length[1]))


@contextmanager
def answering(answer: bytes, *, tls: ssl.SSLContext | None = None, more: bytes = b""):
    """A server that answers the first request; then `more` again and again until nobody listens."""
    asked: list[bytes] = []

    def serve() -> None:
        try:
            sock, _ = listener.accept()
            with tls.wrap_socket(sock, server_side=True) if tls else sock as peer:
                asked.append(peer.recv(65536))
                while not is_whole(asked[0]):  # what closes with something unread takes the answer away
                    asked[0] += peer.recv(65536)
                peer.sendall(answer)
                while more:
                    peer.sendall(more)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], asked
        thread.join()


def test_a_form_is_posted_and_answered():
    with answering(OK) as (port, asked):
        reply = post(f"http://127.0.0.1:{port}/token?x=1", {"a": "b c&d"})

    assert reply == (200, b"{}")
    assert asked[0].startswith(b"POST /token?x=1 HTTP/1.1\r\n")
    assert asked[0].endswith(b"a=b+c%26d")


def test_over_tls_with_a_private_authority(authority, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with answering(OK, tls=context) as (port, _):
        reply = post(f"https://localhost:{port}/token", {"a": "b"}, ca_file=str(tmp_path / "ca.pem"))

    assert reply.status == 200


def test_a_certificate_of_nobody_known_is_refused_before_anything_is_said(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with answering(OK, tls=context) as (port, asked), pytest.raises(CertificateError, match="not known here"):
        post(f"https://localhost:{port}/token", {"a": "b"})

    assert asked == []


def test_in_clear_only_on_loopback():
    with pytest.raises(TlsUnavailableError, match="asked in clear"):
        post("http://sso.firm.example/token", {"client_secret": "s3cret"})


def test_nobody_there():
    with pytest.raises(ServerUnreachableError, match="connection refused"):
        post("http://127.0.0.1:1/token", {})


@pytest.mark.parametrize("answer", [b"", b"* OK IMAP ready\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_speaks_no_http(answer):
    with answering(answer) as (port, _), pytest.raises((ProtocolError, ServerUnreachableError)):
        post(f"http://127.0.0.1:{port}/", {})


def test_an_answer_without_an_end_is_given_up():
    with (
        answering(b"HTTP/1.1 200 OK\r\n\r\n", more=b"x" * 8192) as (port, _),
        pytest.raises(ProtocolError, match="without an end"),
    ):
        post(f"http://127.0.0.1:{port}/", {})


def test_an_answer_that_drips_is_given_up_as_a_whole(monkeypatch):
    monkeypatch.setattr(https, "WHOLE_SECONDS", 0.0)
    with (
        answering(b"HTTP/1.1 200 OK\r\n\r\n", more=b"x") as (port, _),
        pytest.raises(ServerUnreachableError, match="did not end its answer"),
    ):
        post(f"http://127.0.0.1:{port}/", {})


def test_a_redirect_is_not_followed():
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with answering(moved) as (port, _):
        assert post(f"http://127.0.0.1:{port}/", {}).status == 302


def test_the_trace_tells_of_it_and_of_nothing_in_it(tmp_path):
    with answering(OK.replace(b"2\r", b"8\r").replace(b"{}", b"t0k3n-it")) as (port, _):
        post(f"http://127.0.0.1:{port}/token", {"refresh_token": "s3cret"}, trace=Trace(tmp_path / "trace"))

    text = (tmp_path / "trace").read_text()
    assert f"=== POST http://127.0.0.1:{port}/token" in text
    assert "answered 200, 8 bytes" in text
    assert "s3cret" not in text
    assert "t0k3n" not in text
