"""Size and shape, measured so that nobody argues: short files, short functions, and a sentence on top of each."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
SOURCE = sorted((ROOT / "src").rglob("*.py"))
EVERYTHING = [
    *SOURCE,
    *(path for name in ("tests", "tools", "benchmarks") for path in sorted((ROOT / name).rglob("*.py"))),
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_a_file_is_no_longer_than_four_hundred_lines(path):
    length = len(path.read_text().splitlines())

    assert length <= LONGEST_FILE


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_a_function_is_no_longer_than_sixty_lines(path):
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]

    assert [f"{one.name}:{one.lineno}" for one in functions if lines(one) > LONGEST_FUNCTION] == []


@pytest.mark.parametrize("path", SOURCE, ids=named)
def test_a_module_says_what_lives_in_it(path):
    said = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert said.endswith(".")


@pytest.mark.parametrize("path", SOURCE, ids=named)
def test_functions_and_classes_say_what_they_give_or_do(path):
    silent = [
        f"{node.name}:{node.lineno}"
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not ast.get_docstring(node)
    ]

    assert silent == []


def lines(function: ast.FunctionDef) -> int:
    """The lines from the first to the last, decorators aside."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
