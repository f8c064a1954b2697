"""HTML mail as text: what its reader would have seen, no more, and in a moment whatever the HTML."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.html import LONGEST, readable


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>Hello</p><p>World</p>", "Hello\n\nWorld", id="paragraphs"),
        pytest.param("a<br>b<br/>c", "a\nb\nc", id="line breaks"),
        pytest.param("<div>a</div><div>b</div>", "a\nb", id="a line a div, as Gmail writes"),
        pytest.param("<div>a</div><div><br></div><div>b</div>", "a\n\nb", id="an empty div is an empty line"),
        pytest.param("&eacute;&nbsp;&amp; &lt;b&gt; &#8364; &unknown;", "é & <b> € &unknown;", id="references"),
        pytest.param("<b>bold</b> <i>and</i> <u>more</u>", "bold and more", id="no marks of emphasis"),
        pytest.param("1. - * # _x_ [y] `z` \\", "1. - * # _x_ [y] `z` \\", id="nothing is escaped"),
        pytest.param("<p>2026. A year</p><p>- said he</p>", "2026. A year\n\n- said he", id="nor at a line's begin"),
        pytest.param("<h1>Title</h1>text", "Title\n\ntext", id="a heading"),
        pytest.param("<ul><li>a</li><li>b</li></ul>", "  * a\n  * b", id="a list"),
        pytest.param("<ol><li>a<li>b</ol>", "  1. a\n  2. b", id="a numbered list, its items not closed"),
        pytest.param("<blockquote>said</blockquote>", "> said", id="a quotation"),
        pytest.param("<table><tr><td>Ref</td><td>Price</td></tr><tr><td>A</td><td>12</td></tr></table>",
                     "Ref  Price\nA  12", id="a table"),
        pytest.param("<table><tr><td></td><td>only</td><td></td></tr></table>", "only", id="a table for layout"),
        pytest.param("<del>10</del> 8", "~~10~~ 8", id="what is struck out says so"),
        pytest.param('<img src="cid:x" alt="Logo"><img src="http://x/pixel.gif">', "[Logo]", id="images in words"),
        pytest.param("", "", id="nothing"),
        pytest.param("no markup", "no markup", id="no HTML at all"),
    ],
)  # fmt: skip
def test_it_reads_as_it_looked(html, text):
    assert readable(html) == text


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<script>secret</script>", id="a script"),
        pytest.param("<SCRIPT>secret</scRipt >", id="a script in another case"),
        pytest.param("<script>'</b>secret'</script>", id="a script with a tag in it"),
        pytest.param("<style>secret{}</style>", id="a style sheet"),
        pytest.param("<head><title>secret</title></head>", id="a title"),
        pytest.param("<!-- secret -->", id="a comment"),
        pytest.param("<!--[if mso]><p>secret</p><![endif]-->", id="Outlook's own"),
        pytest.param("<!secret>", id="a declaration"),
        pytest.param("<?secret?>", id="an instruction"),
        pytest.param('<div style="display:none">secret</div>', id="not displayed"),
        pytest.param("<div style='color:red; DISPLAY : NONE'>secret</div>", id="not displayed, written otherwise"),
        pytest.param("<p style=visibility:hidden>secret</p>", id="not visible"),
        pytest.param("<span hidden>secret</span>", id="hidden"),
        pytest.param("<div hidden>a<div>secret</div>secret</div>", id="hidden, with an element of its kind inside"),
        pytest.param("<p data-x='secret'></p>", id="an attribute"),
        pytest.param("<img hidden alt=secret>", id="a hidden image"),
        pytest.param("<object>secret</object><iframe>secret</iframe>", id="what needs a plug-in"),
    ],
)
def test_what_is_not_shown_is_not_read(html):
    assert readable(f"<p>before</p>{html}<p>after</p>") == "before\n\nafter"


def test_a_hidden_element_that_is_never_closed_hides_nothing():
    assert readable("<p>a</p><div hidden><p>b</p>") == "a\n\nb"


def test_links_are_numbered_and_listed():
    text = readable('See <a href="https://a.example/x?b=1&amp;c=2">the plans</a> or <a href="https://b.example">b</a>, '
                    '<a href="https://a.example/x?b=1&amp;c=2">again</a>.')  # fmt: skip

    links = "[1] https://a.example/x?b=1&c=2\n[2] https://b.example"
    assert text == f"See the plans [1] or b [2], again [1].\n\n{links}"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param('<a href="https://a.example/">https://a.example</a>', "https://a.example", id="itself"),
        pytest.param('<a href="https://a.example">a.example</a>', "a.example", id="itself without https"),
        pytest.param('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example", id="an address"),
        pytest.param('<a href="#top">up</a>', "up", id="a place in the page"),
        pytest.param('<a href="javascript:alert(1)">run</a>', "run", id="a script"),
        pytest.param('<a href="data:text/html,x">run</a>', "run", id="data"),
        pytest.param('<a name="x">here</a>', "here", id="no address"),
        pytest.param('<a href="https://a.example"><img src="x"></a>', "", id="an image without words"),
    ],
)
def test_a_link_that_says_nothing_more_gets_no_number(html, text):
    assert readable(html) == text


def test_a_link_that_lies_shows_where_it_goes():
    text = readable('<a href="https://evil.example">https://bank.example</a>')

    assert text == "https://bank.example [1]\n\n[1] https://evil.example"


@pytest.mark.parametrize("html", ["a < b > c", "1 <2", "<", "</", "a <3 b", "<-- x"])
def test_a_bracket_that_begins_no_tag_is_text(html):
    assert readable(html) == html


def test_an_apostrophe_in_a_tag_swallows_nothing():
    assert readable("<p title=don't>a</p><p>b's</p>") == "a\n\nb's"


@pytest.mark.parametrize("html", ['<a href="http://[x">y</a>', "&#" + "9" * 5000 + ";z", "<ol start=x><li>a</ol>",
                                  "</abbr></q></blockquote></ul></head></pre>x", "&#xD800;&#0;x"])  # fmt: skip
def test_what_html2text_stumbles_over_is_no_stone(html):
    assert readable(html)


@given(st.text(alphabet="<>/!-?'\"= &#;abdiptrx\n\t", max_size=300))
def test_any_html_is_read(html):
    readable(html).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "piece", ["<!--", "<script>", "<script></script", '<a "', '<a ="', "<a b=", "<", "&#", "<div hidden>",
              "<blockquote>", "<ul>", "<dd>", "<table><tr><td>", '<a href="http://x/', " ", "<a b ", "<pre>\n", "&lt;"],
)  # fmt: skip
def test_no_html_takes_long(piece):
    start = time.process_time()

    readable(piece * (LONGEST // len(piece)))

    assert time.process_time() - start < 20


def test_the_end_of_a_very_long_document_is_left_out_and_said_to_be():
    text = readable("<p>begin</p>" + " " * LONGEST + "<p>end</p>")

    assert text == "begin\n\n[the rest of this long HTML is not shown]"
