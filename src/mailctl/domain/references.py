"""References of affairs in a text: on the borders of words, whatever the case, the accents and the kind of dash."""

import re
import unicodedata
from collections.abc import Iterable

SAME = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212"} | {
    ord(space): " " for space in "\u00a0\u202f"
}
START = r"(?<![^\W_])"  # no letter or digit before it; `_` parts words, as in `2026-014_plan.pdf`
MOST_BEGINNINGS, BEGINNING = 50, 3
MARKS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)  # what Unicode lays over letters
SPACES = re.compile(r"\s+")
WEAKEST = 5  # letters and digits of a reference that no ordinary text holds by chance
BRACKETS = {"(": ")", "[": "]"}


class References:
    """The references of many affairs, made ready once, to be found in many texts."""

    def __init__(self, refs: Iterable[str]) -> None:
        self.by_text: dict[str, list[str]] = {}
        for ref in refs:
            self.by_text.setdefault(plain(ref), []).append(ref)
        self.weak = frozenset(text for text in self.by_text if is_weak(text))
        lengths: dict[str, set[int]] = {}
        for text in self.by_text:
            lengths.setdefault(text[:1], set()).add(len(text))
        self.lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self.begins = re.compile(START + begins_as(self.by_text))

    def within(self, text: str, *, weak: bool) -> tuple[str, ...]:
        """The references that stand in a text, in its order; where one begins with another, the longer one.

        Args:
            text: such as a subject.
            weak: whether short ones and those without a digit count, in brackets only: `[12]`.
        """
        bare = plain(text)
        found: dict[str, None] = {}
        behind = 0
        for start in self.begins.finditer(bare):
            place = start.start()
            if place < behind:
                continue
            for length in self.lengths[bare[place]]:
                end = place + length
                if self.is_there(bare, place, end, weak=weak):
                    found.update(dict.fromkeys(self.by_text[bare[place:end]]))
                    behind = end
                    break
        return tuple(found)

    def is_there(self, bare: str, start: int, end: int, *, weak: bool) -> bool:
        """Whether one of them stands exactly there."""
        text = bare[start:end]
        if text not in self.by_text or bare[end : end + 1].isalnum():
            return False
        if text not in self.weak:
            return True
        return weak and start > 0 and BRACKETS.get(bare[start - 1]) == bare[end : end + 1]


def begins_as(texts: Iterable[str]) -> str:
    """A pattern of what texts begin with; one that is quick to look for, however many there are."""
    beginnings = {text[:BEGINNING] for text in texts}
    if len(beginnings) > MOST_BEGINNINGS:
        beginnings = {text[0] for text in beginnings}
    return f"(?={'|'.join(map(re.escape, sorted(beginnings))) or '(?!)'})"


def plain(text: str) -> str:
    """A text without accents, case, several spaces in a row, and other dashes than `-`."""
    if text.isascii():
        bare = text.lower()
        return SPACES.sub(" ", bare) if "  " in bare or "\n" in bare or "\t" in bare else bare
    parted = unicodedata.normalize("NFKD", text.translate(SAME))
    return SPACES.sub(" ", MARKS.sub("", parted).casefold())


def is_weak(ref: str) -> bool:
    """Whether a reference may stand in a text by chance: a word, a year, a house number."""
    return sum(map(str.isalnum, ref)) < WEAKEST or not any(map(str.isdigit, ref))
