"""Submission refused, cut or put off at each step: what becomes of the message, and of the session."""

import pytest

from mailctl.domain.message import DeliveryRefusedError, Envelope
from mailctl.errors import (
    FateUnknownError,
    ProtocolError,
    TemporaryError,
)
from mailctl.remote.smtp import open_smtp
from remote.conftest import (
    ANNA,
    BEN,
    BOTH,
    CARL,
    CLOSE,
    CUT,
    ENVELOPE,
    ENVELOPE_REFUSED,
    MESSAGE,
    PLAIN_FEATURES,
    SECRET,
    SILENCE,
    Submission,
    failed,
    sent,
    server_at,
)
from support.scripted import serving


@BOTH
@pytest.mark.parametrize(
    ("step", "reply", "kind", "dead"),
    [
        *ENVELOPE_REFUSED,
        ("DATA", "451 later", TemporaryError, False),
        ("DATA", "554 no", DeliveryRefusedError, False),
        ("DATA", "421 closing", TemporaryError, True),
        (".", "452 full", TemporaryError, False),
        (".", "554 spam", DeliveryRefusedError, False),
        (".", "421 closing", TemporaryError, True),
        ("MAIL", "rubbish", ProtocolError, True),
        ("RCPT", "rubbish", ProtocolError, True),
        ("DATA", "rubbish", ProtocolError, True),
        ("MAIL", CUT, TemporaryError, True),
        ("RCPT", CUT, TemporaryError, True),
        ("DATA", CUT, TemporaryError, True),
        (".", CUT, FateUnknownError, True),
        (".", CLOSE, FateUnknownError, True),
        (".", "rubbish", FateUnknownError, True),
        (".", "x" * 9000, FateUnknownError, True),
    ],
)
def test_each_step_of_sending_may_fail(features, step, reply, kind, dead):
    error, is_dead = failed(Submission({step: reply}, features=features), kind)

    assert is_dead is dead
    if reply[:3].isdigit():
        assert reply in str(error)


@BOTH
def test_after_a_refused_message_the_session_takes_the_next(features):
    script = Submission({f"RCPT {CARL}": "550 nobody"}, features=features)
    lonely = Envelope(sender="", recipients=(CARL,))

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        with pytest.raises(DeliveryRefusedError):
            session.send(lonely, MESSAGE)
        script.answers["MAIL"] = "552 no"
        with pytest.raises(DeliveryRefusedError):
            session.send(ENVELOPE, MESSAGE)
        del script.answers["MAIL"]
        script.answers["."] = "554 spam"
        with pytest.raises(DeliveryRefusedError):
            session.send(ENVELOPE, MESSAGE)
        del script.answers["."]

        assert session.send(ENVELOPE, b"Subject: last\r\n\r\n").accepted == (ANNA, BEN)

    assert script.messages[-1] == b"Subject: last\r\n\r\n"
    assert served.connections == 1


def test_a_server_that_wants_data_although_nobody_would_get_it_is_given_an_empty_one():
    script = Submission({"RCPT": "550 nobody", "DATA": "354 go on", ".": "554 no valid recipients"})

    error, is_dead = failed(script, DeliveryRefusedError)

    assert not is_dead
    assert script.messages == [b""]
    assert [one.recipient for one in error.delivery.refused] == [ANNA, BEN]


def test_a_closed_session_says_so_and_sends_nothing():
    with serving(Submission({"MAIL": "421 closing"})) as served, open_smtp(server_at(served), SECRET) as session:
        for said in ("421 closing", "is gone"):
            with pytest.raises(TemporaryError, match=said):
                session.send(ENVELOPE, MESSAGE)

    assert sum(line.startswith("MAIL") for line in served.lines) == 1


@BOTH
def test_some_recipients_refused_the_others_get_it(features):
    script = Submission({f"RCPT {BEN}": "550 5.1.1 nobody", f"RCPT {CARL}": "451 greylisted"}, features=features)

    delivery, _ = sent(script, envelope=Envelope(sender="a@firm.example", recipients=(ANNA, BEN, CARL)))

    assert delivery.accepted == (ANNA,)
    assert [(one.recipient, one.status, one.reply) for one in delivery.refused] == [
        (BEN, 550, "550 5.1.1 nobody"),
        (CARL, 451, "451 greylisted"),
    ]
    assert script.messages == [MESSAGE]


@pytest.mark.parametrize(
    ("replies", "kind"),
    [(("550 no", "451 later"), TemporaryError), (("550 no", "553 no"), DeliveryRefusedError)],
)
def test_all_refused_is_for_good_only_where_each_is(replies, kind):
    error, _ = failed(Submission({f"RCPT {ANNA}": replies[0], f"RCPT {BEN}": replies[1]}), kind)

    assert "and 1 more" in str(error)


def test_what_a_server_says_stays_on_one_line_and_harmless():
    error, _ = failed(Submission({"MAIL": "550-first \x1b[31m\n550 second\u2028third"}), DeliveryRefusedError)

    assert "550 first \\x1b[31m second\\u2028third" in str(error)


def test_an_answer_that_does_not_come_after_the_dot_leaves_the_fate_unknown(monkeypatch):
    monkeypatch.setattr("mailctl.remote.smtp.LAST_REPLY", 1)

    error, is_dead = failed(Submission({".": SILENCE}), FateUnknownError, timeout=1)

    assert is_dead
    assert error.exit_status == 75


def test_a_connection_cut_within_the_message_has_surely_not_sent_it():
    def script(peer):
        usual = Submission(features=PLAIN_FEATURES)
        usual.data = lambda one: (one.say("354 go on"), one.read(100_000), one.cut())
        usual(peer)

    error, is_dead = failed(script, TemporaryError, raw=MESSAGE + b"x" * 20_000_000)

    assert is_dead
    assert "lost the connection" in str(error)
