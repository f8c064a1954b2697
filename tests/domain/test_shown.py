"""What an affair is called on a server: names that every server takes, and that no two affairs share."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.affair import normal
from mailctl.domain.shown import folder_of, keyword_of

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=100)


@pytest.mark.parametrize(
    ("ref", "keyword"),
    [
        pytest.param("2026-014", "affair-2026-014", id="as it is"),
        pytest.param("ABC-1", "affair-abc-1", id="keywords have no case"),
        pytest.param("DUR/Lycée Ampère/3", "affair-dur-lycee-ampere-3-", id="what no keyword holds is changed"),
        pytest.param("---", "affair-", id="nothing is left but the sum"),
    ],
)
def test_a_reference_is_a_keyword(ref, keyword):
    assert re.fullmatch(rf"{re.escape(keyword)}({'[0-9a-f]{6}' if keyword.endswith('-') else ''})", keyword_of(ref))


@given(ANY_TEXT)
def test_any_reference_is_a_short_keyword_that_servers_take(ref):
    assert re.fullmatch(r"affair-[a-z0-9-]{1,41}", keyword_of(ref))


@given(ANY_TEXT, ANY_TEXT)
def test_two_references_have_two_keywords(one, other):
    if normal(one).casefold() != normal(other).casefold():
        assert keyword_of(one) != keyword_of(other)


@pytest.mark.parametrize(
    ("ref", "delimiter", "folder"),
    [
        pytest.param("2026-014", "/", "Affaires/2026-014", id="as it is"),
        pytest.param("2026-014", ".", "Affaires.2026-014", id="parted otherwise"),
        pytest.param("2026-014", None, "Affaires/2026-014", id="a server without folders in folders"),
        pytest.param("DUR/Lycée Ampère/3", "/", "Affaires/DUR-Lycée Ampère-3", id="no folders of its own"),
        pytest.param("2026.014", ".", "Affaires.2026-014", id="what parts names elsewhere"),
        pytest.param("a*b%c", "/", "Affaires/a-b-c", id="what LIST reads as a pattern"),
    ],
)
def test_a_reference_is_a_folder(ref, delimiter, folder):
    assert folder_of(ref, delimiter) == folder
