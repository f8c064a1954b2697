"""Submission: what is said for one message, and what becomes of it whatever the server answers."""

from contextlib import suppress

import pytest

from mailctl.domain.account import Auth, AuthMethod, Security
from mailctl.domain.message import Envelope
from mailctl.errors import (
    BadDataError,
    LoginRefusedError,
    MessageRefusedError,
    ProtocolError,
    ServerUnreachableError,
    TemporaryError,
)
from mailctl.remote.smtp import open_smtp
from remote.conftest import (
    ANNA,
    BEN,
    BOTH,
    CLOSE,
    CUT,
    ENVELOPE,
    FEATURES,
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

# -- opening


@BOTH
def test_a_message_goes_with_its_envelope(features):
    script = Submission(features=features)

    delivery, served = sent(script)

    assert delivery.accepted == (ANNA, BEN)
    assert delivery.refused == ()
    assert delivery.reply == "250 2.0.0 taken as 1"
    assert script.messages == [MESSAGE]
    assert [line.partition(" ")[0] for line in served.lines if line][:5] == ["EHLO", "AUTH", "MAIL", "RCPT", "RCPT"]
    assert script.verbs[-1] == "QUIT"


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        ({"greeting": "421 too busy"}, TemporaryError, "asks to come later: 421 too busy"),
        ({"greeting": "554 go away"}, ServerUnreachableError, "does not talk to us: 554 go away"),
        ({"greeting": "* OK IMAP4rev1 ready"}, ProtocolError, "does not speak SMTP: it said '* OK IMAP4rev1 ready'"),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, ProtocolError, "does not speak SMTP"),
        ({"greeting": "220"}, None, ""),
        ({"greeting": "220-one\n220-two\n220 three"}, None, ""),
        ({"greeting": "220-\u00e9\udcff\n220 \x1b[1m"}, None, ""),
        ({"greeting": "x" * 100_000}, ProtocolError, "does not speak SMTP: it said 'xxx"),
        ({"greeting": "\n".join(["220-more"] * 2000)}, ProtocolError, "never ends its reply"),
        ({"greeting": "999 odd"}, ProtocolError, "does not speak SMTP"),
        ({"greeting": CUT}, ServerUnreachableError, "the server closed the connection"),
        ({"greeting": CLOSE}, ServerUnreachableError, "the server closed the connection"),
        ({"EHLO": "421 later"}, TemporaryError, "421 later"),
        ({"EHLO": "502 what?"}, ServerUnreachableError, "does not talk to us: 502 what?"),
        ({"EHLO": "rubbish"}, ProtocolError, "does not speak SMTP: it said 'rubbish'"),
        ({"EHLO": CUT}, ServerUnreachableError, "lost the connection"),
        ({"EHLO": SILENCE}, ServerUnreachableError, "no answer within 1 seconds"),
        ({"AUTH": "535 5.7.8 no"}, LoginRefusedError, "refused the login of 'alice': 535 5.7.8 no"),
        ({"AUTH": "534 use a token"}, LoginRefusedError, "534 use a token"),
        ({"AUTH": "454 4.7.0 not now"}, TemporaryError, "cannot log in 'alice' now: 454 4.7.0 not now"),
        ({"AUTH": "421 closing"}, TemporaryError, "cannot log in 'alice' now: 421 closing"),
        ({"AUTH": "334 more?"}, ProtocolError, "asks more than PLAIN has to say"),
        ({"AUTH": "rubbish"}, ProtocolError, "does not speak SMTP"),
        ({"AUTH": CUT}, ServerUnreachableError, "lost the connection"),
        ({"AUTH": SILENCE}, ServerUnreachableError, "lost the connection"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_each_step_of_opening_may_fail_and_says_so(answers, kind, said):
    with serving(Submission(answers)) as served:
        server = server_at(served)
        if kind is None:
            with open_smtp(server, SECRET, timeout=30):
                return
        with (
            pytest.raises(kind) as caught,
            open_smtp(server, SECRET, timeout=1 if SILENCE in answers.values() else 30),
        ):
            pass

    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_server_that_says_the_secret_back_does_not_get_it_into_the_message():
    with serving(Submission({"AUTH": f"535 wrong: {SECRET}"})) as served, pytest.raises(LoginRefusedError) as caught:
        open_smtp(server_at(served), SECRET)

    assert str(caught.value).endswith("535 wrong: …")


@pytest.mark.parametrize(
    ("features", "chosen"),
    [
        (("AUTH PLAIN", "AUTH=PLAIN"), "AUTH PLAIN"),
        (("AUTH=LOGIN PLAIN",), "AUTH PLAIN"),
        (("auth login",), "AUTH LOGIN"),
        (("AUTH LOGIN", "AUTH=LOGIN"), "AUTH LOGIN"),
    ],
)
def test_the_login_is_found_in_old_spellings_too(features, chosen):
    _, served = sent(Submission(features=features))

    assert any(line.startswith(chosen) for line in served.lines)


def test_without_a_login_on_offer_nothing_is_said():
    with serving(Submission(features=("SIZE 10",))) as served, pytest.raises(LoginRefusedError):
        open_smtp(server_at(served), SECRET)

    assert served.lines == ["EHLO localhost"]


@pytest.mark.parametrize(("mechanism", "ending"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
def test_a_refused_token_ends_its_exchange_and_shows_the_last_word(mechanism, ending):
    def script(peer):
        peer.say("220 ready")
        peer.hear()
        peer.say("250-hello", f"250 AUTH {mechanism}")
        peer.hear()
        peer.say("334 eyJzdGF0dXMiOiI0MDEifQ==")
        assert peer.hear() == ending
        peer.say("535 5.7.8 token expired")

    with serving(script) as served, pytest.raises(LoginRefusedError, match="token expired"):
        open_smtp(server_at(served, auth=Auth(method=AuthMethod.OAUTH2)), "ya29.t0k3n")


# -- what is said


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"a: b\r\n\r\n.\r\n..\r\n.x", b"a: b\r\n\r\n..\r\n...\r\n..x\r\n"),
        (b".first: line\r\n\r\n", b"..first: line\r\n\r\n"),
        (b"a: b\n\none\rtwo\r\nthree\n", b"a: b\r\n\r\none\r\ntwo\r\nthree\r\n"),
        (b"a: b\r\n\r\nno end", b"a: b\r\n\r\nno end\r\n"),
        (b"a: b\n\n.\nQUIT\n", b"a: b\r\n\r\n..\r\nQUIT\r\n"),
        (b"a: b\r\n\r\nx\r.\rMAIL FROM:<>\r", b"a: b\r\n\r\nx\r\n..\r\nMAIL FROM:<>\r\n"),
        (
            b"a: b\r\n\r\nx\n.\r\nMAIL FROM:<evil@x.example>\r\n",
            b"a: b\r\n\r\nx\r\n..\r\nMAIL FROM:<evil@x.example>\r\n",
        ),
    ],
    ids=["dots", "a dot at the start", "bare ends", "no end", "a bare dot line", "bare CR dot", "smuggling"],
)
def test_a_message_cannot_end_itself(raw, wire):
    script = Submission()

    sent(script, raw)

    assert script.messages == [wire]
    assert script.verbs.count("MAIL") == 1


def mail_line(features, raw=MESSAGE, envelope=ENVELOPE):
    _, served = sent(Submission(features=("AUTH PLAIN", *features)), raw, envelope)
    return next(line for line in served.lines if line.startswith("MAIL"))


@pytest.mark.parametrize(
    ("features", "raw", "line"),
    [
        ((), MESSAGE, "MAIL FROM:<contact@firm.example>"),
        (("SIZE",), MESSAGE, f"MAIL FROM:<contact@firm.example> SIZE={len(MESSAGE)}"),
        (("8BITMIME",), MESSAGE, "MAIL FROM:<contact@firm.example>"),
        (("8BITMIME",), b"a: b\r\n\r\n\xe9\r\n", "MAIL FROM:<contact@firm.example> BODY=8BITMIME"),
        (
            ("SMTPUTF8", "8BITMIME"),
            "a: \u00e9\r\n\r\n".encode(),
            "MAIL FROM:<contact@firm.example> BODY=8BITMIME SMTPUTF8",
        ),
        (("SMTPUTF8",), b"a: \xe9\r\n\r\n", "MAIL FROM:<contact@firm.example>"),
    ],
    ids=["nothing", "size", "seven bits", "eight bits", "a header in UTF-8", "8-bit junk"],
)
def test_the_options_of_mail_are_those_that_the_server_offers(features, raw, line):
    assert mail_line(features, raw) == line


def test_the_null_sender_is_said():
    assert mail_line((), envelope=Envelope(sender="", recipients=(ANNA,))) == "MAIL FROM:<>"


def test_a_domain_beyond_ascii_needs_no_smtputf8():
    script = Submission()

    _, served = sent(script, envelope=Envelope(sender="a@bücher.example", recipients=("x@中文.example",)))

    assert "MAIL FROM:<a@xn--bcher-kva.example>" in next(line for line in served.lines if line.startswith("MAIL"))
    assert "RCPT TO:<x@xn--fiq228c.example>" in served.lines


@pytest.mark.parametrize(
    ("recipient", "raw", "said"),
    [("jörg@client.example", MESSAGE, "jörg@client.example"), (ANNA, "a: é\r\n\r\n".encode(), "a header")],
)
def test_what_needs_smtputf8_is_refused_before_it_is_said(recipient, raw, said):
    script = Submission()

    error, is_dead = failed(script, MessageRefusedError, raw, Envelope(sender="a@b.example", recipients=(recipient,)))

    assert said in str(error)
    assert "lacks SMTPUTF8" in str(error)
    assert not is_dead
    assert "MAIL" not in script.verbs


def test_an_address_beyond_ascii_goes_where_smtputf8_is_offered():
    script = Submission(features=("AUTH PLAIN", "SMTPUTF8"))

    _, served = sent(script, envelope=Envelope(sender="a@b.example", recipients=("jörg@bücher.example",)))

    assert "RCPT TO:<jörg@bücher.example>" in served.lines


def test_a_message_larger_than_the_server_takes_is_refused_in_its_figure():
    script = Submission(features=("AUTH PLAIN", "SIZE 1000"))

    error, is_dead = failed(script, MessageRefusedError, b"x" * 1001)

    assert "1,001 bytes" in str(error)
    assert "1,000 at most" in str(error)
    assert not is_dead
    assert "MAIL" not in script.verbs


@pytest.mark.parametrize("size", ["", "0", "²", "many", "9" * 5000, "-5", "1 2"])
def test_a_size_that_is_none_limits_nothing(size):
    delivery, _ = sent(Submission(features=("AUTH PLAIN", f"SIZE {size}")))

    assert delivery.accepted == (ANNA, BEN)


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example\0", "a\n@b.example", "a@[> SIZE=1 <]", "a@b.example> X=Y"],
)
@pytest.mark.parametrize("side", ["sender", "recipient"])
def test_an_address_cannot_say_more_than_an_address(address, side):
    script = Submission()
    envelope = Envelope(
        sender=address if side == "sender" else "a@b.example", recipients=(ANNA if side == "sender" else address,)
    )

    error, is_dead = failed(script, BadDataError, envelope=envelope)

    assert "bad address" in str(error)
    assert not is_dead
    assert "MAIL" not in script.verbs


def test_without_a_recipient_nothing_is_said():
    script = Submission()

    failed(script, BadDataError, envelope=Envelope(sender="a@b.example", recipients=()))

    assert "MAIL" not in script.verbs


@pytest.mark.parametrize(("features", "at_once"), [(FEATURES, 2), (PLAIN_FEATURES, 0)])
def test_with_pipelining_the_envelope_goes_at_once_and_without_it_does_not(features, at_once):
    script, came = Submission(features=features), []
    usual = script.handle

    def look(peer, verb, line):
        if verb == "MAIL":
            peer.sock.settimeout(0.1)
            with suppress(TimeoutError):
                peer.rest += peer.receive()
            came.append(peer.rest.count(b"RCPT"))
            peer.sock.settimeout(5)
        usual(peer, verb, line)

    script.handle = look
    sent(script)

    assert came == [at_once]


def test_a_thousand_recipients_go_in_one_transaction():
    recipients = tuple(f"r{number}@client.example" for number in range(1000))
    script = Submission({"RCPT r500@client.example": "550 nobody"})

    delivery, _ = sent(script, envelope=Envelope(sender="a@b.example", recipients=recipients))

    assert len(delivery.accepted) == 999
    assert [one.recipient for one in delivery.refused] == ["r500@client.example"]
    assert len(script.messages) == 1


def test_what_is_done_before_the_dot_may_stop_it():
    def stop():
        raise ZeroDivisionError

    script = Submission()
    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        with pytest.raises(ZeroDivisionError):
            session.send(ENVELOPE, MESSAGE, before_last=stop)
        assert session.is_dead

    assert script.messages == []


def test_leaving_a_dead_server_is_no_error():
    with serving(Submission({"QUIT": CUT})) as served, open_smtp(server_at(served, Security.NONE), SECRET):
        pass
