"""Where a key stands in a TOML text, which tomli does not tell."""

import re
from collections import Counter

HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(
    r"""^\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")
QUOTES = ('"""', "'''")
STRINGS = re.compile(r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)

FIRST_LINE = re.compile(r"\A#:schema (?:\.\./)?\.schemas/[a-z]+\.json\r?\n")  # written by mailctl, and each time anew


def line_of(text: str, path: tuple[str | int, ...]) -> int:
    """The line, from 1, on which a key stands, or the nearest table above it; 1 when nothing is found."""
    known = lines_of(text)
    for length in range(len(path), 0, -1):
        if path[:length] in known:
            return known[path[:length]]
    return 1


def lines_of(text: str) -> dict[tuple[str | int, ...], int]:
    """The line of every key and table of a TOML text; an entry of an array of tables counts from 0."""
    known: dict[tuple[str | int, ...], int] = {}
    arrays: Counter[tuple[str | int, ...]] = Counter()
    table: tuple[str | int, ...] = ()
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := HEADER.match(line):
            table = parts_of(header[2])
            if header[1] == "[[":
                table, arrays[table] = (*table, arrays[table]), arrays[table] + 1
            known.setdefault(table, number)
        elif key := KEY.match(line):
            known.setdefault(table + parts_of(key[1]), number)
            closing = left_open(line[key.end() :])
    return known


def left_open(value: str) -> str:
    """The quotes that a multi-line string, begun in this value, still waits for."""
    for quotes in QUOTES:
        if value.count(quotes) % 2:
            return quotes
    return ""


def parts_of(dotted: str) -> tuple[str | int, ...]:
    """The parts of a dotted key."""
    return tuple(found[1] or found[2] or found[3] or "" for found in PART.finditer(dotted))


def has_comments(text: str) -> bool:
    """Whether a TOML text holds comments that writing it anew would drop."""
    own = FIRST_LINE.sub("", text, 1)
    return "#" in own and "#" in STRINGS.sub("", own)
