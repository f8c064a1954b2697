"""Calendar files: whether one is an invitation, and the type that makes it one (RFC 5545, 6047)."""

import re

BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\r?\n(.*?)(?=^BEGIN:|^END:|\Z)", re.I | re.S | re.M)
METHOD = re.compile(rb"^METHOD[ \t]*:[ \t]*([A-Za-z-]{1,40})[ \t]*\r?$", re.I | re.M)
TYPE, OFFERING = "text/calendar", "; method="


def content_type(content: bytes) -> str:
    """The type of a calendar file; one that asks, cancels or answers says so in it, or no program acts on it."""
    method = method_of(content)
    return f"{TYPE}{OFFERING}{method}" if method else TYPE


def method_of(content: bytes) -> str:
    """What a calendar file is for, such as REQUEST; empty where it does not say (RFC 5545, 3.7.2)."""
    beginning = BEGINNING.match(content)
    found = METHOD.search(beginning[1]) if beginning else None
    return found[1].decode("ascii").upper() if found else ""


def is_offering(kind: str) -> bool:
    """Whether a type is one of a calendar that is for something."""
    return kind.startswith(f"{TYPE}{OFFERING}")
