"""HTML that came by mail → text to read; nothing is fetched, nothing is run, nothing hidden is shown."""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape, unescape
from typing import NamedTuple

from html2text import HTML2Text

LONGEST = 500_000  # characters; html2text takes a second for them
DEEPEST = 20
CELL = "\ue000"  # stands between two cells until the text is tidied
CUT = "\n\n[the rest of this long HTML is not shown]"
# Quotes count only behind `=`, as in browsers: an apostrophe elsewhere opens nothing.
TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,50})((?:[^<>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')|=)*+)>")
ATTRIBUTE = re.compile(r"([^\s=<>\"'/]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>]++))?")
HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
HUGE_NUMBER = re.compile(r"&#(?:[0-9]{9}|[xX][0-9a-fA-F]{8})[0-9a-fA-F]*;?")
INVISIBLE = re.compile("[\u00ad\u034f\u200b\u2060\ufeff\ue000]|(?<=\\s)[\u200c\u200d]")
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"})
UNREAD = frozenset({"script", "style", "title", "textarea", "template", "object", "applet", "iframe", "noframes",
                    "noembed", "svg", "audio", "video", "select"})  # fmt: skip
KEPT = frozenset({"p", "br", "hr", "pre", "li", "dl", "dt", "dd", "del", "s"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
NESTED = frozenset({"blockquote", "ul", "ol"})
BLOCKS = frozenset({"div", "tr", "table", "section", "article", "header", "footer", "center", "address", "form"})
SCHEMES = ("http://", "https://", "ftp://", "mailto:", "tel:")


class Token(NamedTuple):
    """A piece of HTML: `kind` is text, start or end; `text` the text, or what stands in the tag behind its name."""

    kind: str
    name: str
    text: str


def readable(html: str) -> str:
    """The text of an HTML document, links numbered and listed below it."""
    writer = Writer()
    for token in visible(tokens(html[:LONGEST])):
        writer.take(token)
    text = tidy(as_text("".join(writer.pieces)))
    links = "\n".join(f"[{number}] {link}" for link, number in writer.links.items())
    return text + (CUT if len(html) > LONGEST else "") + (f"\n\n{links}" if links else "")


def words(html: str) -> str:
    """The words of an HTML document, and nothing of how they are laid out: enough to be searched."""
    return " ".join(plain(token.text) for token in tokens(html[:LONGEST]) if token.kind == "text")


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


class Writer:
    """Writes the pieces again as the little HTML that html2text is given; `links` are the addresses and numbers."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.links: dict[str, int] = {}
        self.open: Counter[str] = Counter()
        self.link = ""
        self.linked: list[str] = []
        self.cells = 0

    def take(self, token: Token) -> None:
        """Write one piece."""
        match token.kind:
            case "text":
                self.write(plain(token.text))
            case "start":
                self.begin(token.name, token.text)
            case _:
                self.end(token.name)

    def write(self, text: str) -> None:
        """Write text."""
        self.pieces.append(escape(text, quote=False))
        if self.link:
            self.linked.append(text)

    def begin(self, name: str, attributes: str) -> None:
        """Write what begins an element."""
        match name:
            case "a":
                self.end("a")
                self.link = " ".join(attributes_of(attributes).get("href", "").split())
            case "img":
                alternative = attributes_of(attributes).get("alt", "").strip()
                self.write(f"[{alternative}]" if alternative else "")
            case "td" | "th":
                self.pieces.append(CELL if self.cells else "")
                self.cells += 1
            case _:
                self.cells = 0 if name == "tr" else self.cells
                self.block(name, "")

    def end(self, name: str) -> None:
        """Write what ends an element; what was not begun ends nothing."""
        if name == "a":
            self.number()
        elif name not in VOID:
            self.block(name, "/")

    def block(self, name: str, slash: str) -> None:
        """Write the tag of a block, quotations and lists only so deep."""
        if name in BLOCKS:
            self.pieces.append("<div>")
        elif name in HEADINGS:
            self.pieces.append("<p>")
        elif name in KEPT:
            self.pieces.append(f"<{slash}{name}>")
        elif name in NESTED and (not slash or self.open[name]):
            deep = self.open[name] + (0 if slash else 1)
            self.open[name] += -1 if slash else 1
            if deep <= DEEPEST:
                self.pieces.append(f"<{slash}{name}>")

    def number(self) -> None:
        """Write the number of a link behind its text, unless the text is the address."""
        link, text = self.link, " ".join("".join(self.linked).split())
        self.link, self.linked = "", []
        if not text or not link.lower().startswith(SCHEMES) or is_said(link, text):
            return
        self.pieces.append(f" [{self.links.setdefault(link, len(self.links) + 1)}]")


def is_said(link: str, text: str) -> bool:
    """Whether a link's text says where it goes."""
    said = text.casefold().rstrip("/")
    return link.casefold().rstrip("/") in {said, f"http://{said}", f"https://{said}", f"mailto:{said}", f"tel:{said}"}


def as_text(html: str) -> str:
    """What html2text makes of it; markup is left out, lines are not wrapped."""
    parser = HTML2Text(bodywidth=0)
    parser.unicode_snob = True
    parser.ignore_links = True
    parser.code = True  # it escapes nothing then: this is no Markdown
    parser.tag_callback = own_way  # type: ignore[assignment] # annotated as None there
    return str(parser.handle(html))


def own_way(parser: HTML2Text, tag: str, _attributes: dict[str, str | None], start: bool) -> bool:
    """Break lines where html2text would leave one empty (`div`), or quote wrongly (`br`)."""
    if tag == "div":
        parser.pbr()
    elif tag == "br" and start:
        parser.o("\n" + (">" * parser.blockquote + " " if parser.blockquote else ""))
    return tag in ("div", "br")


def tidy(text: str) -> str:
    """Text without spaces at line ends, and with one empty line at most."""
    lines = [(cells(line) if CELL in line else line).rstrip() for line in text.split("\n")]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept).strip("\n")


def cells(line: str) -> str:
    """The cells of a table's row side by side, empty ones left out."""
    return "  ".join(cell.strip() for cell in line.split(CELL) if cell.strip())
