"""Takes out of a text what must not reach a terminal."""

import re

# C0 and C1 controls but tab and newline, and the marks that turn the direction of a text (UAX 9).
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """The text on one line, without control characters; each stands as `�`."""
    if text.isprintable():  # nearly always, and faster: a list of a thousand accounts has five thousand cells
        return text
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text).replace("\n", " ").replace("\t", " ")


def escaped(document: str) -> str:
    """A JSON document with its control characters as JSON's escapes; JSON itself lets those beyond ASCII stand."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def clean_lines(text: str) -> str:
    """The text without control characters, its lines and tabs kept."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
