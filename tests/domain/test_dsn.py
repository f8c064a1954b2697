"""Which reports are asked for, and how that is said to a server."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.dsn import Dsn, Notify, Return, parse, with_mail, with_rcpt, xtext
from mailctl.errors import BadDataError


@pytest.mark.parametrize(
    ("text", "mail", "rcpt"),
    [
        pytest.param("never", " ENVID=1@x", " NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c.example", id="none at all"),
        pytest.param("failure,delay", " RET=HDRS ENVID=1@x", " NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@c.example",
                     id="when it does not arrive"),
        pytest.param("Success, success", " RET=HDRS ENVID=1@x", " NOTIFY=SUCCESS ORCPT=rfc822;a+2Bb@c.example",
                     id="each once, in any case"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_said_with_mail_and_rcpt(text, mail, rcpt):
    asked = parse(text)
    named = Dsn(notify=asked.notify, returned=asked.returned, id="1@x")

    assert with_mail(named) == mail
    assert with_rcpt(named, "a+b@c.example") == rcpt


@pytest.mark.parametrize("text", ["", "always", "never,failure", "failure;delay", "failure,"])
def test_other_words_are_refused_with_those_there_are(text):
    with pytest.raises(BadDataError) as caught:
        parse(text)

    assert caught.value.hint == "--dsn never, or some of failure,delay,success"


def test_who_asks_for_nothing_says_nothing():
    assert (
        with_mail(None) == with_rcpt(None, "a@b.example") == with_mail(Dsn()) == with_rcpt(Dsn(), "a@b.example") == ""
    )


def test_what_sendmail_asks_for_may_be_a_part_only():
    assert with_mail(Dsn(returned=Return.FULL)) == " RET=FULL"
    assert with_rcpt(Dsn(id="x", returned=Return.FULL), "a@b.example") == ""


@pytest.mark.parametrize(
    ("address", "original"),
    [
        pytest.param("a=b@c.example", "rfc822;a+3Db@c.example", id="what would end the value"),
        pytest.param("a@bücher.example", "rfc822;a@xn--bcher-kva.example", id="a domain beyond ASCII"),
        pytest.param("zoé+x@bücher.example", "utf-8;zoé\\x{2B}x@bücher.example", id="an address beyond ASCII"),
        pytest.param('"a b"@c.example', 'rfc822;"a+20b"@c.example', id="a space in quotes"),
    ],
)
def test_the_address_is_told_as_its_sender_wrote_it(address, original):
    assert with_rcpt(Dsn(notify=(Notify.FAILURE,)), address) == f" NOTIFY=FAILURE ORCPT={original}"


def test_an_id_too_long_for_a_server_is_not_said():
    assert with_mail(Dsn(id="x" * 101)) == ""


@given(st.text(max_size=80))
def test_whatever_it_holds_a_value_is_one_word_that_says_it_all(text):
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return

    written = xtext(text)

    assert re.fullmatch(r"[!-*,-<>-~+]*", written)
    assert re.sub(rb"\+([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), written.encode()) == data
