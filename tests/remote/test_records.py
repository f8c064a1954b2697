"""What comes over TLS comes whole and in order, however it is cut; and what has come is never waited for."""

import os
import socket
import ssl
import threading
import time

import pytest

from mailctl.domain.account import Security
from mailctl.errors import ServerUnreachableError
from mailctl.remote.records import MANY
from mailctl.remote.wire import Wire
from remote.conftest import server_at
from support.scripted import serving

CONTENT = os.urandom(2 * MANY + 4321)
STEP = 1.0  # seconds of a deadline that passes
PATIENT = 30.0


class Enciphering:
    """The server's side of TLS, which gives what it would send: to be sent in parts, or spoilt."""

    def __init__(self, peer, context):
        self.peer = peer
        self.came, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.going, server_side=True)
        while not self.has_agreed():
            self.came.write(peer.sock.recv(65536))
        peer.send(self.going.read())

    def has_agreed(self):
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self.peer.send(self.going.read())
            return False
        return True

    def record(self, data):
        """Data as it goes over the connection."""
        self.tls.write(data)
        return self.going.read()


@pytest.fixture
def opened(certificates):
    """A connection to a script that enciphers by itself."""
    context = certificates.good()
    wires = []

    def one(served, timeout=PATIENT):
        wires.append(Wire(server_at(served, Security.TLS, ca_file=certificates.ca_file), timeout=timeout))
        wires[-1].settimeout(timeout)
        return wires[-1]

    yield lambda script: serving(lambda peer: script(peer, Enciphering(peer, context))), one
    for wire in wires:
        wire.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("size", [1, 1000, 5000, 16384, len(CONTENT)])
def test_what_is_sent_in_records_of_any_size_comes_as_it_was(certificates, version, size):
    def pour(peer):
        peer.hear()
        for start in range(0, len(content), size):
            peer.send(content[start : start + size])
        peer.say("", "done")

    content = CONTENT if size >= 1000 else CONTENT[:3000]
    context = certificates.good()
    context.maximum_version = version
    with serving(pour, tls=context) as served:
        wire = Wire(server_at(served, Security.TLS, ca_file=certificates.ca_file), timeout=PATIENT)
        wire.sendall(b"go on\r\n")
        got = wire.read(len(content))
        rest = [wire.readline(), wire.readline(), wire.readline()]
        wire.close()

    assert got == content
    assert rest == [b"\r\n", b"done\r\n", b""]


def test_what_is_sent_arrives_as_it_was(certificates):
    took = []
    with serving(lambda peer: took.append(peer.read(len(CONTENT))), tls=certificates.good()) as served:
        wire = Wire(server_at(served, Security.TLS, ca_file=certificates.ca_file), timeout=PATIENT)
        wire.sendall(CONTENT)
        assert wire.readline() == b""
        wire.close()

    assert took == [CONTENT]


def test_what_has_come_is_noticed_without_waiting_also_when_the_socket_would_not_show_it(opened):
    said = threading.Event()

    def speak(peer, secret):
        peer.send(secret.record(b"one\r\n") + secret.record(b"two\r\n"))
        said.set()
        peer.sock.recv(1)

    serve, connect = opened
    with serve(speak) as served:
        wire = connect(served)
        said.wait(PATIENT)
        assert wire.readline() == b"one\r\n"
        assert wire.has_unread()
        assert wire.readline() == b"two\r\n"
        start = time.monotonic()
        assert not wire.has_unread()
        assert time.monotonic() - start < PATIENT / 2
        wire.close()


def test_half_a_record_is_nothing_yet(opened):
    half, other = threading.Event(), threading.Event()

    def speak(peer, secret):
        whole = secret.record(b"hello\r\n")
        peer.send(whole[:9])
        half.set()
        other.wait(PATIENT)
        peer.send(whole[9:])
        peer.sock.recv(1)

    serve, connect = opened
    with serve(speak) as served:
        wire = connect(served)
        half.wait(PATIENT)
        assert not wire.has_unread()
        other.set()
        assert wire.readline() == b"hello\r\n"
        wire.close()


def test_a_connection_cut_within_a_record_gives_what_was_whole(opened):
    def leave(peer, secret):
        peer.send(secret.record(b"a" * 5000) + secret.record(b"b" * 5000)[:-1])
        peer.sock.shutdown(socket.SHUT_WR)
        peer.sock.recv(1)

    serve, connect = opened
    with serve(leave) as served:
        wire = connect(served)
        assert wire.read(10_000) == b"a" * 5000
        assert wire.read(1) == b""
        wire.close()


def test_what_had_come_when_time_was_up_is_kept(opened):
    def pause(peer, secret):
        peer.send(secret.record(b"a" * 5000))
        peer.sock.recv(1)

    serve, connect = opened
    with serve(pause) as served:
        wire = connect(served, STEP)
        with pytest.raises(TimeoutError):
            wire.read(10_000)
        assert wire.piece == b"a" * 5000
        wire.close()


def test_a_record_that_was_tampered_with_is_refused_and_what_came_before_it_is_kept(opened):
    def spoil(peer, secret):
        good, bad = secret.record(b"a" * 5000), bytearray(secret.record(b"b" * 5000))
        bad[100] ^= 1
        peer.send(good + bytes(bad))
        peer.sock.recv(65536)

    serve, connect = opened
    with serve(spoil) as served:
        wire = connect(served)
        with pytest.raises(ssl.SSLError):
            wire.read(10_000)
        assert wire.piece == b"a" * 5000
        with pytest.raises(ssl.SSLError):
            wire.read(10_000)
        wire.close()


def test_a_handshake_that_drips_has_one_deadline_for_all_of_it():
    def drip(peer):
        for byte in b"\x16\x03\x03\x3f\xff" + b"\x02\x00\x3f\xfb" * 100:
            peer.send(bytes([byte]))
            time.sleep(STEP / 10)

    with serving(drip) as served:
        start = time.monotonic()
        with pytest.raises(ServerUnreachableError, match="no answer within"):
            Wire(server_at(served, Security.TLS), timeout=STEP)
        assert time.monotonic() - start < 20 * STEP


def test_the_other_side_is_told_why_its_certificate_is_refused(certificates):
    told = []

    def listen(peer):
        try:
            peer.start_tls(certificates.from_strangers())
            peer.receive()
        except ssl.SSLError as error:
            told.append(error.reason)
            raise

    with serving(listen) as served, pytest.raises(ServerUnreachableError):
        Wire(server_at(served, Security.TLS), timeout=PATIENT)

    assert told == ["TLSV1_ALERT_UNKNOWN_CA"]


def test_a_peer_that_reads_no_more_is_given_up_under_tls_too(opened):
    done = threading.Event()
    serve, connect = opened
    with serve(lambda *_: done.wait(PATIENT)) as served:
        wire = connect(served, STEP)
        with pytest.raises(TimeoutError):
            wire.sendall(b"x" * 50_000_000)
        done.set()
        wire.close()
