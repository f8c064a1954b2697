"""What was taken out of an affair by hand stays out, until somebody links it again: the later line says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.link import Link, lines_in, link_line, text_of

WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def link(key="<1@x>", minutes=0, who="alice"):
    return Link(key=key, account="contact", who=who, when=WHEN + timedelta(minutes=minutes))


def merged(*pairs):
    """The lines of two workstations in one file: links, and what was taken out."""
    return "".join(text_of(links, refused=refused) for links, refused in pairs)


@pytest.mark.parametrize(
    ("linked", "taken_out", "is_linked"),
    [
        pytest.param([0], [1], False, id="taken out later"),
        pytest.param([2], [1], True, id="linked again later"),
        pytest.param([0, 2], [1], True, id="filed twice, once later"),
        pytest.param([0], [0], False, id="at the same time: what somebody did by hand"),
        pytest.param([], [0], False, id="only taken out"),
        pytest.param([0], [], True, id="only linked"),
    ],
)
def test_the_later_line_says_where_a_message_is(linked, taken_out, is_linked):
    text = merged(
        *(([link(minutes=minutes)], []) for minutes in linked),
        *(([], [link(minutes=minutes)]) for minutes in taken_out),
    )

    found = lines_in(text)

    assert [one.key for one in found.links] == (["<1@x>"] if is_linked else [])
    assert [one.key for one in found.refused] == ([] if is_linked else ["<1@x>"])
    assert found.odd == ()


def test_a_refusal_is_a_line_that_begins_with_its_sign():
    assert text_of([], refused=[link()]) == f"!{link_line(link())}\n"


KEYS = st.lists(st.from_regex(r"<[a-z0-9.]{1,20}@x>", fullmatch=True), unique=True, max_size=6)


@given(KEYS, KEYS)
def test_a_file_comes_back(linked, taken_out):
    out = [key for key in taken_out if key not in linked]
    text = text_of(map(link, linked), refused=map(link, out))

    found = lines_in(text)

    assert {one.key for one in found.links} == set(linked)
    assert {one.key for one in found.refused} == set(out)
    assert text_of(found.links, found.odd, found.refused) == text


@pytest.mark.parametrize("key", ["!<1@x>", "=<1@x>", "!=!1", "<a  b@x>", "<a\u2028b@x>", "<a\xa0b@x>", "=%21", "<é@x>"])
def test_what_a_sender_calls_a_message_is_no_word_about_another(key):
    assert [one.key for one in lines_in(text_of([link("<1@x>"), link(key)])).links] == sorted(
        ["<1@x>", key], key=lambda one: link_line(link(one))
    )
    assert [one.key for one in lines_in(text_of([], refused=[link(key)])).refused] == [key]
