"""The search language → terms: words and fields, AND, OR, NOT, quotes and parentheses."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from mailctl.errors import UsageError, nearest

TOKEN = re.compile(r'\s*(?:([()])|(-(?=[^\s)-]))|((?:[^\s()":]+:)?"[^"]*"\*?)|([^\s()]+))')
SIZE = re.compile(r"(\d{1,12})([kmg]?)b?", re.IGNORECASE)
UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
DEEPEST, MOST_TERMS, LONGEST = 30, 100, 2000


class Place(StrEnum):
    """Where words stand; ANYWHERE is attachments' names too."""

    ANYWHERE = ""
    SENDER = "from"
    RECIPIENTS = "to"
    SUBJECT = "subject"
    BODY = "body"


class State(StrEnum):
    """What a message is, by its flags."""

    UNREAD = "unread"
    READ = "read"
    FLAGGED = "flagged"
    ANSWERED = "answered"


class Words(Struct, frozen=True):
    """Words that follow each other; with `is_prefix` the last one may go on."""

    place: Place
    text: str
    is_prefix: bool = False


class InFolder(Struct, frozen=True):
    """Mail of a folder."""

    name: str


class OfAccount(Struct, frozen=True):
    """Mail of an account."""

    name: str


class InAffair(Struct, frozen=True):
    """Mail that belongs to an affair."""

    ref: str


class Is(Struct, frozen=True):
    """Mail in a state."""

    state: State


class HasAttachment(Struct, frozen=True):
    """Mail with attachments."""


class Before(Struct, frozen=True):
    """Mail from before a day."""

    day: date


class After(Struct, frozen=True):
    """Mail from that day or later."""

    day: date


class Larger(Struct, frozen=True):
    """Mail of more than so many bytes."""

    size: int


class Smaller(Struct, frozen=True):
    """Mail of fewer bytes."""

    size: int


class All(Struct, frozen=True):
    """Mail that is each of these."""

    parts: "tuple[Term, ...]"


class Either(Struct, frozen=True):
    """Mail that is one of these."""

    parts: "tuple[Term, ...]"


class Not(Struct, frozen=True):
    """Mail that is not this."""

    part: "Term"


Term: TypeAlias = (
    Words
    | InFolder
    | OfAccount
    | InAffair
    | Is
    | HasAttachment
    | Before
    | After
    | Larger
    | Smaller
    | All
    | Either
    | Not
)


class Token(Struct, frozen=True):
    """A piece of a query, and the column it begins at."""

    text: str
    column: int


def parse(text: str) -> Term:
    """The terms of a query.

    Raises:
        UsageError: it says nothing, or not what it means; the column is named.
    """
    if len(text) > LONGEST:
        raise UsageError(f"a search has {LONGEST} letters at most", hint=EXAMPLE)
    found = tokens(text)
    if not found:
        raise UsageError("the search says nothing", hint=EXAMPLE)
    if len(found) > MOST_TERMS:
        raise UsageError(f"a search has {MOST_TERMS} words at most", hint=EXAMPLE)
    reader = Reader(found, end=len(text) + 1)
    term = reader.either(0)
    if reader.next is not None:
        raise fault(reader.next.column, "the parenthesis was never opened")
    return term


def tokens(text: str) -> list[Token]:
    """The pieces of a query.

    Raises:
        UsageError: a quotation mark has no other.
    """
    found, place = [], 0
    while match := TOKEN.match(text, place):
        place = match.end()
        piece = match[0].lstrip()
        column = place - len(piece) + 1
        if match[4] and (piece.startswith('"') or ':"' in piece):
            raise fault(column + piece.index('"'), "the quotation mark is never closed")
        found.append(Token("NOT" if match[2] else piece, column))
    return found


def fault(column: int, what: str, *, hint: str = "") -> UsageError:
    """The error of a query, by its column."""
    return UsageError(f"the search, column {column}: {what}", hint=hint or EXAMPLE)


class Reader:
    """Reads terms from the left to the right; AND binds closer than OR."""

    def __init__(self, found: list[Token], *, end: int) -> None:
        self.found = found
        self.end = end
        self.place = 0

    @property
    def next(self) -> Token | None:
        """The piece that comes."""
        return self.found[self.place] if self.place < len(self.found) else None

    def comes(self, *texts: str) -> bool:
        """Whether one of these comes."""
        return self.next is not None and self.next.text in texts

    def take(self) -> Token:
        """The piece that comes, gone past.

        Raises:
            UsageError: there is none.
        """
        token = self.next
        if token is None:
            raise fault(self.end, "a word is missing at the end")
        self.place += 1
        return token

    def either(self, depth: int) -> Term:
        """Terms with OR between them."""
        parts = [self.all(depth)]
        while self.comes("OR"):
            self.take()
            parts.append(self.all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all(self, depth: int) -> Term:
        """Terms that stand together, with AND between them or without."""
        parts = [self.one(depth)]
        while self.next is not None and not self.comes("OR", ")"):
            if self.comes("AND"):
                self.take()
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self, depth: int) -> Term:
        """One term, with what turns it into its opposite."""
        token = self.take()
        if depth > DEEPEST:
            raise fault(token.column, f"no more than {DEEPEST} levels")
        if token.text == "NOT":
            return Not(self.one(depth + 1))
        if token.text in ("AND", "OR", ")"):
            raise fault(token.column, f"a word is missing before '{token.text}'")
        if token.text != "(":
            return term_of(token)
        inner = self.either(depth + 1)
        if not self.comes(")"):
            raise fault(token.column, "the parenthesis is never closed")
        self.take()
        return inner


def term_of(token: Token) -> Term:
    """The term that one piece says.

    Raises:
        UsageError: its field takes no such value.
    """
    name, colon, value = token.text.partition(":")
    if token.text.startswith('"') or not colon or not value:
        if colon and not value and name in FIELDS:
            raise fault(token.column, f"'{name}:' says nothing", hint=f"without a space: {name}:…")
        return words(Place.ANYWHERE, token.text, token.column)
    if name in FIELDS:
        return FIELDS[name](value, token.column)
    close = nearest(name, FIELDS)
    if close and name.isalpha():
        raise fault(
            token.column, f"there is no field '{name}:'", hint=f"did you mean '{close}:'? as words: \"{token.text}\""
        )
    return words(Place.ANYWHERE, token.text, token.column)


def words(place: Place, text: str, column: int) -> Words:
    """Words at a place.

    Raises:
        UsageError: there is no letter and no digit in them.
    """
    is_prefix = text.endswith("*")
    bare = " ".join(unquoted(text.removesuffix("*")).replace("\0", " ").split())
    if not any(is_word_letter(char) for char in bare):
        raise fault(column, f"'{text}' holds no letter and no digit to look for")
    return Words(place, bare, is_prefix)


def unquoted(text: str) -> str:
    """A value without its quotes."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def is_word_letter(char: str) -> bool:
    """Whether an index of words heeds a letter."""
    return unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Co"


def at(place: Place) -> Callable[[str, int], Term]:
    """What reads words at a place."""
    return lambda value, column: words(place, value, column)


def folder(value: str, _column: int) -> Term:
    """`in:Sent`, `in:"Sent Items"`."""
    return InFolder(unquoted(value))


def account(value: str, _column: int) -> Term:
    """`account:contact`."""
    return OfAccount(unquoted(value))


def affair(value: str, _column: int) -> Term:
    """`affair:2026-014`, `affair:"DUR/Lycée Ampère/3"`."""
    return InAffair(unicodedata.normalize("NFC", unquoted(value)))


def state(value: str, column: int) -> Term:
    """`is:unread`."""
    return Is(State(one_of(value, [*State], "is", column)))


def has(value: str, column: int) -> Term:
    """`has:attachment`."""
    one_of(value.removesuffix("s"), ["attachment"], "has", column)
    return HasAttachment()


def one_of(value: str, allowed: list[str], field: str, column: int) -> str:
    """A value, once it is known to be one of those a field takes.

    Raises:
        UsageError: it is none.
    """
    if value.lower() not in allowed:
        raise fault(column, f"'{field}:' takes {', '.join(allowed)}, not '{value}'")
    return value.lower()


def before(value: str, column: int) -> Term:
    """`before:2026-03`."""
    return Before(day_of(value, "before", column))


def after(value: str, column: int) -> Term:
    """`after:2026-03-01`."""
    return After(day_of(value, "after", column))


def day_of(value: str, field: str, column: int) -> date:
    """A day; the first one of a month or a year.

    Raises:
        UsageError: there is no such day.
    """
    found = DAY.fullmatch(value)
    try:
        if found:
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        pass
    raise fault(column, f"'{value}' is no day", hint=f"{field}:2026-03-31, {field}:2026-03, {field}:2026")


def larger(value: str, column: int) -> Term:
    """`larger:10M`."""
    return Larger(size_of(value, "larger", column))


def smaller(value: str, column: int) -> Term:
    """`smaller:20k`."""
    return Smaller(size_of(value, "smaller", column))


def size_of(value: str, field: str, column: int) -> int:
    """A number of bytes.

    Raises:
        UsageError: it is none.
    """
    found = SIZE.fullmatch(value)
    if found is None:
        raise fault(column, f"'{value}' is no size", hint=f"{field}:10M, {field}:500k")
    return int(found[1]) * UNITS[found[2].lower()]


FIELDS: dict[str, Callable[[str, int], Term]] = {
    "from": at(Place.SENDER),
    "to": at(Place.RECIPIENTS),
    "subject": at(Place.SUBJECT),
    "body": at(Place.BODY),
    "in": folder,
    "account": account,
    "affair": affair,
    "is": state,
    "has": has,
    "before": before,
    "after": after,
    "larger": larger,
    "smaller": smaller,
}
EXAMPLE = "mailctl search 'from:anna subject:\"site plans\" after:2026-01 NOT in:Trash'"
