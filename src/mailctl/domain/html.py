"""HTML that came by mail → text to read; nothing is fetched, nothing is run, nothing hidden is shown."""

from collections import Counter
from html import escape

from html2text import HTML2Text

from mailctl.domain.markup import CELL, LONGEST, VOID, Token, attributes_of, plain, tokens, visible

DEEPEST = 20
CUT = "\n\n[the rest of this long HTML is not shown]"
KEPT = frozenset({"p", "br", "hr", "pre", "li", "dl", "dt", "dd", "del", "s"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
NESTED = frozenset({"blockquote", "ul", "ol"})
BLOCKS = frozenset({"div", "tr", "table", "section", "article", "header", "footer", "center", "address", "form"})
SCHEMES = ("http://", "https://", "ftp://", "mailto:", "tel:")


def readable(html: str) -> str:
    """The text of an HTML document, links numbered and listed below it."""
    writer = Writer()
    for token in visible(tokens(html[:LONGEST])):
        writer.take(token)
    text = tidy(as_text("".join(writer.pieces)))
    links = "\n".join(f"[{number}] {link}" for link, number in writer.links.items())
    return text + (CUT if len(html) > LONGEST else "") + (f"\n\n{links}" if links else "")


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
