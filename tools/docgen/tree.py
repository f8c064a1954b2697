"""The tree in docs/ARCHITECTURE.md: every module with the first sentence of its docstring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/mailctl"
BEGIN, END = "<!-- tree: written by `make docs` -->", "<!-- end of the tree -->"
WIDTH = 26


def text() -> str:
    """The page, its tree written anew; the rest of it is written by hand."""
    page = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    tree = "\n".join(lines(SOURCE, 0))
    return f"{before}{BEGIN}\n```\nsrc/mailctl/\n{tree}\n```\n{END}{after}"


def lines(folder: Path, depth: int) -> Iterator[str]:
    """A folder's modules, then its folders."""
    indent = "  " * (depth + 1)
    for module in sorted(folder.glob("*.py")):
        if module.name != "__init__.py" or depth == 0:
            yield f"{indent}{module.name:<{WIDTH - 2 * depth}}{sentence(module)}"
    for package in sorted(folder.iterdir()):
        if (package / "__init__.py").exists():
            yield f"{indent}{package.name + '/':<{WIDTH - 2 * depth}}{sentence(package / '__init__.py')}"
            yield from lines(package, depth + 1)


def sentence(module: Path) -> str:
    """The first sentence of a module's docstring."""
    said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=[.!?])\s", " ".join(said.split()), maxsplit=1)[0].rstrip(".")
