"""A message as a page for a browser, safe to open: nothing in it runs, and nothing is loaded from anywhere."""

import re
from binascii import b2a_base64
from collections.abc import Mapping
from html import escape

from mailctl.domain.body import HTML, plain_text, text_of, texts
from mailctl.domain.decoding import header_text
from mailctl.domain.markup import VOID, Token, attributes_of, plain, tokens
from mailctl.domain.mime import Node, first, parse
from mailctl.domain.parts import files
from mailctl.domain.reading import addresses, sender_of

LONGEST, DEEPEST, MOST_IMAGE_BYTES = 2_000_000, 200, 30_000_000
# What is not named here is left out; its text stays.
TAGS = frozenset([
    "a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark",
    "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
])  # fmt: skip
PLAIN = frozenset(["align", "valign", "dir", "width", "height", "bgcolor", "color", "border", "cellpadding",
                   "cellspacing", "colspan", "rowspan", "start", "face", "size"])  # fmt: skip
TEXTS = frozenset({"title", "alt"})
PLAIN_VALUE = re.compile(r"[\w\s#%.,+-]{1,100}")
PROPERTIES = re.compile(
    r"(?:background-)?color|text-(?:align|decoration|indent|transform)|font(?:-(?:size|weight|style|family|variant))?|"
    r"line-height|letter-spacing|white-space|vertical-align|direction|list-style-type|(?:max-|min-)?(?:width|height)|"
    r"(?:margin|padding)(?:-(?:top|right|bottom|left))?|border(?:-(?:top|right|bottom|left))?"
    r"(?:-(?:color|style|width|radius|collapse|spacing))?"
)
PROPERTY_VALUE = re.compile(r"(?:[\w\s#%.,!'\"+-]|rgba?\([\d\s.,%]{1,40}\)){1,200}")
LINK = re.compile(r"(?:https?|ftp)://\S+|(?:mailto|tel):\S+", re.IGNORECASE)
IMAGE = re.compile(r"image/(?:png|jpe?g|gif|webp|bmp)")
EMBEDDED = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]+", re.IGNORECASE)
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 1.5em }} .head {{ border-bottom: 1px solid; margin-bottom: 1em }}
.head td {{ padding: 0 1em .2em 0; vertical-align: top }} pre {{ white-space: pre-wrap }}</style></head>
<body><table class="head">{head}</table>
{body}
</body></html>
"""


def page_of(raw: bytes) -> str:
    """A message as a page; whatever the bytes are, there is a page.

    Nothing is taken over as it came: the page is written anew out of the tags, attributes and styles that are known to
    do no harm. Images that came along are in it, those that lie elsewhere are named.
    """
    message = parse(raw)
    headers = message.headers
    subject, date = (header_text(first(headers, name)) for name in ("subject", "date"))
    people = {"From": sender_of(headers), "To": addresses(headers, "to"), "Cc": addresses(headers, "cc")}
    fields = people | {"Date": date, "Subject": subject}
    head = "".join(f"<tr><td>{name}</td><td>{escape(value)}</td></tr>" for name, value in fields.items() if value)
    images = images_of(message)
    parts = texts(message, choose=richest)
    body = "\n<hr>\n".join(
        sanitized(plain_text(part)[:LONGEST], images) if part.type == HTML else f"<pre>{escape(text_of(part))}</pre>"
        for part in parts
    )
    return PAGE.format(policy=POLICY, title=escape(subject or "mail"), head=head, body=body)


def richest(alternatives: list[list[Node]]) -> list[Node]:
    """The alternative that a browser shows: the last one with HTML, else the last (RFC 2046, 5.1.4)."""
    with_html = [one for one in alternatives if any(part.type == HTML for part in one)]
    return (with_html or alternatives or [[]])[-1]


def images_of(message: Node) -> dict[str, str]:
    """The images that came along, as addresses that hold them, by their cid (RFC 2392)."""
    found: dict[str, str] = {}
    room = MOST_IMAGE_BYTES
    for file in files(message):
        cid = file.node.content_id.strip().strip("<>")
        if cid and IMAGE.fullmatch(file.node.type) and room > 0:
            content = file.node.content
            room -= len(content)
            found[cid] = f"data:{file.node.type};base64,{b2a_base64(content, newline=False).decode()}"
    return found


def sanitized(html: str, images: Mapping[str, str] | None = None) -> str:
    """HTML written anew with harmless tags and attributes only, every element closed."""
    writer = Writer(images or {})
    for token in tokens(html):
        writer.take(token)
    return "".join([*writer.pieces, *(f"</{name}>" for name in reversed(writer.open))])


class Writer:
    """Writes what is harmless; `open` are the elements that are not closed yet."""

    def __init__(self, images: Mapping[str, str]) -> None:
        self.images = images
        self.pieces: list[str] = []
        self.open: list[str] = []

    def take(self, token: Token) -> None:
        """Write one piece, or nothing."""
        if token.kind == "text":
            self.pieces.append(escape(plain(token.text), quote=False))
        elif token.name not in TAGS:
            return
        elif token.kind == "end":
            self.close(token.name)
        elif token.name == "img":
            self.pieces.append(self.image(attributes_of(token.text)))
        elif token.name in VOID or len(self.open) < DEEPEST:
            self.pieces.append(f"<{token.name}{harmless(attributes_of(token.text))}>")
            self.open += [] if token.name in VOID else [token.name]

    def close(self, name: str) -> None:
        """Close an element, and those within it; what was not opened is not closed."""
        if name in self.open:
            while True:
                last = self.open.pop()
                self.pieces.append(f"</{last}>")
                if last == name:
                    return

    def image(self, attributes: dict[str, str]) -> str:
        """An image that came along; of another, what it says it shows."""
        source = attributes.pop("src", "").strip()
        held = self.images.get(source[4:]) if source[:4].lower() == "cid:" else None
        if held is None and EMBEDDED.fullmatch(source):
            held = source
        if held is None:
            shown = " ".join(attributes.get("alt", "").split())
            return f"[{escape(shown)}]" if shown else ""
        return f'<img src="{escape(held)}"{harmless(attributes)}>'


def harmless(attributes: dict[str, str]) -> str:
    """The attributes of a tag that do no harm."""
    kept = {name: value for name, value in attributes.items() if name in PLAIN and PLAIN_VALUE.fullmatch(value)}
    kept |= {name: value for name, value in attributes.items() if name in TEXTS}
    link = "".join(attributes.get("href", "").split())
    if LINK.fullmatch(link):
        kept |= {"href": link, "target": "_blank", "rel": "noopener noreferrer"}
    style = harmless_style(attributes.get("style", ""))
    kept |= {"style": style} if style else {}
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())


def harmless_style(style: str) -> str:
    """The properties of a style that load nothing and cover nothing."""
    pairs = [
        (name.strip().lower(), value.strip()) for name, _, value in (one.partition(":") for one in style.split(";"))
    ]
    kept = [(name, value) for name, value in pairs if PROPERTIES.fullmatch(name) and PROPERTY_VALUE.fullmatch(value)]
    return "; ".join(f"{name}: {value}" for name, value in kept)
