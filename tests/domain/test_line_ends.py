"""The ends of lines come out the same whether a message is held whole or comes in blocks with any borders."""

import re

import pytest
from hypothesis import example, given, settings

from mailctl.domain.line_ends import in_crlf, sendable, stuffed, stuffing, until_dot, with_crlf, with_line_ends
from support.pieces import BORDERS, LINES, Pieces, cut


@settings(max_examples=300, deadline=None)
@given(LINES, BORDERS)
@example(b"a\r\nb", (2,))
@example(b"a\r", (1, 2))
def test_every_line_ends_with_crlf(raw, borders):
    expected = with_crlf(raw)

    found = b"".join(in_crlf(cut(raw, borders)))

    assert found == (expected if expected.endswith(b"\n") or not expected else expected + b"\r\n")
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", found) is None


@settings(max_examples=300, deadline=None)
@given(LINES, BORDERS)
@example(b"a\r\n.b", (1, 2, 3))
@example(b".", ())
def test_dots_are_doubled_where_lines_begin(raw, borders):
    assert b"".join(stuffing(cut(raw, borders))) == stuffed(raw)


@settings(max_examples=300, deadline=None)
@given(LINES, BORDERS)
@example(b"a\n.\nb", (2, 3))
@example(b"a\n.", (2,))
@example(b".x\n", (1,))
def test_a_lone_dot_ends_what_is_typed(raw, borders):
    lines = re.findall(rb"[^\n]*\n|[^\n]+", raw)
    is_dot = [line.rstrip(b"\r\n") == b"." for line in lines]
    expected = b"".join(lines[: is_dot.index(True)] if True in is_dot else lines)

    assert b"".join(until_dot(cut(raw, borders))) == expected


@given(LINES)
def test_a_lone_cr_is_left_where_only_lines_are_ended(raw):
    assert with_line_ends(raw) == re.sub(rb"\r?\n", b"\r\n", raw)


def test_nothing_is_asked_for_once_the_dot_has_come():
    def typed():
        yield b"Hello\n"
        yield b".\n"
        pytest.fail("asked on")

    assert b"".join(until_dot(typed())) == b"Hello\n"


def test_what_is_not_held_whole_is_left_as_it_is():
    many = Pieces(b"a\r\n")

    assert sendable(many) is many
    assert sendable(b"a\n") == b"a\r\n"
