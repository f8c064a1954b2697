"""What is answered stands below the answer, without its author's signature; what is passed on stands whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.message import Forwarded, Quoted
from mailctl.domain.quoting import quotation, quotation_page, threading, without_signature


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("Hi\n\n-- \nAlice\nArchitecte\n", "Hi\n", id="at the end"),
        pytest.param("Hi\n-- \nAlice\n\nOn Monday, Bob wrote:\n> Hello\n> -- \n> Bob\n",
                     "Hi\nOn Monday, Bob wrote:\n> Hello\n> -- \n> Bob\n", id="above a quotation"),
        pytest.param("Hi\n-- \nAlice\n> Hello\n", "Hi\n> Hello\n", id="right above one"),
        pytest.param("> Hello\n\nHi\n", "> Hello\n\nHi\n", id="none"),
        pytest.param("a\n--\nb\n", "a\n--\nb\n", id="a line of two dashes is none"),
        pytest.param("-- \nAlice\n", "\n", id="nothing else"),
    ],
)  # fmt: skip
def test_the_authors_signature_is_left_out(text, kept):
    assert without_signature(text) == kept


def test_in_what_was_html_a_space_is_lost_at_the_end():
    assert without_signature("Hi\n--\nAlice\n", is_html=True) == "Hi\n"


@given(st.lists(st.sampled_from(["-- ", "--", "> a", ">> b", "On x wrote:", "", "text"]), max_size=12))
def test_no_line_that_others_wrote_is_lost(lines):
    kept = without_signature("\n".join(lines)).split("\n")

    assert [line for line in kept if line.startswith(">")] == [line for line in lines if line.startswith(">")]


def test_a_quotation_is_one_level_deeper():
    quoted = Quoted(message_id=None, attribution="Bob wrote:", text="new\n> old\n>> older\n\n")

    assert quotation(quoted) == "Bob wrote:\n> new\n>> old\n>>> older"


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_mail_without_text_is_not_quoted(text):
    quoted = Quoted(message_id="<1@x>", attribution="Bob wrote:", text=text)

    assert quotation(quoted) == quotation_page(quoted) == ""
    assert threading(quoted) == ["In-Reply-To: <1@x>", "References: <1@x>"]


def test_what_is_passed_on_stands_as_it_is_and_is_no_answer():
    passed = Forwarded(message_id="<2@x>", references=("<1@x>",), head="From: Bob <b@x>", text="a\n> b\n-- \nBob\n")

    assert quotation(passed) == "From: Bob <b@x>\n\na\n> b\n-- \nBob"
    assert "From: Bob &lt;b@x&gt;" in quotation_page(passed)
    assert threading(passed) == ["References: <1@x> <2@x>"]


def test_what_is_attached_whole_is_not_written_once_more():
    assert quotation(Forwarded(message_id=None, head="From: Bob", text=None)) == ""
