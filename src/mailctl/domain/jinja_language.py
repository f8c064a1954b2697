"""The language of signatures and templates: Jinja2 cut down to what a mail needs, and all of it bounded.

Fragments that are included are put in their places before anything runs, so that each limit holds for all together.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, nodes, pass_context, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.filters import do_join
from jinja2.lexer import Token, TokenStream
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

LARGEST = 100_000  # characters of a source, and of what is made of it
LONGEST = 20_000  # of one value
HIGHEST = 10**15
MOST_ROUNDS = 2_000  # of all loops together
MOST_FRAGMENTS = 20
SHIFT = LARGEST + 1  # lines: those of the first fragment begin there, those of the second at twice that
SOURCE = "<template>"
BUDGET = "_rounds"
# Around what a variable gave and behind a tag until the lines are looked through; no text has these (Unicode, 23.7).
START, END, FULL, EMPTY, TAG = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
UNMARKED = dict.fromkeys(range(0xFDD0, 0xFDD5))
Path = tuple[str, ...]
Read = Callable[[str], str]
STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.With)
FILTERS = (
    "abs", "capitalize", "d", "default", "dictsort", "e", "escape", "first", "float", "int", "items", "join", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "select",
    "selectattr", "sort", "string", "striptags", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode",
    "wordwrap",
)  # fmt: skip


def environment_for(show: Callable[[object], str], *, html: bool) -> "Small":
    """Jinja2 as it is here.

    Args:
        show: how a value is shown that is no text.
        html: whether values are escaped.
    """
    environment = Small(
        undefined=StrictUndefined,
        autoescape=html,
        keep_trailing_newline=True,
        optimized=False,
        finalize=marking(show),
        extensions=[Tags],
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters |= {
        "rounds": rounds, "bounded": bounded, "join": joined, "replace": replaced, "round": rounded,
    }  # fmt: skip
    environment.globals = {"range": numbers}
    return environment


def compiled(environment: "Small", source: str) -> Template:
    """A source compiled."""
    if len(source) > LARGEST:
        raise SecurityError(f"it has more than {LARGEST} characters")
    code = environment.compile(source, filename=SOURCE)
    return Template.from_code(environment, code, environment.make_globals(None))


class Small(ImmutableSandboxedEnvironment):
    """Jinja2 with what a mail needs and no more."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})
    fragments: Read | None = None
    included: tuple[str, ...] = ()
    names: tuple[tuple[Path, int], ...] = ()

    def plainly(self, source: str) -> nodes.Template:
        """The tree as it is written."""
        return super()._parse(source, None, SOURCE)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The tree, fragments in their places, its loops counted and its texts bounded."""
        tree = super()._parse(source, name, filename)
        if self.fragments is not None:
            tree = Including(self, self.fragments, len(source)).visit(tree)
        for node in tree.find_all((nodes.Stmt, nodes.Name)):
            refuse_unneeded(node)
        self.names = tuple(names_in(tree))
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
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            left, right = exact(left), exact(right)
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


def names_in(tree: nodes.Template) -> Iterator[tuple[Path, int]]:
    """What a tree uses of the values that it is given, `affair.client.name` as three steps, and in which line."""
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"} | {"range", "loop"}
    for node in tree.find_all((nodes.Name, nodes.Getattr, nodes.Getitem)):
        path = path_of(node)
        if path and path[0] not in own:
            yield path, node.lineno


def path_of(node: nodes.Node) -> Path:
    """The steps of `affair.client.name`; empty for what is no such thing."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before, step = path_of(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before, step = path_of(node.node), node.arg.value
    else:
        return ()
    return (*before, step) if before else ()


class Including(NodeTransformer):
    """Puts fragments where they are included, before anything runs, so that all limits hold for them too."""

    def __init__(self, environment: Small, read: Read, size: int) -> None:
        self.environment = environment
        self.read = read
        self.size = size
        self.open: tuple[str, ...] = ()

    def visit_Include(self, node: nodes.Include) -> list[nodes.Node]:  # noqa: N802
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if not isinstance(name, str) or node.ignore_missing or not node.with_context:
            raise TemplateSyntaxError("'include' takes the name of a fragment in quotes", node.lineno)
        if name in self.open:
            raise TemplateSyntaxError(f"a fragment includes itself: {' > '.join((*self.open, name))}", node.lineno)
        tree = self.fragment(name, node.lineno)
        self.open = (*self.open, name)
        self.visit(tree)
        self.open = self.open[:-1]
        return tree.body

    def fragment(self, name: str, line: int) -> nodes.Template:
        """The tree of a fragment, its lines counted from its own beginning on.

        Raises:
            TemplateSyntaxError: there is none, it is faulty, or all together are too long.
        """
        try:
            text = self.read(name).translate(UNMARKED)
        except LookupError as error:
            raise TemplateSyntaxError(str(error.args[0]), line) from error
        self.size += len(text)
        if self.size > LARGEST:
            raise TemplateSyntaxError(f"with what it includes it has more than {LARGEST} characters", line)
        start = self.start(name, line)
        try:
            tree = self.environment.plainly(text)
        except TemplateSyntaxError as error:
            raise TemplateSyntaxError(error.message or "is faulty", start + error.lineno) from error
        for node in tree.find_all(nodes.Node):
            node.lineno += start
        return tree

    def start(self, name: str, line: int) -> int:
        """From where the lines of a fragment are counted."""
        place = f"templates/fragments/{name}.md"
        if place not in self.environment.included:
            if len(self.environment.included) == MOST_FRAGMENTS:
                raise TemplateSyntaxError(f"more than {MOST_FRAGMENTS} fragments", line)
            self.environment.included = (*self.environment.included, place)
        return SHIFT * (1 + self.environment.included.index(place))


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


def marking(show: Callable[[object], str]) -> Callable[[object], str]:
    """What puts marks around what a variable gave; None is nothing."""

    def marked(value: object) -> str:
        text = value if isinstance(value, str) else "" if value is None else show(weighed(value))
        return START + text.translate(UNMARKED) + END  # still escaped HTML where it was

    return marked


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


def weighed(value: Any) -> Any:
    """The same value, unless it makes too long a text."""
    left, size = [value], 0
    while left:
        one = left.pop()
        if isinstance(one, list | tuple | set):
            left.extend(one)
        elif isinstance(one, Mapping):
            left.extend(one.values())
        size += len(one) if isinstance(one, str) else 1
        if size > LONGEST:
            raise SecurityError("a value becomes too long")
    return value


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float | Decimal)


def exact(value: Any) -> Any:
    """A number as it is written, so that 1.2 times an amount is no more and no less."""
    return Decimal(str(value)) if isinstance(value, float) else value


def numbers(*bounds: int) -> range:
    """`range`, with as many numbers as loops have rounds at most."""
    found = range(*bounds)
    if len(found) > MOST_ROUNDS:
        raise SecurityError(f"a range of more than {MOST_ROUNDS}")
    return found


@pass_eval_context
def joined(context: EvalContext, items: Iterable[Any], between: str = "", attribute: str | None = None) -> str:
    """The items as one text."""
    known = list(items)
    if len(known) * len(between) > LONGEST:
        raise SecurityError("a value becomes too long")
    text: str = do_join(context, weighed(known), between, attribute)  # escaped where that is asked for
    return text


def replaced(text: str, old: str, new: str) -> str:
    """The text with one word for another."""
    plain = text if isinstance(text, str) else str(text)
    if plain.count(old) * len(new) > LONGEST:
        raise SecurityError("a value becomes too long")
    return plain.replace(old, new)


def rounded(value: float, digits: int = 0) -> float:
    """The number with so many digits behind the point."""
    return round(float(value), digits)
