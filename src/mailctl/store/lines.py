"""Where a key stands in a TOML text, which tomli does not tell."""

import re
from collections import Counter

ONE = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
DOTTED = rf"{ONE}(?:\s*\.\s*{ONE})*"
HEADER = re.compile(rf"^\s*(\[\[?)\s*({DOTTED})\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(rf"^\s*({DOTTED})\s*=")
PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")
CLOSING = {'"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"{3,5}'), "'''": re.compile(r"(?:[^']|'(?!''))*'{3,5}")}
TOKEN = re.compile(
    r"""(?P<quotes>\"""|''')|"(?:[^"\\]|\\.)*"|'[^']*'|(?P<comment>\#)|(?P<opening>[\[{])|(?P<closing>[\]}])"""
)
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
    quotes, depth = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if quotes or depth:
            quotes, depth = left_open(line, quotes, depth)
        elif header := HEADER.match(line):
            table = placed(parts_of(header[2]), arrays)
            if header[1] == "[[":
                arrays[table] += 1
                table = (*table, arrays[table] - 1)
            known.setdefault(table, number)
        elif key := KEY.match(line):
            known.setdefault(table + parts_of(key[1]), number)
            quotes, depth = left_open(line[key.end() :], "", 0)
    return known


def placed(parts: tuple[str | int, ...], arrays: Counter[tuple[str | int, ...]]) -> tuple[str | int, ...]:
    """The path of a header, which within an array of tables means its latest entry."""
    path: tuple[str | int, ...] = ()
    for part in parts:
        path = (*path, arrays[path] - 1, part) if arrays[path] else (*path, part)
    return path


def left_open(line: str, quotes: str, depth: int) -> tuple[str, int]:
    """The quotes of a multi-line string and the number of brackets that are open behind a line.

    Args:
        line: what follows on it.
        quotes: those that are open before; empty for none.
        depth: how many brackets are.
    """
    place = 0
    while True:
        if quotes:
            closed = CLOSING[quotes].match(line, place)
            if closed is None:
                return quotes, depth
            quotes, place = "", closed.end()
        token = TOKEN.search(line, place)
        if token is None or token["comment"]:
            return "", depth
        place = token.end()
        quotes = token["quotes"] or ""
        depth += bool(token["opening"]) - bool(token["closing"])


def parts_of(dotted: str) -> tuple[str | int, ...]:
    """The parts of a dotted key."""
    return tuple(found[1] or found[2] or found[3] or "" for found in PART.finditer(dotted))


def has_comments(text: str) -> bool:
    """Whether a TOML text holds comments that writing it anew would drop."""
    own = FIRST_LINE.sub("", text, 1)
    return "#" in own and "#" in STRINGS.sub("", own)
