"""Values stand in the page as text: none of them is Markdown, HTML, or a link that nobody wrote."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.filled_page import cut, worded
from mailctl.errors import BadDataError

HOSTILE = [
    "**bold** _em_ ~~gone~~ `code`",
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a | b | c",
    "# heading",
    "- item",
    "> quote",
    "```\nfence",
    "&lt;b&gt; &amp;",
    "<https://evil.example>",
    "\\*",
    "vq0x vq1y",
    "    indented",
]


def page(*pieces):
    literals, values = pieces[::2], pieces[1::2]
    return cut(*worded(literals)).filled(values)


def body(*pieces):
    return page(*pieces).partition("<body>\n")[2].partition("</body>")[0]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_text_whatever_it_says(value):
    html = body("Dear ", value, ", hello\n")

    found = re.fullmatch(r"<p>Dear (.*), hello</p>\n", html, re.DOTALL)
    assert found
    assert unescape(found[1].replace("<br>\n", "\n")) == value
    assert "<" not in found[1].replace("<br>", "")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_at_the_beginning_of_a_line_makes_no_block(value):
    html = body("", value, "\n\n| a | b |\n|---|---|\n| ", value, " | y |\n")

    assert html.count("<p>") == 1
    assert html.count("<td>") == 2
    assert not re.search(r"<(?:h1|ul|li|blockquote|pre|code|img|script|a)\b", html)


def test_the_markup_around_a_value_holds():
    assert body("**", "F*1*", "** and `", "a`b", "`\n") == "<p><strong>F*1*</strong> and <code>a`b</code></p>\n"


def test_a_line_break_in_a_value_is_one_in_the_page():
    assert body("", "31 rue X\n69000 Lyon", "\n") == "<p>31 rue X<br>\n69000 Lyon</p>\n"


def test_a_value_in_an_attribute_cannot_leave_it():
    html = body('<b title="', 'x" onclick="y', '">z</b>\n')

    assert '<b title="x&quot;&#32;onclick&#61;&quot;y">z</b>' in html


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "x", "//evil", " file:/x"]
)
def test_a_link_leads_to_a_page_or_a_mailbox_and_nowhere_else(value):
    with pytest.raises(BadDataError, match="is no link"):
        page("[pay](", value, ")\n")


def test_a_link_made_of_a_value_is_one():
    assert body("[pay](", "https://x.example/a?b=1&c=2", ")\n") == (
        '<p><a href="https://x.example/a?b&#61;1&amp;c&#61;2">pay</a></p>\n'
    )


def test_a_value_behind_the_beginning_of_a_link_is_part_of_it():
    assert 'href="https://x.example/?id=1&amp;&quot;&gt;"' in body("[pay](https://x.example/?id=", '1&">', ")\n")


@pytest.mark.parametrize(
    ("value", "html"),
    [
        ("https://x.example/a", '<a href="https://x.example/a">https://x.example/a</a>'),
        ("anna@x.example", '<a href="mailto:anna@x.example">anna@x.example</a>'),
        ("script", "&lt;script&gt;"),
        ("img src=x onerror=alert(1)", "&lt;img src=x onerror=alert(1)&gt;"),
        ("javascript:x", "&lt;javascript:x&gt;"),
    ],
)
def test_in_angle_brackets_a_link_stands_for_itself_and_nothing_else_is_a_tag(value, html):
    assert body("See <", value, ">\n") == f"<p>See {html}</p>\n"
    assert body("<", value, ">\n") == f"<p>{html}</p>\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(("<b title=", "x", ">z</b>\n"), id="an attribute without quotes"),
        pytest.param(("<b ", "onclick=x", ">z</b>\n"), id="an attribute"),
        pytest.param(("<style>p { color: ", "red}", " }</style>\n"), id="a style sheet"),
        pytest.param(("<script>x = '", "'", "'</script>\n"), id="a script"),
    ],
)
def test_where_no_value_can_be_safe_there_can_be_none(pieces):
    with pytest.raises(BadDataError):
        page(*pieces)


def test_a_text_that_holds_the_word_for_a_value_is_left_alone():
    assert body("vq0x vqq1y ", "A", "\n") == "<p>vq0x vqq1y A</p>\n"


@given(st.lists(st.text(alphabet=" \n<>&\"'`*_[]()!#|-vqx01y=:/ab", max_size=20), min_size=3, max_size=3))
def test_no_value_adds_a_tag(values):
    def tags(html):
        return re.findall(r"<[a-z/][^>]*>", html.replace("<br>\n", ""))

    pieces = ("Dear **", values[0], "**,\n\n- ", values[1], "\n\n<p title='", values[2], "'>x</p>\n")
    plain = ("Dear **", "A", "**,\n\n- ", "B", "\n\n<p title='", "C", "'>x</p>\n")

    assert [tag[:3] for tag in tags(page(*pieces))] == [tag[:3] for tag in tags(page(*plain))]
