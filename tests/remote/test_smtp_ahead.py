"""The next message's envelope along with this one's final dot (RFC 2920): a round trip less, and nothing mixed up."""

import pytest

from mailctl.domain.account import Security
from mailctl.domain.message import DeliveryRefusedError, Envelope
from mailctl.errors import FateUnknownError, MailctlError, TemporaryError
from mailctl.remote.smtp import open_smtp
from remote.conftest import (
    ANNA,
    BEN,
    CARL,
    CLOSE,
    CUT,
    FEATURES,
    MESSAGE,
    PLAIN_FEATURES,
    SECRET,
    SILENCE,
    Submission,
    server_at,
)
from support.scripted import serving

FIRST = (Envelope(sender="a@firm.example", recipients=(ANNA,)), MESSAGE)
SECOND = (Envelope(sender="a@firm.example", recipients=(BEN, CARL)), b"Subject: second\r\n\r\n.\r\n")
THIRD = (Envelope(sender="a@firm.example", recipients=(CARL,)), b"Subject: third\r\n\r\n")


def both(script, *, timeout=5.0):
    """Two messages, one behind the other; their deliveries or errors, and the session's end."""
    found = []
    with serving(script) as served, open_smtp(server_at(served, Security.NONE), SECRET, timeout=timeout) as session:
        for message, following in ((FIRST, SECOND), (SECOND, None)):
            try:
                found.append(session.send(*message, following=following).accepted)
            except MailctlError as error:
                found.append(type(error))
    return found


def test_it_is_said_in_one_piece_with_the_dot():
    pieces = []

    class Listening(Submission):
        def data(self, peer):
            super().data(peer)
            pieces.append(peer.rest)

    assert both(Listening()) == [(ANNA,), (BEN, CARL)]
    assert pieces[0].startswith(b"MAIL FROM:<a@firm.example>")
    assert pieces[0].endswith(b"DATA\r\n")


@pytest.mark.parametrize("features", [FEATURES, PLAIN_FEATURES])
def test_each_message_arrives_whole_and_in_its_own_envelope(features):
    script = Submission(features=features)

    assert both(script) == [(ANNA,), (BEN, CARL)]
    assert script.messages == [MESSAGE, b"Subject: second\r\n\r\n..\r\n"]
    assert [verb for verb in script.verbs if verb in ("MAIL", "RCPT", "DATA", "QUIT")] == [
        "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "came"),
    [
        pytest.param({f"RCPT {BEN}": "550 nobody"}, [(ANNA,), (CARL,)], id="one of the next's recipients refused"),
        pytest.param({f"RCPT {BEN}": "550 nobody", f"RCPT {CARL}": "550 nobody"}, [(ANNA,), DeliveryRefusedError],
                     id="all of them"),
        pytest.param({f"RCPT {ANNA}": "550 nobody"}, [DeliveryRefusedError, (BEN, CARL)], id="the first one's"),
        pytest.param({".": "554 no"}, [DeliveryRefusedError, DeliveryRefusedError], id="each message"),
        pytest.param({".": "421 closing"}, [TemporaryError, TemporaryError], id="it closes after the dot"),
        pytest.param({".": CUT}, [FateUnknownError, TemporaryError], id="cut after the dot"),
        pytest.param({".": CLOSE}, [FateUnknownError, TemporaryError], id="closed after the dot"),
        pytest.param({".": "rubbish"}, [FateUnknownError, TemporaryError], id="no reply to the dot"),
        pytest.param({".": "354 more"}, [FateUnknownError, TemporaryError], id="a reply to the dot that does not fit"),
    ],
)  # fmt: skip
def test_what_fails_fails_alone(answers, came):
    script = Submission(answers)

    assert both(script) == came


def test_silence_after_the_dot_ends_the_session(monkeypatch):
    monkeypatch.setattr("mailctl.remote.smtp.LAST_REPLY", 1)

    assert both(Submission({".": SILENCE}), timeout=0.4) == [FateUnknownError, TemporaryError]


def test_another_message_than_the_one_said_ends_the_connection_and_reaches_nobody():
    script = Submission()
    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        session.send(*FIRST, following=SECOND)
        with pytest.raises(TemporaryError, match="waits for another message"):
            session.send(*THIRD)
        assert session.is_dead

    assert script.messages == [MESSAGE]


def test_who_leaves_instead_says_nothing_that_could_be_taken_for_the_message():
    script = Submission()
    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        session.send(*FIRST, following=SECOND)

    assert script.messages == [MESSAGE]
    assert "QUIT" not in script.verbs


@pytest.mark.parametrize(
    "following",
    [
        pytest.param((Envelope(sender="a@x", recipients=tuple(f"r{n}@x.example" for n in range(200))), MESSAGE),
                     id="more recipients than fit"),
        pytest.param((Envelope(sender="a@x", recipients=(ANNA,)), b"x" * 2_000_000), id="larger than the server takes"),
        pytest.param((Envelope(sender="a@x", recipients=("é@x.example",)), MESSAGE), id="an address it cannot take"),
        pytest.param((Envelope(sender="a@x", recipients=()), MESSAGE), id="nobody to send it to"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_ahead_is_told_in_its_turn(following):
    script = Submission()
    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        assert session.send(*FIRST, following=following).accepted == (ANNA,)
        assert session.send(*THIRD).accepted == (CARL,)

    assert len(script.messages) == 2


def test_what_is_done_meanwhile_is_done_before_the_reply_is_read():
    order = []

    class Slow(Submission):
        def answer(self, peer, verb, usual):
            if verb == ".":
                order.append("reply")
            super().answer(peer, verb, usual)

    with serving(Slow()) as served, open_smtp(server_at(served), SECRET) as session:
        session.send(*FIRST, before_last=lambda: order.append("before"), meanwhile=lambda: order.append("meanwhile"))

    assert order[0] == "before"
    assert set(order[1:]) == {"meanwhile", "reply"}
