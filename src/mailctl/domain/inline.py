"""The images that HTML embeds: which files it names, and how they are referred to once they travel along (RFC 2392)."""

import re
from html import escape, unescape
from pathlib import PurePosixPath
from urllib.parse import unquote
from zlib import crc32

from mailctl.domain.message import Attachment
from mailctl.errors import BadDataError

SOURCE = re.compile(r"""(<img\b[^<>]*?\ssrc\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:https?:)?//|(?:cid|data):", re.IGNORECASE)
ON_THE_WEB = re.compile(r"(?:https?:)?//", re.IGNORECASE)
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
         ".webp": "image/webp"}  # fmt: skip


SIGNATURES = "the store's signatures/"


def cid_of(filename: str, *, within: str = "signature") -> str:
    """The content id of an image; two names that differ in one letter only have two.

    Args:
        filename: as the HTML names it.
        within: what shows it; a page and its signature may each have a `logo.png`.
    """
    return f"{re.sub(r'[^A-Za-z0-9.-]', '_', filename)[:80]}.{crc32(filename.encode()):08x}@{within}"


def cid(image: Attachment) -> str:
    """What HTML calls an image."""
    return image.cid or cid_of(image.filename)


def images_in(html: str, *, folder: str = SIGNATURES) -> tuple[str, ...]:
    """The files that HTML embeds, each once; what lies on a web server stays there.

    Args:
        html: any HTML.
        folder: where they lie, in words.

    Raises:
        BadDataError: one is no plain path within the folder, or no image that mail programs show.
    """
    named = (file_in(found[2], folder) for found in SOURCE.finditer(html))
    return tuple(dict.fromkeys(name for name in named if name))


def images_elsewhere(html: str) -> tuple[str, ...]:
    """The images that HTML takes from a web server, each once."""
    found = (unescape(one[2].strip("\"'")).strip() for one in SOURCE.finditer(html))
    return tuple(dict.fromkeys(one for one in found if ON_THE_WEB.match(one)))


def with_cids(html: str, *, within: str = "signature") -> str:
    """The HTML, its images referred to by content id."""

    def referred(found: re.Match[str]) -> str:
        name = file_in(found[2], SIGNATURES)
        return f'{found[1]}"cid:{escape(cid_of(name, within=within))}"' if name else found[0]

    return SOURCE.sub(referred, html)


def file_in(quoted: str, folder: str) -> str:
    """The file that a `src` names; empty when it is none of ours."""
    source = unescape(quoted[1:-1] if quoted[0] in "\"'" else quoted).strip()
    if not source or ELSEWHERE.match(source):
        return ""
    name = unquote(source)
    path = PurePosixPath(name)
    if not is_within(name, path):
        raise BadDataError(f"the image '{name}' is no file of {folder}", hint='such as src="logo.png"')
    if path.suffix.lower() not in TYPES:
        raise BadDataError(f"the image '{name}' is none that mail shows", hint=f"one of {' '.join(TYPES)}")
    return str(path)


def is_within(name: str, path: PurePosixPath) -> bool:
    """Whether a path cannot lead out of its folder, nor to a hidden file."""
    plain = not re.search(r"[\x00-\x1f\x7f\\:]", name)
    return plain and not path.is_absolute() and not any(part.startswith(".") for part in path.parts)


def type_of(filename: str) -> str:
    """The type of an image."""
    return TYPES[PurePosixPath(filename).suffix.lower()]
