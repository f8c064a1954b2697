"""Long paragraphs travel in short lines, and are whole again for who joins them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.flowed import unflowed
from mailctl.domain.flowing import flowed

LONG = "The plans of the third floor are ready, and the ones of the fourth will follow before the end of the week."


def test_a_long_paragraph_becomes_short_lines():
    lines = flowed(f"Hello,\n\n{LONG}\n").split("\n")

    assert max(map(len, lines)) <= 73
    assert [line.endswith(" ") for line in lines] == [False, False, True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("short\nlines\n", id="short lines"),
        pytest.param(f"{LONG}\n" + "column    " * 12 + "\n", id="a table beside a paragraph"),
        pytest.param("    " + "code " * 30, id="indented code"),
        pytest.param("a\tb" * 50, id="tabs"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_would_be_torn_or_needs_nothing_is_left(text):
    assert flowed(text) is None


@settings(max_examples=500, deadline=None)
@given(st.text("ab. \n-Fé", max_size=400).map(lambda text: text.replace("F", "From ")))
def test_it_is_read_as_it_was_written(text):
    found = flowed(text)

    kept = "\n".join(line if line == "-- " else line.rstrip(" ") for line in text.split("\n"))
    assert found is None or unflowed(found) == kept


def test_what_a_reader_takes_for_a_mark_is_protected():
    lines = flowed(f"{LONG}\nFrom here\n leading space").split("\n")

    assert lines[-2:] == [" From here", "  leading space"]


def test_a_long_quotation_stays_one():
    lines = flowed(f"> {LONG}\n>> {LONG}").split("\n")

    assert {line.partition(" ")[0] for line in lines} == {">", ">>"}
    assert unflowed("\n".join(lines)) == f"> {LONG}\n>> {LONG}"


def test_the_line_before_a_signature_keeps_its_space():
    assert "\n-- \nAlice" in flowed(f"{LONG}\n-- \nAlice")


def test_a_word_that_cannot_be_cut_stays_whole():
    link = "https://firm.example/" + "u" * 200

    assert flowed(f"see {link} please") == f"see \n{link} \nplease"
