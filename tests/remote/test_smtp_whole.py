"""Envelope and message in one piece (RFC 3030): a round trip less, and what is not known then."""

import pytest

from mailctl.domain.message import DeliveryRefusedError, Envelope
from mailctl.errors import FateUnknownError, StorageError, TemporaryError
from mailctl.remote.smtp import open_smtp
from mailctl.remote.trace import Trace
from remote.conftest import (
    ANNA,
    BEN,
    CLOSE,
    CUT,
    ENVELOPE,
    ENVELOPE_REFUSED,
    FEATURES,
    MESSAGE,
    SECRET,
    WHOLE_FEATURES,
    Submission,
    failed,
    sent,
    server_at,
)
from support.scripted import serving

SECOND = b"Subject: second\r\n\r\n"


def whole(answers=None):
    return Submission(answers, features=WHOLE_FEATURES)


def test_it_goes_before_the_server_has_answered_the_envelope():
    behind = []

    class Listening(Submission):
        def handle(self, peer, verb, line):
            if verb == "MAIL":
                while len(peer.rest) < len(MESSAGE):
                    peer.rest += peer.receive()
                behind.append(peer.rest)
            super().handle(peer, verb, line)

    script = Listening(features=WHOLE_FEATURES)
    delivery, _ = sent(script)

    assert delivery.accepted == (ANNA, BEN)
    assert delivery.reply == "250 2.0.0 taken as 1"
    assert behind[0].endswith(b"BDAT %d LAST\r\n%b" % (len(MESSAGE), MESSAGE))
    assert script.messages == [MESSAGE]


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        pytest.param(b"a\r\n.\r\n..b\r\n", b"a\r\n.\r\n..b\r\n", id="dots stay as they are"),
        pytest.param(b"a\nb\rc", b"a\r\nb\r\nc\r\n", id="lines end with CRLF"),
        pytest.param(
            "A: b\r\n\r\nGrüße\r\n".encode(), "A: b\r\n\r\nGrüße\r\n".encode(), id="bytes are counted, not letters"
        ),
    ],
)
def test_the_message_arrives_as_it_is(raw, wire):
    script = whole()

    sent(script, raw)

    assert script.messages == [wire]


@pytest.mark.parametrize("features", [("CHUNKING", "AUTH PLAIN"), FEATURES], ids=["no PIPELINING", "no CHUNKING"])
def test_a_server_that_lacks_either_gets_it_with_data(features):
    script = Submission(features=features)

    sent(script)

    assert "BDAT" not in script.verbs
    assert script.messages == [MESSAGE]


def test_what_is_large_waits_until_somebody_is_to_get_it():
    script = whole({"RCPT": "550 nobody"})

    failed(script, DeliveryRefusedError, b"x" * 20_000)

    assert "BDAT" not in script.verbs


def test_the_others_get_it_when_one_is_refused():
    script = whole({f"RCPT {BEN}": "550 nobody"})

    delivery, _ = sent(script)

    assert delivery.accepted == (ANNA,)
    assert [(one.recipient, one.status) for one in delivery.refused] == [(BEN, 550)]
    assert script.messages == [MESSAGE]


@pytest.mark.parametrize(
    ("step", "reply", "kind", "dead"),
    [
        *ENVELOPE_REFUSED,
        ("BDAT", "452 full", TemporaryError, False),
        ("BDAT", "554 spam", DeliveryRefusedError, False),
        ("BDAT", "421 closing", TemporaryError, True),
        ("MAIL", CUT, FateUnknownError, True),
        ("RCPT", CLOSE, FateUnknownError, True),
        ("RCPT", "rubbish", FateUnknownError, True),
        ("BDAT", CUT, FateUnknownError, True),
        ("BDAT", CLOSE, FateUnknownError, True),
        ("BDAT", "rubbish", FateUnknownError, True),
        ("BDAT", "354 more", FateUnknownError, True),
    ],
)
def test_each_step_may_fail(step, reply, kind, dead):
    error, is_dead = failed(whole({step: reply}), kind)

    assert is_dead is dead
    if reply[:3].isdigit():
        assert reply in str(error)


@pytest.mark.parametrize("refused", [{"RCPT": "550 nobody"}, {"MAIL": "452 later"}, {"BDAT": "554 spam"}])
def test_after_a_refused_message_the_session_takes_the_next(refused):
    script = whole(refused)

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        with pytest.raises((DeliveryRefusedError, TemporaryError)):
            session.send(ENVELOPE, MESSAGE)
        script.answers.clear()

        assert session.send(ENVELOPE, SECOND).accepted == (ANNA, BEN)

    assert script.messages[-1] == SECOND
    assert script.verbs.count("RSET") == 1
    assert served.connections == 1


def test_a_session_that_was_idle_hears_of_the_envelope_first():
    script = whole()

    with serving(script) as served, open_smtp(server_at(served), SECRET, timeout=5.0) as session:
        session.send(ENVELOPE, MESSAGE)
        script.answers["MAIL"] = CUT

        with pytest.raises(TemporaryError):
            session.send(ENVELOPE, SECOND)

    assert script.messages == [MESSAGE]


def test_the_next_envelope_still_goes_with_a_dot():
    script = whole()
    following = (Envelope(sender="", recipients=(BEN,)), SECOND)

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        session.send(ENVELOPE, MESSAGE, following=following)
        session.send(*following)

    assert script.messages == [MESSAGE, SECOND]
    assert "BDAT" not in script.verbs


def test_nothing_is_said_when_it_cannot_be_noted_that_it_is():
    script = whole()

    def full():
        raise StorageError("the disk is full")

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        with pytest.raises(StorageError):
            session.send(ENVELOPE, MESSAGE, before_last=full)

        assert session.send(ENVELOPE, SECOND).accepted == (ANNA, BEN)

    assert script.messages == [SECOND]


def test_the_trace_has_the_envelope_and_not_the_message():
    lines = []

    with serving(whole()) as served:
        trace = Trace(None, listener=lines.append)
        with open_smtp(server_at(served), SECRET, trace=trace) as session:
            session.send(ENVELOPE, b"Subject: private\r\n\r\n")

    assert " -> BDAT 20 LAST" in lines
    assert " -> message, … 20 bytes" in lines
    assert not any("private" in line for line in lines)
