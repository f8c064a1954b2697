"""A signature is recognised where it stands already, and its images come from the store's folder only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.inline import cid_of, images_in, type_of, with_cids
from mailctl.domain.markdown import html_of
from mailctl.domain.signature import Signature, bare, ends_with
from mailctl.errors import BadDataError

SIGNATURE = "Alice Martin\nArchitecte"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(f"Hi\n\n-- \n{SIGNATURE}\n", True, id="behind its line"),
        pytest.param(f"Hi\n{SIGNATURE}", True, id="without it"),
        pytest.param("Hi\r\n-- \r\nAlice Martin \r\nArchitecte\r\n\r\n", True, id="other line ends, more spaces"),
        pytest.param(f"{SIGNATURE}\n\nPS: more", False, id="not at the end"),
        pytest.param("Hi\nArchitecte", False, id="half of it"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_signature_that_is_there_is_recognised(body, found):
    assert ends_with(body, SIGNATURE) is found


def test_an_empty_signature_is_nowhere():
    assert not ends_with("Hi\n", "")


@pytest.mark.parametrize("text", ["-- \nAlice\n", "--\nAlice", "\n\nAlice  \n\n", "Alice\r\n"])
def test_what_composing_adds_is_not_part_of_it(text):
    assert bare(text) == "Alice"


@pytest.mark.parametrize("text", ["--", "-- \n", "\n \n", ""])
def test_a_line_alone_is_no_signature(text):
    assert bare(text) == ""


@given(st.text())
def test_tidying_twice_changes_nothing_more(text):
    assert ends_with(text, bare(text)) is bool(bare(text))


def test_one_without_any_text_adds_nothing():
    assert Signature().is_empty
    assert not Signature(markdown="x").is_empty


def test_the_images_of_a_page_are_named_once_each():
    page = """<img src="logo.png"><IMG width=1 SRC='firm/sub.JPG'><img alt="x" src=logo.png />
    <img src="https://firm.example/x.png"><img src="//cdn/x.png"><img src="data:image/png;base64,AA"><img src="cid:x@y">
    <img src="a%20b&amp;c.png"><img>"""

    assert images_in(page) == ("logo.png", "firm/sub.JPG", "a b&c.png")


def test_an_image_is_referred_to_by_its_content_id():
    page = with_cids('<p><img alt="a" src="logo.png" width="9"> <img src="https://x.example/y.png"></p>')

    assert page == f'<p><img alt="a" src="cid:{cid_of("logo.png")}" width="9"> <img src="https://x.example/y.png"></p>'


@pytest.mark.parametrize(
    "source",
    ["../secret.png", "a/../../b.png", "/etc/logo.png", "file:///etc/logo.png", "%2e%2e/x.png", "..\\x.png",
     ".hidden.png", "C:\\x.png", "logo.svg", "logo", "a/.git/x.png", "javascript:x.png", "%00.png"],
)  # fmt: skip
def test_what_is_no_image_of_the_folder_is_refused(source):
    with pytest.raises(BadDataError):
        images_in(f'<img src="{source}">')


@given(st.text(st.characters(blacklist_categories=["Cs"])), st.text(st.characters(blacklist_categories=["Cs"])))
def test_a_content_id_is_one_names_own(one, other):
    assert cid_of(one).isascii()
    assert (cid_of(one) == cid_of(other)) is (one == other)


def test_the_type_of_an_image_is_by_its_suffix():
    assert (type_of("a.JPG"), type_of("b/c.webp")) == ("image/jpeg", "image/webp")


def test_lines_of_a_signature_in_markdown_stay_lines():
    assert html_of("**Alice**\nArchitecte", hard_breaks=True) == "<p><strong>Alice</strong><br />\nArchitecte</p>\n"


def test_lines_of_a_mail_in_markdown_are_joined_and_tables_are_drawn():
    page = html_of("one\ntwo\n\n|a|b|\n|-|-|\n|1|2|\n")

    assert "<p>one\ntwo</p>" in page
    assert "<td>1</td>" in page
