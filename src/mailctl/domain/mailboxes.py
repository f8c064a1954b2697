"""The mailboxes in an address header that came by mail, whatever is wrong with it (RFC 5322, 3.4)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from mailctl.domain.address import Address
from mailctl.domain.decoding import header_text

# Lengths have limits, so that a header full of quotes that are never closed takes no quadratic time.
TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.){0,400}+")|(?P<comment>\((?:[^()\\]|\\.|\([^()]{0,200}+\)){0,400}+\))'
    r"|(?P<angle><[^<>]{0,1000}+>)|(?P<separator>[,;])|(?P<group>:)"
    r"|(?P<text>(?:[^\",;:<(\[]++|\[[^\]]{0,100}+\])++|.)",
    re.DOTALL,
)


@lru_cache(maxsize=256)  # a mailbox has mail from few people, and to fewer
def mailboxes(value: str) -> str:
    """An address header as text: names decoded and, where need be, quoted, so that it can be taken apart again."""
    return ", ".join(shown for shown in map(show, split(value)) if shown)


def split(value: str) -> Iterator[list[tuple[str, str]]]:
    """The mailboxes as kinds and texts of their words; the names of groups are left out."""
    words: list[tuple[str, str]] = []
    for found in TOKEN.finditer(value):
        kind, text = str(found.lastgroup), found[0]
        if kind == "separator":
            yield words
            words = []
        elif kind == "group":
            words = []
        else:
            words.append((kind, text))
    yield words


def show(words: list[tuple[str, str]]) -> str:
    """One mailbox as `Name <address>`, or whatever stands in its place."""
    angle = next((text[1:-1] for kind, text in words if kind == "angle"), None)
    comment = " ".join(text[1:-1] for kind, text in words if kind == "comment")
    bare = "".join(text for kind, text in words if kind in ("quoted", "text"))
    if angle is None:
        return written(bare, comment)
    name = "".join(unquoted(text) if kind == "quoted" else text for kind, text in words if kind in ("quoted", "text"))
    return written(angle, name if name.strip() else comment)


def written(spec: str, name: str) -> str:
    """Address and name as mailctl writes them; what is no address stays as it is."""
    rest, shown = header_text(spec), header_text(name)
    address = rest if '"' in rest else rest.replace(" ", "")
    local, at, domain = address.rpartition("@")
    if at and local and domain:
        return str(Address(local=local, domain=domain, name=shown))
    return f"{shown} <{rest}>" if shown and rest else shown or rest


def unquoted(text: str) -> str:
    """A quoted string without its quotes."""
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
