"""Rights on a terminal: accounts down and collaborators across where that fits, else each account with its own."""

from typing import TYPE_CHECKING

from mailctl.cli.tables import draw_folded, draw_rows, fits
from mailctl.domain.rights import Right

if TYPE_CHECKING:
    from mailctl.services.rights import Grant

LEGEND = "r read, o organize, s send, m manage"
OWNER = "owner"


def draw_matrix(found: "tuple[Grant, ...]") -> None:
    """A column for each collaborator who holds a right here; a line of names and letters where these are too many."""
    people = sorted({line.collaborator for line in found})
    cells: dict[str, dict[str, str]] = {}
    for line in found:
        cells.setdefault(line.account, {})[line.collaborator] = letters(line)
    names = ["account", *people]
    matrix = [[account, *(row.get(who, "") for who in people)] for account, row in cells.items()]
    if fits(names, matrix):
        draw_rows(names, matrix)
        return
    lines = [(account, "  ".join(f"{who}:{held}" for who, held in row.items())) for account, row in cells.items()]
    draw_folded(("account", "rights"), lines)


def letters(line: "Grant") -> str:
    """What somebody may do, a letter a right in its place, the owner marked."""
    return OWNER if line.owner else "".join(right[0] if right in line.rights else "-" for right in Right)
