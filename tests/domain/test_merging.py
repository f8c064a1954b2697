"""What was done to flags here, and what comes of it beside what was done there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.merging import KEPT_HERE, change

flags = st.frozensets(st.sampled_from(sorted(KEPT_HERE)))
S, F, T = "\\Seen", "\\Flagged", "\\Deleted"


@pytest.mark.parametrize(
    ("agreed", "here", "there", "merged"),
    [
        pytest.param("", S, "", S, id="read here"),
        pytest.param("", S, F, S + F, id="read here, flagged there"),
        pytest.param(S, "", S, "", id="unread here"),
        pytest.param(S + F, S, F, "", id="the flag taken here, unread there"),
        pytest.param("", S, S, S, id="read on both sides"),
        pytest.param("", "", T, T, id="deleted there"),
        pytest.param("Important", S, "Important", S + "Important", id="a keyword, which no file's name tells"),
    ],
)
def test_both_sides_changes_are_kept(agreed, here, there, merged):
    sets = [
        frozenset(word for word in (S, F, T, "Important") if word in text) for text in (agreed, here, there, merged)
    ]

    assert change(sets[0], sets[1]).applied(sets[2]) == sets[3]


@given(flags, flags)
def test_where_nothing_changed_there_it_is_as_here(agreed, here):
    assert change(agreed, here).applied(agreed) == here


@given(flags, flags, flags)
def test_done_twice_it_is_as_done_once(agreed, here, there):
    what = change(agreed, here)

    assert what.applied(what.applied(there)) == what.applied(there)
