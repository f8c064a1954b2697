"""A header and the parts behind it: read in few steps, and as if line by line; and no more parts than are looked at."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.mime import DEEPEST, HEADER, MOST_PARTS, Node, cut, every, first, headers_of, parameters_of, parse

FOLDED = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
PIECES = ["Subject", "To", "From ", ">From x", ":", " :", " ", "\t", "\n", "\r\n", "\r", "\n ", "\r\n\t",
          "\0", "\x0b", "\x1c", "x", "\xa0", "=?utf-8?q?a?="]  # fmt: skip


def by_field(header: bytes) -> list[tuple[str, str]]:
    """The fields of a header, each unfolded by itself."""
    return [
        (name.decode(), value.replace(b"\r", b"").replace(b"\n", b"").strip().decode("ascii", "surrogateescape"))
        for name, value in FOLDED.findall(header)
    ]


def count(part: Node) -> int:
    return 1 + sum(count(one) for one in part.parts)


def depth(part: Node) -> int:
    return 1 + max((depth(one) for one in part.parts), default=0)


def nested(boundary: str, inside: list[str]) -> str:
    parts = "".join(f"--{boundary}\n{one}\n" for one in inside)
    return f"Content-Type: multipart/mixed; boundary={boundary}\n\n{parts}--{boundary}--\n"


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_a_header_unfolded_at_once_says_what_its_fields_do(text):
    raw = f"X: y\r\n{text}\n\nZ: body\n".encode("latin-1")
    header = HEADER.match(raw)[0]

    assert list(headers_of(raw).fields) == by_field(header)


def test_a_field_is_found_in_any_case_and_shown_as_it_was_written():
    headers = headers_of(b"SUBJECT: a\nsubject: b\nTo: c\n\n")

    assert (first(headers, "subject"), every(headers, "subject")) == ("a", ("a", "b"))
    assert (first(headers, "cc"), every(headers, "cc")) == ("", ())
    assert [name for name, _ in headers.fields] == ["SUBJECT", "subject", "To"]


def test_what_is_longer_than_is_looked_at_is_cut():
    headers = cut(headers_of(b"To: 12345678\nTo: 1\n\n"), 5)

    assert every(headers, "to") == ("12345", "1")
    assert headers.fields == (("To", "12345"), ("To", "1"))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("text/plain", {}, id="none"),
        pytest.param("text/plain; Charset=utf-8", {"charset": "utf-8"}, id="one"),
        pytest.param('a; name="x;y"; b', {"name": "x;y"}, id="a semicolon in quotes"),
        pytest.param("a; name*0=x; name*1=y", {"name": "xy"}, id="in sections"),
        pytest.param("a; name*=utf-8''%C3%A9", {"name": "é"}, id="with a charset"),
        pytest.param("a; na*me=x", {"na*me": "x"}, id="a star where none may be"),
    ],
)
def test_parameters_stand_behind_semicolons(value, found):
    assert parameters_of(value) == found


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        pytest.param("--b\n\n1\n--b\n\n2\n--b--\n", [b"1", b"2"], id="from the first line on"),
        pytest.param("to be left out\n--b\n\n1\n--b--\nand this\n", [b"1"], id="with texts around"),
        pytest.param("x--b\n\n1\n--b\n\n2\n", [b"2\n"], id="not in the middle of a line"),
        pytest.param("--bb\n\n1\n--b\n\n2\n--b--", [b"2"], id="not a longer word"),
        pytest.param("--b \n\n1\n--b\t\r\n\n2\r\n--b--", [b"1", b"2"], id="with blanks behind"),
        pytest.param("--b\n--b\n\n2\n--b--", [b"", b"2"], id="one directly behind the other"),
        pytest.param("--b", [b""], id="where the message ends"),
        pytest.param("", [], id="nowhere"),
    ],
)
def test_parts_lie_between_lines_of_the_boundary(body, parts):
    raw = f"Content-Type: multipart/mixed; boundary=b\n\n{body}".encode()

    assert [one.body for one in parse(raw).parts] == parts


def test_of_many_parts_in_many_parts_no_more_are_read_than_are_looked_at():
    inner = nested("b", [""] * 300)

    found = parse(nested("a", [inner] * 300).encode())

    assert len(found.parts) == 300
    assert count(found) == MOST_PARTS + 1


def test_no_deeper_part_is_read_than_is_looked_at():
    text = "\nHello"
    for number in range(DEEPEST + 20):
        text = nested(f"b{number}", [text])

    assert depth(parse(text.encode())) == DEEPEST + 1
