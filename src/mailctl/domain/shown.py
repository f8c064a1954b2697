"""What an affair is called on a server: as a keyword of its messages, or as a folder of copies."""

import hashlib
import re

from mailctl.domain.affair import normal
from mailctl.domain.references import plain

LONGEST_KEYWORD = 40  # Dovecot takes 50, others fewer
SHELF = "Affaires"  # what lies in it is filed already
UNSAFE = re.compile(r"[^a-z0-9]+")
IN_NO_FOLDER = re.compile(r'[/\\.%*"&~]|^[#\s]|\s$')  # what some server parts names by, or reads as something else


def keyword_of(ref: str) -> str:
    """The keyword of an affair's messages, such as `affair-2026-014`: letters and digits that every server takes.

    One that had to be changed ends with a sum of the reference, so that no two affairs share one.
    """
    bare = UNSAFE.sub("-", plain(ref)).strip("-")
    if bare != normal(ref).casefold() or len(bare) > LONGEST_KEYWORD:
        bare = f"{bare[: LONGEST_KEYWORD - 7].rstrip('-')}-{sum_of(ref)}".lstrip("-")
    return f"affair-{bare}"


def folder_of(ref: str, delimiter: str | None) -> str:
    """The folder of an affair's copies, such as `Affaires/2026-014`, parted as the server parts names."""
    return f"{SHELF}{delimiter or '/'}{IN_NO_FOLDER.sub('-', normal(ref))}"


def sum_of(ref: str) -> str:
    """Six digits that tell a reference from others."""
    return hashlib.sha256(normal(ref).casefold().encode("utf-8", "surrogatepass")).hexdigest()[:6]
