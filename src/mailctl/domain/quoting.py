"""The message that is answered or passed on, as it stands beside one's own text, and its place in the thread."""

from html import escape

from mailctl.domain import fields
from mailctl.domain.message import Forwarded, Quoted

MOST_REFERENCES = 50
CITED = '<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'
SIGNATURE, HTML_SIGNATURE = "-- ", "--"  # RFC 3676, 4.3; HTML made readable keeps no space at a line's end


def threading(quoted: Quoted | Forwarded | None) -> list[str]:
    """In-Reply-To and References (RFC 5322, 3.6.4); of a long thread, its beginning and its end.

    What is passed on is no answer: it has References only.
    """
    if quoted is None:
        return []
    parent = fields.usable_ids((quoted.message_id,))
    thread = [one for one in fields.usable_ids(quoted.references) if one not in parent]
    kept = (*thread[:1], *thread[1:][-MOST_REFERENCES:], *parent)
    found = [fields.folded("In-Reply-To", parent)] if parent and isinstance(quoted, Quoted) else []
    return found + ([fields.folded("References", kept)] if kept else [])


def quotation(quoted: Quoted | Forwarded | None) -> str:
    """The message as text: `> ` before each line of one that is answered (RFC 3676, 4.5), one passed on as it is."""
    match quoted:
        case Quoted() if quoted.text.strip():
            lines = lines_of(quoted.text).strip("\n").split("\n")
            marked = [f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in lines]
            return "\n".join([*lines_of(quoted.attribution).rstrip("\n").split("\n"), *marked]).strip("\n")
        case Forwarded(text=str(text)):
            return f"{quoted.head}\n\n{lines_of(text)}".strip("\n")
    return ""


def quotation_page(quoted: Quoted | Forwarded | None) -> str:
    """The message for a page; whatever came by mail is text in it."""
    match quoted:
        case Quoted() if quoted.text.strip():
            return f"<div>{broken(quoted.attribution)}</div>\n{CITED}\n{broken(quoted.text)}</blockquote>\n"
        case Forwarded(text=str(text)):
            return f"<div>{broken(quoted.head)}</div>\n<br>\n<div>\n{broken(text)}</div>\n"
    return ""


def without_signature(text: str, *, is_html: bool = False) -> str:
    """A text without its author's signature; what that one quoted below the signature stays.

    Args:
        text: with LF line ends.
        is_html: whether it was made of HTML.
    """
    lines = text.split("\n")
    place = next((at for at, line in enumerate(lines) if begins_signature(line, is_html=is_html)), None)
    if place is None:
        return text
    quoted = next((at for at in range(place, len(lines)) if lines[at].startswith(">")), len(lines))
    kept = quoted if quoted == len(lines) else start_of_attribution(lines, place, quoted)
    return "\n".join([*lines[:place], *lines[kept:]]).rstrip("\n") + "\n"


def begins_signature(line: str, *, is_html: bool) -> bool:
    """Whether what stands below a line is a signature."""
    return line == SIGNATURE or (is_html and line.rstrip() == HTML_SIGNATURE)


def start_of_attribution(lines: list[str], first: int, quoted: int) -> int:
    """Where the lines begin that say whose words follow: those above them, up to an empty one.

    Args:
        lines: of a message.
        first: where its signature begins.
        quoted: where the quotation does.
    """
    place = quoted
    while place - 1 > first and not lines[place - 1].strip():
        place -= 1
    while place - 1 > first and lines[place - 1].strip():
        place -= 1
    return place if place - 1 > first else quoted


def lines_of(text: str) -> str:
    """The text with `\\n` for every kind of line end, and one at its end."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain if plain.endswith("\n") or not plain else f"{plain}\n"


def broken(text: str) -> str:
    """Text for a page, its lines kept."""
    return "<br>\n".join(escape(line) for line in lines_of(text).rstrip("\n").split("\n")) + "\n"
