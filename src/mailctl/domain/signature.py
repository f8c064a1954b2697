"""The signature of an account or alias: as the file says it, and as one sender's mail carries it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from mailctl.domain.message import Attachment

DELIMITER = "-- "  # RFC 3676, 4.3


class Position(StrEnum):
    """Where a signature stands in a reply."""

    ABOVE = "above"
    BELOW = "below"


class Signature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Text and HTML added to what an account sends; Jinja2 over account, alias, collaborator and firm."""

    text: Annotated[str | None, Meta(description="plain text; also made from markdown or html when left out")] = None
    markdown: Annotated[str | None, Meta(description="becomes the HTML, and the text when there is none")] = None
    html: Annotated[str | None, Meta(description="HTML; images are taken from signatures/")] = None
    position: Annotated[Position, Meta(description="above or below the quotation of a reply")] = Position.ABOVE

    @property
    def is_empty(self) -> bool:
        """Whether it adds nothing."""
        return not (self.text or self.markdown or self.html)


class Rendered(Struct, frozen=True, kw_only=True):
    """A signature with one sender's values in it; `html` refers to its images by `cid:`, as `inline.cid_of` has it."""

    text: str
    html: "str | None" = None
    images: "tuple[Attachment, ...]" = ()
    position: Position = Position.ABOVE


def bare(text: str) -> str:
    """A signature's text without what composing adds: the `-- ` line, empty lines around it, spaces at line ends."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    joined = "\n".join(lines).strip("\n")
    return joined.removeprefix("--\n").strip("\n") if joined != "--" else ""


def ends_with(body: str, signature: str) -> bool:
    """Whether a text ends with a signature already; spaces at line ends make no difference."""
    wanted, have = bare(signature).split("\n"), bare(body).split("\n")
    return wanted != [""] and have[-len(wanted) :] == wanted
