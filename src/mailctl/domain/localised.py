"""Dates, amounts and numbers as French and English write them; the only home of Babel."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, is_currency

PLACES = {"fr": "fr_FR", "en": "en_GB"}
FORMS = ("short", "medium", "long", "full")
ANSWERS = {"fr": ("oui", "non"), "en": ("yes", "no")}
MOST_DIGITS = 10
Typed = date | str
Number = Decimal | int | float | str


def shown(language: str, value: object) -> str:
    """A value as a text shows it: days and numbers as the language writes them, yes or no."""
    if isinstance(value, bool):
        return ANSWERS[language][not value]
    if isinstance(value, date):
        return date_in(language, value)
    return number_in(language, value) if isinstance(value, Decimal) else str(value)


@lru_cache(maxsize=1000)
def date_in(language: str, value: Typed, form: str = "long") -> str:
    """A day: `24 novembre 2026`; nothing for nothing.

    Args:
        language: `fr` or `en`.
        value: the day, or its text as RFC 3339 has it.
        form: `short`, `medium`, `long` or `full`.

    Raises:
        ValueError: that is no day, or no form.
    """
    if value == "":
        return ""
    if form not in FORMS:
        raise ValueError(f"no form of a date '{form}': one of {', '.join(FORMS)}")
    day = value if isinstance(value, date) else day_in(value)
    text = format_date(day.date() if isinstance(day, datetime) else day, form, locale=locale(language))
    return re.sub(r"\b1 (?=\D)", "1er ", text, count=1) if language == "fr" and form in ("long", "full") else text


def day_in(text: str) -> date:
    """The day in a text.

    Raises:
        ValueError: that is none.
    """
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"'{text}' is no day") from error


@lru_cache(maxsize=1000)
def amount_in(language: str, value: Number, currency: str = "EUR") -> str:
    """A sum of money: `1 234,50 €`; nothing for nothing.

    Raises:
        ValueError: that is no number, or no currency.
    """
    if value == "":
        return ""
    if not is_currency(currency, locale(language)):
        raise ValueError(f"no currency '{currency}'")
    return format_currency(exact(value), currency, locale=locale(language))


@lru_cache(maxsize=1000)
def number_in(language: str, value: Number, digits: int | None = None) -> str:
    """A number: `1 234,5`; nothing for nothing.

    Args:
        language: `fr` or `en`.
        value: the number.
        digits: how many stand behind the comma; None for those there are.

    Raises:
        ValueError: that is no number, or too many digits.
    """
    if value == "":
        return ""
    if digits is not None and not 0 <= digits <= MOST_DIGITS:
        raise ValueError(f"from 0 to {MOST_DIGITS} digits")
    pattern = None if digits is None else f"#,##0.{'0' * digits}".rstrip(".")
    return format_decimal(exact(value), pattern, locale=locale(language), decimal_quantization=digits is not None)


def exact(value: Number) -> Decimal:
    """A number as it is written.

    Raises:
        ValueError: it is none.
    """
    try:
        return Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError(f"'{value}' is no number") from error


@cache
def locale(language: str) -> Locale:
    """How a language writes, read once."""
    return Locale.parse(PLACES[language])
