"""The signature of an account or alias, as the file says it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


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
