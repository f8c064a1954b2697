"""Format=flowed text is whole again once it is read (RFC 3676)."""

import pytest

from mailctl.domain.flowed import unflowed
from mailctl.domain.flowing import flowed

SENTENCE = "A paragraph that is longer than a line of mail is broken to travel, and its reader sees one again."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SENTENCE, id="a paragraph"),
        pytest.param(f"{SENTENCE}\n\n{SENTENCE}", id="two"),
        pytest.param(f"> {SENTENCE}\n>> {SENTENCE}\nshort", id="quotations"),
        pytest.param(f"From us: {SENTENCE}", id="what looks like an mbox line"),
        pytest.param(f"{SENTENCE}\n-- \nAlice", id="a signature"),
    ],
)
def test_what_is_flowed_to_travel_is_read_as_it_was_written(text):
    travelling = flowed(text)

    assert travelling != text
    assert unflowed(travelling) == text


def test_a_paragraph_that_never_ends_takes_no_quadratic_time():
    assert len(unflowed("word \n" * 200_000)) == 999_999
