"""What is typed for a variable is read as French and English type it, or refused."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.template_values import NoValueError, read_bool, read_date, read_number


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("fr", "1234.5", "1234.5"),
        ("fr", "1234,50", "1234.50"),
        ("fr", "1 234,50 €", "1234.50"),
        ("fr", "1\u202f234,50\xa0€", "1234.50"),
        ("fr", "-3", "-3"),
        ("en", "1,234.50", "1234.50"),
        ("en", "€1,234.50", "1234.50"),
        ("en", "1234.5 EUR", "1234.5"),
    ],
)
def test_a_number_as_it_is_typed(language, text, number):
    assert read_number(text, language) == Decimal(number)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", ""), ("fr", "x"), ("fr", "1,2,3"), ("fr", "1.234,50"), ("en", "12,50"), ("en", "1,2345"),
        ("fr", "1e400"), ("fr", "NaN"), ("fr", "Infinity"), ("fr", "9" * 16), ("fr", "٣"), ("fr", "1_000"),
    ],
)  # fmt: skip
def test_what_is_no_number_or_may_be_two_is_refused(language, text):
    with pytest.raises(NoValueError):
        read_number(text, language)


@pytest.mark.parametrize(
    ("language", "text"), [("fr", "2026-11-24"), ("fr", "24/11/2026"), ("fr", " 24.11.2026 "), ("en", "2026-11-24")]
)
def test_a_day_as_it_is_typed(language, text):
    assert read_date(text, language) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("language", "text"), [("fr", "31/02/2026"), ("fr", "demain"), ("fr", ""), ("en", "24/11/2026"), ("fr", "24/11/26")]
)
def test_what_is_no_day_or_may_be_two_is_refused(language, text):
    with pytest.raises(NoValueError):
        read_date(text, language)


def test_yes_and_no_in_both_languages():
    assert [read_bool(word) for word in ("oui", "Yes", "1", "true")] == [True] * 4
    assert [read_bool(word) for word in ("non", "NO", "0", "faux")] == [False] * 4
    with pytest.raises(NoValueError):
        read_bool("perhaps")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_refused(text):
    for function in (read_number, read_date):
        for language in ("fr", "en"):
            with suppress(NoValueError):
                assert isinstance(function(text, language), Decimal | date)
