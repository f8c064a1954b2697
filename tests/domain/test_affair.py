"""References become file names and back; rules say which message is meant."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.affair import normal, ref_of, rule_of, stem_of
from mailctl.errors import BadDataError


class Mail(NamedTuple):
    sender: str = ""
    subject: str = ""
    list_id: str = ""


@pytest.mark.parametrize(
    ("ref", "stem"),
    [
        pytest.param("2026-014", "2026-014", id="digits stay"),
        pytest.param("DUR/Lycée Ampère/3", "DUR%2FLycée%20Ampère%2F3", id="folders are none, accents stay"),
        pytest.param("ABC.b+c_d", "ABC.b+c_d", id="case stays"),
        pytest.param("..", "%2E.", id="no folder above"),
        pytest.param(".hidden", "%2Ehidden", id="no hidden file"),
        pytest.param("100%", "100%25", id="a percent sign"),
        pytest.param("a\\b:*?", "a%5Cb%3A%2A%3F", id="what other systems forbid"),
    ],
)
def test_a_reference_is_a_file_name_and_back(ref, stem):
    assert stem_of(ref) == stem
    assert ref_of(stem) == ref


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_any_reference_comes_back(ref):
    assert ref_of(stem_of(ref)) == normal(ref)
    assert "/" not in stem_of(ref)
    assert not stem_of(ref).startswith(".")


@given(st.text(), st.text())
def test_two_references_never_share_a_file(one, other):
    assert (stem_of(one) == stem_of(other)) == (normal(one) == normal(other))


@pytest.mark.parametrize("stem", ["a b", "a%2f", "%41", "%FF", "a%", ".a", "a%2Fb%2", "Ampe\u0300re"])
def test_a_file_that_no_reference_is_named_like_stands_for_none(stem):
    assert ref_of(stem) is None


def test_an_accent_in_two_pieces_is_the_same_reference():
    assert stem_of("Ampe\u0300re") == stem_of("Ampère") == "Ampère"


@pytest.mark.parametrize(
    ("rule", "mail", "fits"),
    [
        pytest.param("from:x@Lyon.example", Mail(sender="X@lyon.example"), True, id="its sender, in another case"),
        pytest.param("from:x@lyon.example", Mail(sender="xx@lyon.example"), False, id="another sender"),
        pytest.param("domain:lyon.example", Mail(sender="x@lyon.example"), True, id="its domain"),
        pytest.param("domain:lyon.example", Mail(sender="x@mairie.Lyon.example"), True, id="a subdomain"),
        pytest.param("domain:lyon.example", Mail(sender="x@notlyon.example"), False, id="a longer domain"),
        pytest.param("domain:lyon.example", Mail(sender=""), False, id="no sender"),
        pytest.param("subject: Ampère", Mail(subject="RE: lycée AMPE\u0300RE"), True, id="part of the subject"),
        pytest.param("subject:Ampère", Mail(subject="Amperes"), False, id="another subject"),
        pytest.param("list:site.lyon.example", Mail(list_id="<site.lyon.example>"), True, id="its list"),
        pytest.param("list:site.lyon.example", Mail(), False, id="no list"),
    ],
)
def test_a_rule_fits_what_it_names(rule, mail, fits):
    assert rule_of(rule).fits(mail) is fits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("form:x@lyon.example", "did you mean 'from:…'"),
        ("lyon.example", "no rule"),
        ("subject:  ", "nothing behind the colon"),
        ("from:lyon", "no @"),
        ("domain:a b", "no domain"),
        ("domain:x@lyon.example", "no domain"),
        ("list:a b", "no space"),
    ],
)
def test_what_is_no_rule_is_refused(text, said):
    with pytest.raises(BadDataError) as caught:
        rule_of(text)

    assert said in f"{caught.value} {caught.value.hint}"
