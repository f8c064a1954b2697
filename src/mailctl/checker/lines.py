"""Log lines: one an event, key=value, on stderr, which systemd keeps in the journal."""

import sys
from collections.abc import Callable
from typing import TextIO

PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/@+,*")
Log = Callable[..., None]


def logger(stream: TextIO | None = None) -> Log:
    """A function that writes `log("looked", account="contact", unread=3)` as one line."""

    def log(event: str, **fields: object) -> None:
        write(stream or sys.stderr, event, fields)

    return log


def write(stream: TextIO, event: str, fields: dict[str, object]) -> None:
    """Write one line; where nobody reads any more, nothing is lost."""
    try:
        stream.write(line(event, **fields) + "\n")
        stream.flush()
    except (OSError, ValueError):
        return


def line(event: str, **fields: object) -> str:
    """`event=looked account=contact`, values quoted where need be; what is None is left out."""
    pairs = {"event": event, **fields}
    return " ".join(f"{key}={word(value)}" for key, value in pairs.items() if value is not None)


def word(value: object) -> str:
    """A value as one word; nothing in it can end the line or begin another field."""
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))
    if text and PLAIN.issuperset(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
