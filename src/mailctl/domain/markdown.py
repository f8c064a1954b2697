"""Markdown → HTML; the only home of markdown-it-py."""

from functools import cache

from markdown_it import MarkdownIt


def html_of(source: str, *, hard_breaks: bool = False) -> str:
    """The HTML of a CommonMark text, with tables and strikethrough; HTML in it stays as it is.

    Args:
        source: the text.
        hard_breaks: a line's end is a line's end, as in a signature.
    """
    return str(parser(hard_breaks=hard_breaks).render(source))


@cache
def parser(*, hard_breaks: bool) -> MarkdownIt:
    """A parser, made once."""
    found = MarkdownIt("commonmark", {"breaks": hard_breaks})
    return found.enable(["table", "strikethrough"])
