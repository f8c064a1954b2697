"""The only place that draws with rich."""

from rich.console import Console
from rich.table import Table
from rich.text import Text


def draw_rows(names: list[str], cells: list[list[str]]) -> None:
    """A table with a header; long cells are cut at the terminal's edge."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in names:
        table.add_column(name, overflow="ellipsis", no_wrap=True)
    for line in cells:
        table.add_row(*[Text(item) for item in line])
    Console().print(table)


def draw_pairs(pairs: list[tuple[str, str]]) -> None:
    """Two columns: names and values."""
    table = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(name.replace("_", " "), Text(text))
    Console().print(table)
