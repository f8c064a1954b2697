"""The text of a message: which of its parts are read, and how they become one text."""

import re
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from mailctl.domain.decoding import decode
from mailctl.domain.flowed import unflowed
from mailctl.domain.mime import Node
from mailctl.domain.parts import is_text, main_part

HTML = "text/html"
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([a-z0-9_-]{1,40})", re.IGNORECASE)
Choice: TypeAlias = Callable[[list[list[Node]]], list[Node]]
LONGEST_HEAD = 2048  # bytes in which an HTML document names its charset


class Body(Struct, frozen=True):
    """The text of a message; `is_html` when some of it was HTML."""

    text: str
    is_html: bool


def body_of(message: Node) -> Body:
    """The text of a message: its plain text, else its HTML made readable."""
    parts = texts(message)
    shown = [text for text in map(text_of, parts) if text.strip()]
    return Body("\n\n".join(shown) if len(shown) != 1 else shown[0], any(part.type == HTML for part in parts))


def texts(part: Node, *, depth: int = 0, choose: Choice | None = None) -> list[Node]:
    """The parts to read in a part, in their order.

    Args:
        part: where to look.
        depth: how many parts lie around it.
        choose: which of several alternatives to read; else as `chosen` has it.
    """
    if not part.parts:
        return [part] if is_text(part, depth=depth) else []
    main = main_part(part)
    if main is not None:
        return texts(main, depth=depth + 1, choose=choose)
    found = [texts(child, depth=depth + 1, choose=choose) for child in part.parts]
    if part.type == "multipart/alternative":
        return (choose or chosen)([one for one in found if one])
    return [one for several in found for one in several]


def chosen(alternatives: list[list[Node]]) -> list[Node]:
    """The alternative to read: the first in plain text that says something, else the richest, which is the last."""
    for one in alternatives:
        if all(part.type != HTML for part in one) and any(plain_text(part).strip() for part in one):
            return one
    with_html = [one for one in alternatives if any(part.type == HTML for part in one)]
    return (with_html or alternatives or [[]])[-1]


def text_of(part: Node) -> str:
    """A part as text to read."""
    text = plain_text(part)
    if part.type == HTML:
        from mailctl.domain.html import readable  # brings html2text

        return readable(text)
    if part.parameters.get("format", "").lower() == "flowed":
        return unflowed(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return text


def plain_text(part: Node) -> str:
    """A part's content as text, with LF line ends."""
    data = part.content
    charset = part.parameters.get("charset") or (charset_in(data) if part.type == HTML else None)
    return decode(data, charset).replace("\r\n", "\n").replace("\r", "\n")


def charset_in(data: bytes) -> str | None:
    """The charset that an HTML document names itself."""
    found = CHARSET.search(data, 0, LONGEST_HEAD)
    return found[1].decode("ascii") if found else None
