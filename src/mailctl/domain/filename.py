"""Names for files out of names that came by mail."""

import mimetypes
import re
from collections.abc import Collection
from itertools import count

LONGEST = 255  # bytes, what most file systems take
LONGEST_SUFFIX = 20
# Controls, the marks that turn a text's direction (UAX 9), line separators, and what Windows has no names with.
UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff:*?\"<>|]"
)
# Windows' devices, and what a program that is given `*` would take for an option.
TAKEN = re.compile(r"^((con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?=\.|$)|-)", re.IGNORECASE)
KNOWN = {"text/plain": ".txt", "text/html": ".html", "message/rfc822": ".eml", "image/jpeg": ".jpg",
         "text/calendar": ".ics", "application/octet-stream": ".bin"}  # fmt: skip


def file_name(name: str | None, *, content_type: str) -> str:
    """A name to save an attachment under: no path, device or option, control character or leading dot, 255 bytes.

    Args:
        name: what its sender calls it, any text.
        content_type: gives the suffix where there is no name.
    """
    last = re.split(r"[/\\]", name or "")[-1]
    plain = " ".join(UNSAFE.sub("", re.sub(r"[\t\r\n]+", " ", last)).split())
    bare = plain.lstrip(". ").rstrip(". ")
    if not bare:
        bare = f"attachment{suffix_of(content_type)}"
    return shortened(TAKEN.sub(lambda found: f"_{found[0]}", bare))


def suffix_of(content_type: str) -> str:
    """The usual suffix of a type."""
    return KNOWN.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"


def shortened(name: str, room: int = LONGEST) -> str:
    """A name in so many bytes of UTF-8, its suffix kept."""
    stem, suffix = split(name)
    data = stem.encode()[: room - len(suffix.encode())]
    return data.decode("utf-8", "ignore") + suffix


def split(name: str) -> tuple[str, str]:
    """Stem and suffix; what is too long for a suffix is none."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > LONGEST_SUFFIX:
        return name, ""
    return stem, dot + suffix


def distinct(name: str, taken: Collection[str]) -> str:
    """The name, with a number before its suffix where it is taken; case makes no difference on some file systems."""
    folded = {other.casefold() for other in taken}
    if name.casefold() not in folded:
        return name
    stem, suffix = split(name)
    tries = (f"{shortened(stem, LONGEST - len(suffix.encode()) - 8)}-{number}{suffix}" for number in count(1))
    return next(other for other in tries if other.casefold() not in folded)
