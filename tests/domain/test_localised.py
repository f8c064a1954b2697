"""Dates, amounts and numbers stand as French and English write them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mailctl.domain import localised

DAY = date(2026, 11, 24)
NARROW, FIRM = "\u202f", "\xa0"


@pytest.mark.parametrize(
    ("language", "form", "text"),
    [
        ("fr", "short", "24/11/2026"),
        ("fr", "medium", "24 nov. 2026"),
        ("fr", "long", "24 novembre 2026"),
        ("fr", "full", "mardi 24 novembre 2026"),
        ("en", "short", "24/11/2026"),
        ("en", "medium", "24 Nov 2026"),
        ("en", "long", "24 November 2026"),
        ("en", "full", "Tuesday, 24 November 2026"),
    ],
)
def test_a_day_in_its_forms(language, form, text):
    assert localised.date_in(language, DAY, form) == text


def test_the_first_of_a_month_is_said_as_the_french_say_it():
    first = date(2026, 12, 1)

    assert localised.date_in("fr", first) == "1er décembre 2026"
    assert localised.date_in("fr", first, "full") == "mardi 1er décembre 2026"
    assert localised.date_in("fr", first, "short") == "01/12/2026"
    assert localised.date_in("en", first) == "1 December 2026"


def test_a_day_may_be_a_text_or_hold_a_time():
    assert localised.date_in("fr", "2026-11-24") == localised.date_in("fr", DAY)
    assert localised.date_in("fr", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)) == localised.date_in("fr", DAY)


@pytest.mark.parametrize(
    ("language", "value", "currency", "text"),
    [
        ("fr", Decimal("1234.5"), "EUR", f"1{NARROW}234,50{FIRM}€"),
        ("fr", -3, "EUR", f"-3,00{FIRM}€"),
        ("en", Decimal("1234.5"), "EUR", "€1,234.50"),
        ("en", "0", "GBP", "£0.00"),
        ("fr", 12, "CHF", f"12,00{FIRM}CHF"),
    ],
)
def test_an_amount_has_its_currency(language, value, currency, text):
    assert localised.amount_in(language, value, currency) == text


@pytest.mark.parametrize(
    ("language", "digits", "text"),
    [
        ("fr", None, f"1{NARROW}234,56789"),
        ("fr", 2, f"1{NARROW}234,57"),
        ("fr", 0, f"1{NARROW}235"),
        ("en", 1, "1,234.6"),
    ],
)
def test_a_number_has_the_digits_that_are_asked_for(language, digits, text):
    assert localised.number_in(language, Decimal("1234.56789"), digits) == text


@pytest.mark.parametrize("function", [localised.date_in, localised.amount_in, localised.number_in])
def test_nothing_stays_nothing(function):
    assert function("fr", "") == ""


@pytest.mark.parametrize(
    ("function", "words"),
    [
        pytest.param(localised.date_in, ("2026-13-01",), id="no day"),
        pytest.param(localised.date_in, (DAY, "yyyy" * 99), id="no form"),
        pytest.param(localised.amount_in, ("x",), id="no amount"),
        pytest.param(localised.amount_in, (1, "ZZQ"), id="no currency"),
        pytest.param(localised.number_in, (1, 10**9), id="a billion digits"),
    ],
)
def test_what_is_none_is_refused(function, words):
    with pytest.raises(ValueError, match=r"\w"):
        function("fr", *words)


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("fr", True, "oui"),
        ("fr", False, "non"),
        ("en", True, "yes"),
        ("en", DAY, "24 November 2026"),
        ("fr", Decimal("1.50"), "1,5"),
        ("fr", 7, "7"),
    ],
)
def test_what_is_no_text_is_shown_in_the_language(language, value, text):
    assert localised.shown(language, value) == text
