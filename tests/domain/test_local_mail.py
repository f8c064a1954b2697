"""Messages as programs hand them to sendmail: taken apart, completed, otherwise left byte for byte."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailctl.domain.content import whole
from mailctl.domain.local_mail import completed, taken_apart, without
from support.pieces import BORDERS, LINES, Pieces

ALL = ("From: a@firm.example", "Date: Mon, 2 Mar 2026 10:00:00 +0100", "Message-ID: <1@firm.example>")


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@firm.example\nSubject: x\n\nHello\n",
        b"From: a@firm.example\r\nSubject: x\r\n\r\nHello\r\n",
        b"Subject: folded\n over\n\tlines\n\n\n.\nFrom here\n",
        b"X-\xc3\x89t\xe9: \xff\xfe\nSubject: no: x\n\nbody",
        b"Subject: only a header\n\n",
    ],
)
def test_what_is_whole_passes_byte_for_byte(raw):
    assert taken_apart(raw).raw == raw or not taken_apart(raw).fields


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"hello\nworld\n", b"\nhello\nworld\n", id="no header at all"),
        pytest.param(b"hello: to you\nworld\n", b"hello: to you\n\nworld\n", id="no line between"),
        pytest.param(b"\nhello\n", b"\nhello\n", id="an empty header"),
        pytest.param(b"From bob Mon Jan  1\nSubject: x\n\nHi\n", b"Subject: x\n\nHi\n", id="an mbox's separator"),
        pytest.param(b"", b"\n", id="nothing"),
        pytest.param(b"Subject: x", b"Subject: x\n", id="no end of line"),
    ],
)
def test_what_is_not_whole_gets_its_empty_line(raw, expected):
    assert taken_apart(raw).raw.rstrip(b"\n") == expected.rstrip(b"\n")
    assert b"\n\n" in b"\n" + taken_apart(raw).raw


def test_values_are_unfolded_and_names_have_no_case():
    message = taken_apart(b"SUBJECT: one\n two\nTo: a@x.example\nto: b@x.example\n\n")

    assert message.value("subject") == "one two"
    assert message.values("to") == ("a@x.example", "b@x.example")


def test_bcc_goes_with_its_continuation():
    message = taken_apart(b"To: a@x.example\nBcc: b@x.example,\n c@x.example\nSubject: x\n\nBcc: stays\n")

    assert without(message, ("bcc",)).raw == b"To: a@x.example\nSubject: x\n\nBcc: stays\n"


def test_only_what_lacks_is_added_with_the_messages_line_ends():
    message = completed(taken_apart(b"Date: today\r\nFrom:\r\nSubject: x\r\n\r\nHi\r\n"), ALL)

    assert message.raw == (
        b"From: a@firm.example\r\nMessage-ID: <1@firm.example>\r\nDate: today\r\nSubject: x\r\n\r\nHi\r\n"
    )


@given(st.binary(max_size=300))
def test_whatever_comes_in_becomes_a_message_that_lacks_nothing(raw):
    message = completed(taken_apart(raw), ALL)

    again = taken_apart(message.raw)
    assert all(again.value(name) for name in ("from", "date", "message-id"))
    assert completed(again, ALL).raw == message.raw


@settings(max_examples=300, deadline=None)
@given(LINES.map(lambda raw: raw + b"\r\n"), BORDERS)
@example(b"A: b\r\n c\r\n\r\nHi\r\n", (5, 6, 7, 10, 11))
def test_one_that_is_not_held_whole_is_taken_apart_alike(raw, borders):
    expected = taken_apart(raw)

    found = taken_apart(Pieces(raw, borders))

    assert (found.fields, whole(found.rest), found.end) == (expected.fields, whole(expected.rest), expected.end)
    assert whole(completed(without(found, ("a",)), ALL).raw) == completed(without(expected, ("a",)), ALL).raw


def test_no_more_of_it_is_read_than_its_header_needs():
    def blocks():
        yield b"Subject: x\r\n"
        yield b"\r\nHi\r\n"
        pytest.fail("read on")

    message = Pieces(b"x" * 1000)
    message.blocks = blocks

    assert taken_apart(message).value("subject") == "x"
