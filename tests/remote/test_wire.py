"""One connection: each step has its deadline, a slow line has time, and a cut one is told in words."""

import socket
import time

import pytest

from mailctl.domain.account import Security
from mailctl.errors import ServerUnreachableError
from mailctl.remote.wire import PIECE, Wire, cause, reaching
from remote.conftest import server_at
from support.scripted import serving

STEP = 1.0  # seconds of a deadline


def test_a_large_message_on_a_slow_line_has_a_deadline_for_each_piece():
    size = 120 * PIECE
    taken = []

    def slow(peer):
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        while sum(taken) < size:
            time.sleep(0.03)
            taken.append(len(peer.sock.recv(PIECE)))

    with serving(slow) as served:
        wire = Wire(server_at(served), timeout=STEP)
        start = time.monotonic()
        wire.sendall(b"x" * size)
        lasted = time.monotonic() - start
        wire.close()

    assert lasted > STEP
    assert sum(taken) == size


def test_a_peer_that_reads_no_more_is_given_up():
    with serving(lambda peer: time.sleep(2 * STEP)) as served:
        wire = Wire(server_at(served), timeout=STEP)
        with pytest.raises(TimeoutError):
            wire.sendall(b"x" * 50_000_000)
        wire.close()


def test_a_line_is_read_up_to_its_limit():
    with serving(lambda peer: peer.send(b"a" * 30 + b"\r\n")) as served:
        wire = Wire(server_at(served), timeout=30)
        assert wire.readline(10) == b"a" * 10
        assert wire.readline() == b"a" * 20 + b"\r\n"
        assert wire.readline() == b""
        wire.close()


def test_what_nobody_read_yet_is_noticed_without_waiting():
    with serving(lambda peer: (peer.say("one", "two"), peer.wait())) as served:
        wire = Wire(server_at(served), timeout=30)
        wire.readline()
        assert wire.has_unread()
        wire.readline()
        start = time.monotonic()
        assert not wire.has_unread()
        assert time.monotonic() - start < 1
        wire.close()


def test_closing_twice_is_no_error():
    with serving(lambda peer: peer.wait()) as served:
        wire = Wire(server_at(served), timeout=30)
        wire.close()
        wire.close()


def test_nothing_stays_open_when_tls_fails(certificates):
    with serving(lambda peer: peer.wait(), tls=certificates.from_strangers()) as served:
        for _ in range(3):
            with pytest.raises(ServerUnreachableError):
                Wire(server_at(served, Security.TLS), timeout=30)  # a connection left open is a ResourceWarning

    assert served.connections == 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(8, "x"), "there is no host of that name"),
        (TimeoutError(), "no answer within 2.5 seconds"),
        (ConnectionRefusedError(), "connection refused"),
        (ConnectionResetError(), "the server closed the connection"),
        (BrokenPipeError(), "the server closed the connection"),
        (OSError(113, "No route to host"), "no route to host"),
        (OSError("odd"), "odd"),
    ],
)
def test_what_the_socket_says_is_put_into_words(error, said):
    assert cause(error, 2.5) == said


def test_our_own_errors_pass_as_they_are():
    with serving(lambda peer: None) as served, pytest.raises(ZeroDivisionError), reaching(server_at(served), "x", 1):
        raise ZeroDivisionError
