"""Markdown with values in it → HTML in which no value is markup.

The Markdown is read with a word in the place of each value, and the value is put there afterwards, so that what stands
in it can change neither the structure of the text nor that of the page.
"""

import re
from html import escape
from typing import NamedTuple

from mailctl.domain.markdown import html_of
from mailctl.errors import BadDataError

PAGE = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{}</body></html>\n'
TAG = re.compile(r"""<[a-zA-Z/](?:[^<>"']|"[^"]*"|'[^']*')*>""")
QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
CODE = re.compile(r"<(script|style)\b.*?</\1", re.IGNORECASE | re.DOTALL)
# Where a browser goes to, or takes something from.
GOES = r"""\b(?:href|src|action|formaction|background|poster|cite)\s*=\s*["']\s*"""
LEADS = re.compile(r"(?:https?://|mailto:|tel:|cid:)[^\s\"'<>]+|[^\s\"'<>@:/]+@[^\s\"'<>@:/]+", re.IGNORECASE)
SPACES = {ord(letter): f"&#{ord(letter)};" for letter in "\t\n\r =`"}
TEXT, ATTRIBUTE, ADDRESS, LINK = "text", "attribute", "address", "link"


class Slot(NamedTuple):
    """A place for a value: which one, where it stands, and the HTML before it."""

    before: str
    number: int
    where: str


class Frame(NamedTuple):
    """A page with places for values."""

    slots: tuple[Slot, ...]
    end: str

    def filled(self, values: tuple[str, ...]) -> str:
        """The page.

        Raises:
            BadDataError: a value is to be a link, and is none.
        """
        parts = [part for slot in self.slots for part in (slot.before, WRITTEN[slot.where](values[slot.number]))]
        return "".join(parts) + self.end


def worded(literals: tuple[str, ...]) -> tuple[str, re.Pattern[str]]:
    """The page of a Markdown text with a word in the place of each value, and what finds those words.

    Args:
        literals: what stands before the first value, between each two, and behind the last.
    """
    word = "vq"
    while any(word in literal for literal in literals):
        word += "q"
    source = literals[0] + "".join(f"{word}{place}x{literal}" for place, literal in enumerate(literals[1:]))
    # `<{{ link }}>` is a link in Markdown; with a word in it, it would be a tag
    linked = re.sub(rf"<({word}\d+)x>", r"\1y", source)
    return PAGE.format(html_of(linked)), re.compile(rf"{word}(\d+)([xy])")


def cut(page: str, word: re.Pattern[str]) -> Frame:
    """A page cut at each word that stands for a value.

    Raises:
        BadDataError: one stands where a browser reads a program, or in a tag and outside quotes.
    """
    if any(word.search(found[0]) for found in CODE.finditer(page)):
        raise BadDataError("a value cannot stand in a script or a style sheet")
    tags = [found for found in TAG.finditer(page) if word.search(found[0])]
    for tag in tags:
        if word.search(QUOTED.sub("", tag[0])):
            raise BadDataError("within a tag a value stands in quotes, or nowhere", hint='such as href="{{ … }}"')
    inside = {place for tag in tags for place in range(tag.start(), tag.end())}
    goes = {found.end() for tag in tags for found in re.compile(GOES, re.IGNORECASE).finditer(page, *tag.span())}
    slots, done = [], 0
    for found in word.finditer(page):
        where = ATTRIBUTE if found.start() in inside else LINK if found[2] == "y" else TEXT
        where = ADDRESS if found.start() in goes else where
        slots.append(Slot(page[done : found.start()], int(found[1]), where))
        done = found.end()
    return Frame(tuple(slots), page[done:])


def as_text(value: str) -> str:
    """A value to be read; a line's end is one."""
    return escape(value).replace("\n", "<br>\n") if "\n" in value else escape(value)


def as_attribute(value: str) -> str:
    """A value within an attribute; with spaces that end none."""
    return escape(value).translate(SPACES)


def as_address(value: str) -> str:
    """A value that a link leads to.

    Raises:
        BadDataError: it is no address of a page or a mailbox.
    """
    if not LEADS.fullmatch(value.strip()):
        raise BadDataError(f"'{value}' is no link", hint="such as https://client.example/page")
    return as_attribute(value.strip())


def as_link(value: str) -> str:
    """A value as a link to itself; one that leads nowhere stands as it is, in its angle brackets."""
    bare = value.strip()
    if not LEADS.fullmatch(bare):
        return f"&lt;{as_text(value)}&gt;"
    goes = bare if ":" in bare else f"mailto:{bare}"
    return f'<a href="{as_attribute(goes)}">{escape(bare)}</a>'


WRITTEN = {TEXT: as_text, ATTRIBUTE: as_attribute, ADDRESS: as_address, LINK: as_link}
