"""References of affairs are found in a text on the borders of words, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.references import References, is_weak, plain

FIRM = References(("2026-014", "2026-014-B", "DUR/Lycée Ampère/3", "12", "CHÂTEAU", "#A-2026"))


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        pytest.param("Devis 2026-014", ("2026-014",), id="at the end"),
        pytest.param("2026-014: plans", ("2026-014",), id="at the beginning"),
        pytest.param("[2026-014] plans", ("2026-014",), id="in brackets"),
        pytest.param("2026-0145", (), id="a longer number"),
        pytest.param("12026-014", (), id="a number that ends so"),
        pytest.param("x2026-014", (), id="a letter before it"),
        pytest.param("2026-014b", (), id="a letter behind it"),
        pytest.param("2026-014_plan.pdf", ("2026-014",), id="an underscore parts words"),
        pytest.param("2026\u2011014", ("2026-014",), id="with the dash that does not break"),
        pytest.param("2026 – 014", (), id="its parts apart"),
        pytest.param("2026-014-B", ("2026-014-B",), id="the longer one of two that begin alike"),
        pytest.param("2026-014-C", ("2026-014",), id="with something behind that is no reference"),
        pytest.param("2026-014 et 2026-014-b", ("2026-014", "2026-014-B"), id="both"),
        pytest.param("RE: dur/lycee  AMPERE/3", ("DUR/Lycée Ampère/3",), id="no case, no accents, two spaces"),
        pytest.param("DUR/Lyce\u0301e Ampe\u0300re/3", ("DUR/Lycée Ampère/3",), id="accents in two pieces"),
        pytest.param("DUR/Lycée Ampère/31", (), id="the same with a longer number"),
        pytest.param("see #A-2026", ("#A-2026",), id="one that begins with a sign"),
        pytest.param("12 rue de la Paix", (), id="a short one is a number like any other"),
        pytest.param("[12] plans", ("12",), id="a short one in brackets"),
        pytest.param("le château", (), id="a word is a word"),
        pytest.param("(Château) plans", ("CHÂTEAU",), id="a word in brackets"),
        pytest.param("(Château] plans", (), id="brackets that do not belong together"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_a_reference_in_a_subject(text, refs):
    assert FIRM.within(text, weak=True) == refs


def test_a_short_one_never_counts_in_a_text():
    assert FIRM.within("as said in [12], (Château) and 2026-014", weak=False) == ("2026-014",)


@pytest.mark.parametrize("ref", ["2026", "12", "A-1", "Ampère", "---"])
def test_what_may_stand_anywhere_by_chance_is_weak(ref):
    assert is_weak(ref)


def test_two_that_are_written_alike_are_both_meant():
    assert References(("ete-2026", "Été-2026")).within("ETE-2026", weak=True) == ("ete-2026", "Été-2026")


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=80), st.sampled_from(["2026-014", "DUR/Lycée Ampère/3"])
)
def test_one_that_stands_alone_is_found_whatever_is_around_it(around, ref):
    assert ref in FIRM.within(f"{around} | {ref} | {around}", weak=True)


@given(st.text(max_size=80))
def test_any_text_can_be_asked(text):
    found = FIRM.within(text, weak=True)

    assert all(plain(ref) in plain(text) for ref in found)
