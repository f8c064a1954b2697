"""HTML that came by mail, taken apart as browsers do, in linear time: tags, attributes, texts, what is hidden."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

LONGEST = 500_000  # characters; html2text takes a second for them
CELL = "\ue000"  # stands between two cells until the text is tidied
# Quotes count only behind `=`, as in browsers: an apostrophe elsewhere opens nothing.
REST = r"(?:[^<>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')|=)*+"
TAG = re.compile(rf"<(/?)([a-zA-Z][\w:-]{{0,50}})({REST})>")
ATTRIBUTE = re.compile(r"([^\s=<>\"'/]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>]++))?")
HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
HUGE_NUMBER = re.compile(r"&#(?:[0-9]{9}|[xX][0-9a-fA-F]{8})[0-9a-fA-F]*;?")
# Begins with one set of letters, which is what a search looks through quickly.
INVISIBLE = re.compile("[\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff\ue000](?:(?<![\u200c\u200d])|(?<=\\s.))")
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"})
UNREAD = frozenset({"script", "style", "title", "textarea", "template", "object", "applet", "iframe", "noframes",
                    "noembed", "svg", "audio", "video", "select"})  # fmt: skip
# All that `tokens` gives no text of: an element that is not read up to its end, a tag, a comment, a declaration.
MARKUP = re.compile(
    rf"<(?:(?=[a-zA-Z]{{3}})(?ai:({'|'.join(sorted(UNREAD))}))(?![\w:-]){REST}>(?:[^<]++|<(?!/(?ai:\1)[\s/>]))*+"
    rf"|/?[a-zA-Z]{REST}>|!(?=--).*?(?:-->|\Z)|[!?][^>]*+(?:>|\Z))",
    re.DOTALL,
)


class Token(NamedTuple):
    """A piece of HTML: `kind` is text, start or end; `text` the text, or what stands in the tag behind its name."""

    kind: str
    name: str
    text: str


def words(html: str) -> str:
    """The words of an HTML document, and nothing of how they are laid out: enough to be searched."""
    return plain(MARKUP.sub(" ", html[:LONGEST]))


def tokens(html: str) -> Iterator[Token]:
    """The pieces of a document, in linear time; comments and what is no text are left out."""
    place = 0
    while (start := html.find("<", place)) >= 0:
        if start > place:
            yield Token("text", "", html[place:start])
        if html[start + 1 : start + 2] in ("!", "?"):
            place = behind_declaration(html, start)
        elif found := TAG.match(html, start):
            place = found.end()
            name = found[2].lower()
            if not found[1] and name in UNREAD:
                place = behind(html, name, place)
            else:
                yield Token("end" if found[1] else "start", name, found[3])
        else:
            yield Token("text", "", "&lt;")
            place = start + 1
    yield Token("text", "", html[place:])


def behind_declaration(html: str, start: int) -> int:
    """The place behind a comment, a doctype or a condition; the end where it is not closed, as in browsers."""
    ending, first = ("-->", 2) if html.startswith("<!--", start) else (">", 1)
    found = html.find(ending, start + first)
    return len(html) if found < 0 else found + len(ending)


def behind(html: str, name: str, place: int) -> int:
    """The place of the tag that closes an element without text."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, place)
    return found.start() if found else len(html)


def visible(pieces: Iterator[Token]) -> Iterator[Token]:
    """The pieces outside hidden elements; one that is never closed hides nothing, or all mail could vanish in it."""
    held: list[Token] = []
    hidden, depth = "", 0
    for piece in pieces:
        if hidden:
            held.append(piece)
            if piece.name == hidden:
                depth += 1 if piece.kind == "start" else -1
            hidden = hidden if depth else ""
        elif piece.kind == "start" and hides(piece.text):
            held, hidden, depth = [], "" if piece.name in VOID else piece.name, 1
        else:
            yield piece
    if hidden:
        yield from held


def hides(attributes: str) -> bool:
    """Whether a tag hides its element."""
    if not attributes.strip():
        return False
    values = attributes_of(attributes)
    return "hidden" in values or bool(HIDING.search(values.get("style", "")))


def attributes_of(text: str) -> dict[str, str]:
    """The attributes in a tag."""
    found = {name.lower(): value for name, value in reversed(ATTRIBUTE.findall(text))}
    return {name: plain(value[1:-1] if value[:1] in ("'", '"') else value) for name, value in found.items()}


def plain(text: str) -> str:
    """Text with its references resolved, without letters nobody sees."""
    return INVISIBLE.sub("", unescape(HUGE_NUMBER.sub("\ufffd", text)))
