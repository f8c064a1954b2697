"""The only place that draws with rich."""

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2


def draw_rows(names: list[str], cells: list[list[str]]) -> None:
    """A table with a header; where it is wider than the terminal, the widest cells are cut."""
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name, width in zip(names, widths(names, cells, room=console.width), strict=True):
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=width)
    for line in cells:
        table.add_row(*[Text(item) for item in line])
    console.print(table)


def widths(names: list[str], cells: list[list[str]], *, room: int) -> list[int]:
    """How wide each column may be; the widest give way, for half a number or half a date says nothing."""
    found = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    for _ in range(sum(found) + GAP * (len(found) - 1) - room):
        found[found.index(max(found))] -= 1
    return found


def fits(names: list[str], cells: list[list[str]]) -> bool:
    """Whether a table is no wider than the terminal."""
    found = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    return sum(found) + GAP * (len(found) - 1) <= Console().width


def draw_folded(names: tuple[str, str], cells: list[tuple[str, str]]) -> None:
    """Two columns with a header; what is too long in the second one goes on below."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column(names[0], no_wrap=True)
    table.add_column(names[1], overflow="fold")
    for one, text in cells:
        table.add_row(Text(one), Text(text))
    Console().print(table)


def draw_pairs(pairs: list[tuple[str, str]]) -> None:
    """Two columns: names and values."""
    table = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(name.replace("_", " "), Text(text))
    Console().print(table)
