"""Links as lines: read whatever was done to them by hand, written so that two who add can be merged."""

import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mailctl.domain.identity import content_key
from mailctl.domain.link import Link, lines_in, link_line, text_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE = Link(key="<1@client.example>", account="contact", who="alice", when=NOON)
LINE = "<1@client.example>\tcontact\talice\t2026-03-02T12:00:00Z"


def test_a_link_is_a_line():
    assert link_line(ONE) == LINE
    assert lines_in(f"{LINE}\n").links == (ONE,)


def test_the_lines_are_sorted():
    other = Link(key="<0@client.example>", account="billing", who="bob", when=NOON)

    assert text_of([ONE, other]).splitlines() == [link_line(other), LINE]


def test_a_message_that_two_linked_is_linked_once_as_it_was_first():
    later = "<1@client.example>\tbilling\tbob\t2026-03-03T12:00:00Z"

    assert lines_in(f"{later}\n{LINE}\n").links == (ONE,)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("<<<<<<< HEAD", id="a mark of git"),
        pytest.param("<2@x>\tcontact\tbob", id="a field too few"),
        pytest.param("<2@x>\tcontact\tbob\tyesterday", id="no moment"),
        pytest.param("<2@x>\tcontact\tbob\t2026-03-03T12:00:00", id="a moment without zone"),
        pytest.param("<2@x>\tcontact\tbob\t0001-01-01T00:00:00+23:59", id="a moment before all"),
        pytest.param("\tcontact\tbob\t2026-03-03T12:00:00Z", id="no key"),
    ],
)
def test_an_odd_line_is_told_kept_and_breaks_no_other(line):
    found = lines_in(f"{line}\n{LINE}\n")

    assert found.links == (ONE,)
    assert found.odd == ((1, line),)
    assert lines_in(text_of(found.links, found.odd)).links == (ONE,)
    assert line in text_of(found.links, found.odd).splitlines()


def test_the_first_moment_of_all_comes_back():
    old = replace(ONE, when=datetime(1, 1, 1, tzinfo=UTC))

    assert lines_in(text_of([old])) == ((old,), (), ())


@given(st.text())
def test_any_text_can_be_read_and_written_again(text):
    found = lines_in(text)

    again = lines_in(text_of(found.links, found.odd, found.refused))
    assert {one.key for one in again.links} == {one.key for one in found.links}


MAIL = (
    b"Received: by {}\r\nFrom: Bob <bob@x>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\nSubject: Plans\r\n\r\nHello\r\n"
)


def test_copies_of_a_message_without_message_id_have_one_key():
    other = MAIL.replace(b"{}", b"another server").replace(b"\r\n", b"\n") + b"\n\n"

    assert content_key(MAIL) == content_key(other)
    assert content_key(MAIL).startswith("sha256:")


@pytest.mark.parametrize("part", [b"Bob <bob@x>", b"02 Mar", b"Plans", b"Hello"])
def test_another_sender_date_subject_or_body_is_another_message(part):
    assert content_key(MAIL) != content_key(MAIL.replace(part, b"03 Apr"))


def test_messages_without_header_are_told_apart_by_their_text():
    assert len({content_key(raw) for raw in (b"", b"one line", b"another line", b"\r\nand another")}) == 4


@given(st.binary(max_size=300))
def test_any_bytes_have_a_key(raw):
    assert len(content_key(raw)) == len("sha256:") + 64


def test_however_much_is_empty_at_its_end_a_message_has_the_same_key():
    assert content_key(MAIL + b" \r\n" * 100_000) == content_key(MAIL)
    assert content_key(MAIL + b" \r\n" * 100_000 + b"PS") != content_key(MAIL)


def test_a_large_message_is_not_copied_for_its_key():
    raw = MAIL.replace(b"\r\n", b"\n") + b"a line of text\n" * 1_000_000
    tracemalloc.start()
    content_key(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < len(raw) / 10
