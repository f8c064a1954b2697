"""Paragraphs in short lines that a reader joins again: format=flowed (RFC 3676)."""

import re

LONGEST = 78  # RFC 5322, 2.1.1
WIDTH = 72
# Indented, tabulated or aligned by spaces, but for the two spaces that some set behind a sentence.
PREFORMATTED = re.compile(r"^[>\s]*\s{2,}\S|^\s|\t|[^\s.!?:]\s{2,}\S|\s{3,}")
QUOTED = re.compile(r"(>+) ?(.*)", re.DOTALL)
WORDS = re.compile(r"\S+ *| +")
STUFFED = (" ", ">", "From ")
DELIMITER = "-- "


def flowed(text: str) -> str | None:
    """The text in short lines, soft ones ending with a space; None where that helps nobody.

    It helps where a paragraph is one long line. Short lines need nothing; long ones that are set up by spaces, such as
    a table, would be torn.
    """
    lines = text.split("\n")
    long = [line for line in lines if len(line) > LONGEST]
    if not long or any(PREFORMATTED.search(line) for line in long):
        return None
    return "\n".join(part for line in lines for part in parts_of(line))


def parts_of(line: str) -> list[str]:
    """A line in as many lines as it takes; the quote marks stand before each."""
    if line == DELIMITER:
        return [line]
    bare = line.rstrip(" ")
    if len(bare) <= LONGEST:
        return [bare if bare.startswith(">") else stuffed(bare)]
    quoted = QUOTED.fullmatch(bare)
    if quoted is None:
        return [stuffed(piece) for piece in pieces(bare)]
    marks, rest = quoted[1], quoted[2]
    return [f"{marks} {piece}" for piece in pieces(rest)]


def pieces(line: str) -> list[str]:
    """A line cut behind spaces."""
    found = [""]
    for word in WORDS.findall(line):
        if found[-1] and len(found[-1]) + len(word.rstrip()) > WIDTH:
            found.append("")
        found[-1] += word
    return found


def stuffed(line: str) -> str:
    """A line with a space before what a reader would take for a mark (RFC 3676, 4.4)."""
    return f" {line}" if line.startswith(STUFFED) else line
