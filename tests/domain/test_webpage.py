"""A message as a page: what a browser would run or load is not in it, and what it shows is."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.webpage import PLAIN, TAGS, TEXTS, page_of, sanitized
from support.messages import LOGO, multipart, part

ALLOWED = PLAIN | TEXTS | {"href", "target", "rel", "style", "src"}


class Seen(HTMLParser):
    """What a parser that is not ours finds."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_decl(self, decl):
        self.tags.append((decl, {}))

    def handle_comment(self, data):
        self.tags.append(("!--", {}))


def seen(html):
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser.tags


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<p>Hello <b>you</b></p>", "<p>Hello <b>you</b></p>", id="plain markup stays"),
        pytest.param("<script>alert(1)</script>x", "x", id="scripts"),
        pytest.param("<ScRiPt >alert(1)</sCrIpT >x", "x", id="scripts in any case"),
        pytest.param("<style>@import 'x'</style>x", "x", id="style sheets"),
        pytest.param("<p onclick='x()'>a</p>", "<p>a</p>", id="handlers"),
        pytest.param("<svg><script>1</script></svg>x", "x", id="drawings"),
        pytest.param("<iframe src='http://a'></iframe>x", "x", id="frames"),
        pytest.param("<form action='http://a'><input name=a>x</form>", "x", id="forms"),
        pytest.param("<a href='javascript:alert(1)'>a</a>", "<a>a</a>", id="links that run"),
        pytest.param("<a href=' java\nscript:alert(1)'>a</a>", "<a>a</a>", id="hidden links that run"),
        pytest.param("<a href='data:text/html,x'>a</a>", "<a>a</a>", id="links with their own page"),
        pytest.param("<a href='file:///etc/passwd'>a</a>", "<a>a</a>", id="links to files"),
        pytest.param('<a href="https://a.example/?b=1&amp;c=%22">a</a>',
                     '<a href="https://a.example/?b=1&amp;c=%22" target="_blank" rel="noopener noreferrer">a</a>',
                     id="links to the web"),
        pytest.param("<img src='http://a/pixel.gif' width=1>x", "x", id="images from elsewhere"),
        pytest.param("<img src='//a/logo.png' alt='Logo'>x", "[Logo]x", id="what they show"),
        pytest.param("<img src='cid:unknown'>x", "x", id="images that did not come along"),
        pytest.param("<p style='color: red; background: url(http://a)'>x</p>", '<p style="color: red">x</p>',
                     id="styles that load"),
        pytest.param("<p style='position: fixed; top: 0'>x</p>", "<p>x</p>", id="styles that cover"),
        pytest.param("<p style='width: expression(alert(1))'>x</p>", "<p>x</p>", id="styles that run"),
        pytest.param("<p style='color: rgb(1, 2, 3)'>x</p>", '<p style="color: rgb(1, 2, 3)">x</p>', id="colours"),
        pytest.param("<div><p>a", "<div><p>a</p></div>", id="what is never closed"),
        pytest.param("</div></table>a", "a", id="what was never opened"),
        pytest.param("<base href='http://a'><meta http-equiv=refresh content='0;http://a'><link href=b>x", "x",
                     id="what speaks for the page"),
        pytest.param("<!-- <script> -->x<![CDATA[y]]>", "x", id="comments"),
        pytest.param("a < b & c", "a &lt; b &amp; c", id="letters that mean something"),
        pytest.param("<title></title><noscript><p title='</noscript><img src=x onerror=y>'>",
                     '<p title="&lt;/noscript&gt;&lt;img src=x onerror=y&gt;"></p>', id="tags within attributes"),
    ],
)  # fmt: skip
def test_html_is_written_anew(html, expected):
    assert sanitized(html) == expected


PIECES = st.sampled_from(
    ["<", ">", "</", "<script", "<p ", "<a href=", "<img src=", "<!--", "-->", "'", '"', "=", " ", "onload=", "style=",
     "javascript:x", "http://a", "cid:a", "data:image/svg+xml,", "</script>", "<svg>", "<style>", "&lt;", "&#60;", "x",
     "/", "url(a)", "<table><td>", "<plaintext>", "<![CDATA[", "\0", "<math>", "<template>", "src=x"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=80))
def test_no_bytes_bring_in_what_runs_or_loads(html):
    for tag, attributes in seen(sanitized(html, {"a": "data:image/png;base64,eA=="})):
        assert tag in TAGS
        assert set(attributes) <= ALLOWED
        assert (attributes.get("src") or "data:image/png").startswith("data:image/")
        assert re.match(r"$|https?://|ftp://|mailto:|tel:", attributes.get("href") or "")
        assert "url" not in (attributes.get("style") or "")


def test_a_page_has_its_head_its_policy_and_the_images_that_came_along():
    raw = (
        'From: "<b>Bob</b>" <bob@x.example>\nSubject: </title><script>x</script>\n'
        + multipart("related", part("text/html", '<p><img src="cid:logo" alt="Logo"></p>'), LOGO)
    ).encode()

    page = page_of(raw)

    assert "default-src 'none'; img-src data:" in page
    assert "<title>&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;</title>" in page
    assert "&lt;b&gt;Bob" in page
    assert '<img src="data:image/png;base64,eA==" alt="Logo">' in page


def test_of_two_ways_to_read_it_a_browser_shows_the_rich_one():
    raw = multipart("alternative", part("text/plain", "plain"), part("text/html", "<i>rich</i>")).encode()

    assert "<i>rich</i>" in page_of(raw)
    assert "plain" not in page_of(raw).partition("<body>")[2]


def test_plain_text_is_shown_as_it_stands():
    assert "<pre>a &lt; b\n  c" in page_of(b"Subject: x\n\na < b\n  c\n")


@pytest.mark.parametrize("raw", [b"", b"\0", b"Content-Type: text/html\n\n" + b"<p>" * 50_000, b"\xff" * 100])
def test_whatever_the_bytes_there_is_a_page(raw):
    assert page_of(raw).startswith("<!DOCTYPE html>")
