"""What is typed for a template's variables, or stands in a cell → numbers, days, yes or no."""

import re
from datetime import date
from decimal import Decimal

MOST_DIGITS = 15
SPACES = re.compile("[ \u00a0\u202f']")
NUMBERS = {
    "fr": re.compile(r"[+-]?\d+(?:[.,]\d+)?"),
    "en": re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"),
}
UNITS = re.compile(r"\s*(?:€|\$|£|EUR|USD|GBP|CHF)\s*\Z|\A\s*(?:€|\$|£)\s*")
DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
YES = frozenset({"true", "yes", "oui", "vrai", "1", "x"})
NO = frozenset({"false", "no", "non", "faux", "0"})
FORMS = {
    "text": "text",
    "number": "a number, such as 1234.5",
    "amount": "an amount, such as 1234.50",
    "date": "a day, such as 2026-11-24",
    "address": "an address, such as anna@firm.example",
    "bool": "yes or no",
}


class NoValueError(ValueError):
    """A text that stands for no value of its kind."""


def read_number(text: str, language: str) -> Decimal:
    """The number in `1 234,50`, `1234.5` or, in English, `1,234.50`; a currency beside it is no matter.

    Raises:
        NoValueError: it is none, or has more digits than a firm counts.
    """
    bare = SPACES.sub("", UNITS.sub("", text.strip()))
    if not NUMBERS[language].fullmatch(bare) or not bare.isascii():
        raise NoValueError(f"'{text}' is no number")
    if len(re.sub(r"\D", "", bare)) > MOST_DIGITS:
        raise NoValueError(f"'{text}' has more than {MOST_DIGITS} digits")
    return Decimal(bare.replace(",", "." if language == "fr" else ""))


def read_date(text: str, language: str) -> date:
    """The day in `2026-11-24` or, in French, `24/11/2026`.

    Raises:
        NoValueError: it is none.
    """
    typed = text.strip()
    found = DAY_FIRST.fullmatch(typed) if language == "fr" else None
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(typed)
    except ValueError as error:
        raise NoValueError(f"'{text}' is no day") from error


def read_bool(text: str) -> bool:
    """Yes or no.

    Raises:
        NoValueError: it is neither.
    """
    word = text.strip().casefold()
    if word not in YES | NO:
        raise NoValueError(f"'{text}' is neither yes nor no")
    return word in YES
