"""Text with Jinja2's blanks, filled in a sandbox; the only home of Jinja2.

A small language: values, filters, `if`, `for`, `set`, `with`. Nothing can be called, included or defined, so that what
one person writes can neither reach beyond its values nor keep another's mail waiting.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from types import TracebackType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from mailctl.errors import TemplateFaultError

LARGEST = 100_000  # characters of a source, and of what is made of it
LONGEST = 20_000  # of one value
HIGHEST = 10**15
MOST_ROUNDS = 2_000  # of all loops together
SOURCE = "<template>"
BUDGET = "_rounds"
# Around what a variable gave and behind a tag until the lines are looked through; no text has these (Unicode, 23.7).
START, END, FULL, EMPTY, TAG = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
MARKS = re.compile("[\ufdd0-\ufdd4]")
UNMARKED = dict.fromkeys(range(0xFDD0, 0xFDD5))
GIVEN = re.compile(f"{START}([^{END}]*){END}")
STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.With)
FILTERS = (
    "abs", "capitalize", "d", "default", "dictsort", "e", "escape", "first", "float", "int", "items", "join", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "select",
    "selectattr", "sort", "string", "striptags", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode",
    "wordwrap",
)  # fmt: skip
# Whatever values and filters of the wrong kind raise inside a template.
FAULTS = (
    TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    SyntaxError,
    MemoryError,
)


def render(source: str, values: Mapping[str, object], *, where: str, html: bool = False) -> str:
    """The text with its blanks filled; a line whose variables are all empty is left out.

    Args:
        source: the text.
        values: plain mappings, texts, numbers, lists; nothing else can be reached.
        where: what the text is called in messages.
        html: whether the text is HTML, in which values are escaped.

    Raises:
        TemplateFaultError: a mistake in the text, a value that is not there, or more work than a mail needs.
    """
    try:
        if len(source) > LARGEST:
            raise SecurityError(f"it has more than {LARGEST} characters")
        filled = template(source, html=html).render({**values, BUDGET: count()})
        if len(filled) > LARGEST:
            raise SecurityError(f"it comes to more than {LARGEST} characters")
    except FAULTS as error:
        raise fault(error, where) from error
    return "\n".join(kept_lines(filled))


def kept_lines(filled: str) -> Iterator[str]:
    """The lines but those whose variables are all empty, and those of nothing but tags."""
    judged = GIVEN.sub(lambda found: f"{FULL}{found[1]}{FULL}" if found[1].strip() else EMPTY, filled)
    for line in judged.split("\n"):
        bare = MARKS.sub("", line)
        if FULL in line or not (EMPTY in line or (TAG in line and not bare.strip())):
            yield bare


def fault(error: Exception, where: str) -> TemplateFaultError:
    """What went wrong, in our words, and in which line."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else line_in(error.__traceback__)
    said = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    plain = re.sub(r"^'[\w. ]+ object' has no (?:attribute|element) ", "there is no ", said)
    return TemplateFaultError(plain[:1].lower() + plain[1:], where=where, line=line)


def line_in(traceback: TracebackType | None) -> int:
    """The line of the template in which it happened; 1 for the whole."""
    line = 1
    while traceback:
        if traceback.tb_frame.f_code.co_filename == SOURCE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


@lru_cache(maxsize=64)
def template(source: str, *, html: bool) -> Template:
    """A source made ready; a signature is filled for one colleague after the other."""
    environment = Small(
        undefined=StrictUndefined,
        autoescape=html,
        keep_trailing_newline=True,
        optimized=False,
        finalize=marked,
        extensions=[Tags],
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters |= {"rounds": rounds, "bounded": bounded, "replace": replaced, "round": rounded}
    environment.globals = {"range": numbers}
    code = environment.compile(source, filename=SOURCE)
    return Template.from_code(environment, code, environment.make_globals(None))


class Small(ImmutableSandboxedEnvironment):
    """Jinja2 with what a mail needs and no more."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The tree, its loops counted and its texts bounded."""
        tree = super()._parse(source, name, filename)
        for node in tree.find_all((nodes.Stmt, nodes.Name)):
            refuse_unneeded(node)
        bounding: nodes.Template = Bounding().visit(tree)
        bounding.set_environment(self)
        return bounding

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, never a method; what a loop knows of itself."""
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An entry of a mapping or a list."""
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:
        """Only `range` can be called; filters do what methods do."""
        return obj is numbers or (isinstance(obj, Undefined) and bool(obj))  # which says what is undefined

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic whose results stay small, known before they are made."""
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise SecurityError(f"'{operator}' is not allowed here")
        if operator == "*" and not (is_number(left) and is_number(right)):
            size = len(left) * right if is_number(right) else len(right) * left
            if size > LONGEST:
                raise SecurityError("a value becomes too long")
        return bounded(super().call_binop(context, operator, left, right))


def refuse_unneeded(node: nodes.Node) -> None:
    """Refuse a statement that no mail needs, and a name that is ours."""
    if isinstance(node, nodes.Name):
        found = f"'{node.name}'" if node.name.startswith("_") else ""
    elif isinstance(node, nodes.For):
        found = "a recursive loop" if node.recursive else ""
    else:
        found = "" if isinstance(node, STATEMENTS) else f"'{type(node).__name__.lower()}'"
    if found:
        raise TemplateSyntaxError(f"{found} is not allowed here", node.lineno)


class Bounding(NodeTransformer):
    """Puts a counter around what loops go through, and a limit around texts that are joined by `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2 finds it by this name
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "rounds", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(node, "bounded", [], [], None, None, lineno=node.lineno)


class Tags(Extension):
    """Leaves a mark behind each tag, so that a line of tags leaves no empty line."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        for token in stream:
            yield token
            if token.type == "block_end":
                yield Token(token.lineno, "data", TAG)


def marked(value: object) -> str:
    """What a variable gave, between marks; None is nothing."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return START + text.translate(UNMARKED) + END  # still escaped HTML where it was


@pass_context
def rounds(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """The same items, each counted against what all loops have together."""
    for item in items:
        if next(context[BUDGET]) >= MOST_ROUNDS:
            raise SecurityError(f"more than {MOST_ROUNDS} rounds of loops")
        yield item


def bounded(value: Any) -> Any:
    """The same value, unless it is too large."""
    if is_number(value) and abs(value) > HIGHEST:
        raise SecurityError("a number becomes too large")
    if hasattr(value, "__len__") and len(value) > LONGEST:
        raise SecurityError("a value becomes too long")
    return value


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float)


def numbers(*bounds: int) -> range:
    """`range`, with as many numbers as loops have rounds at most."""
    found = range(*bounds)
    if len(found) > MOST_ROUNDS:
        raise SecurityError(f"a range of more than {MOST_ROUNDS}")
    return found


def replaced(text: str, old: str, new: str) -> str:
    """The text with one word for another."""
    plain = text if isinstance(text, str) else str(text)
    if plain.count(old) * len(new) > LONGEST:
        raise SecurityError("a value becomes too long")
    return plain.replace(old, new)


def rounded(value: float, digits: int = 0) -> float:
    """The number with so many digits behind the point."""
    return round(float(value), digits)
