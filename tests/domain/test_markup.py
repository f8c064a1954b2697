"""The words of HTML found at one go are those that are found piece by piece, and in a moment whatever the HTML."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.markup import LONGEST, plain, tokens, words

PIECES = ["<", "</", ">", "<!", "<!--", "-->", "<!-->", "<?", "=", '"', "'", '="', " ", "\n", "/", "a", "é", "script",
          "STYLE", "svg", "<p>", "</p>", "<script>", "</script>", "</SCRIPT ", "<style", "<svg/>", "<styles>",
          "<\u017ftyle>", "<video:>", "&amp;", "&lt;", "&#8364;", "&#99999999999;", "\u200b", "\u200c"]  # fmt: skip


def told(text: str) -> list[str]:
    """Words and signs, without what joins letters."""
    return re.findall(r"\w+|[^\w\s\u200c]", text)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_words_found_at_one_go_are_those_found_piece_by_piece(html):
    pieces = " ".join(plain(token.text) for token in tokens(html) if token.kind == "text")

    assert told(words(html)) == told(pieces)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        pytest.param("<p>a<b>b</b></p>", ["a", "b"], id="tags part words"),
        pytest.param("<style>x{}</style>a<script>b</script >c", ["a", "c"], id="what is not read"),
        pytest.param("<script>a</b><p>", [], id="what is not read and never closed"),
        pytest.param("a<!-- b -->c<!d>e", ["a", "c", "e"], id="comments and declarations"),
        pytest.param('<a title="x > y">a</a>', ["a"], id="a bracket in quotes"),
        pytest.param("&eacute;t&eacute; co\u00adop", ["été", "coop"], id="references, and letters nobody sees"),
    ],
)
def test_words_are_what_is_read(html, found):
    assert words(html).split() == found


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a",
        "</",
        "<!",
        "<!--",
        "<a =",
        '<a ="',
        "<a ='\"",
        "<script",
        "<script>",
        "<svg =' ",
        "</styl ",
        "&",
        "&#9",
    ],
)
@pytest.mark.parametrize("before", ["", "<style>", "<a ="])
def test_no_html_takes_long(before, piece):
    html = (before + piece * LONGEST)[:LONGEST]

    start = time.process_time()
    words(html)

    assert time.process_time() - start < 2
