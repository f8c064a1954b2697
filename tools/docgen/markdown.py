"""Pieces of Markdown."""

from collections.abc import Iterable, Sequence

from docgen.walk import NOTE


def page(title: str, introduction: str, parts: Iterable[str]) -> str:
    """A page that says it is generated."""
    return "\n\n".join([f"# {title}\n<!-- {NOTE} -->", introduction, *parts]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a cell does not end it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """Text as one types it; nothing for nothing."""
    return f"`{text}`" if text else ""
