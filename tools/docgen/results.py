"""What each command hands to `show()` for `--json`, read off the source: nobody keeps a list of it."""

import ast
import builtins
import importlib
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from typer.main import get_group

from docgen.walk import Command
from mailctl.cli.app import module_of
from mailctl.loading import load

SHOWERS = {"show", "print_json"}


class Shown(NamedTuple):
    """What a command prints: Structs of one type; in an array when there may be any number of them."""

    type: type[msgspec.Struct]
    is_array: bool


class Scope(NamedTuple):
    """A function's names: where they were assigned, and the module around it."""

    function: ast.FunctionDef
    module: ModuleType

    def names(self) -> dict[str, Any]:
        """What the function imports, over what its module holds."""
        found = module_names(self.module)
        for node in ast.walk(self.function):
            if isinstance(node, ast.ImportFrom):
                found |= imported(node)
        return found


def results(command: Command) -> tuple[Shown, ...]:
    """What `--json` makes a command print; empty for a command without `--json`.

    Raises:
        TypeError: the source does not say it in a way that is understood here.
    """
    if not any("--json" in option.flags for option in command.options):
        return ()
    callback = callback_of(command.path)
    found = {as_shown(kind, command.name) for kind in shown_in(scope_of(callback))}
    if not found:
        raise TypeError(f"mailctl {command.name} has --json and hands nothing to show(…, as_json=…)")
    return tuple(sorted(found, key=lambda one: (one.type.__name__, one.type.__module__, one.is_array)))


def callback_of(path: tuple[str, ...]) -> FunctionType:
    """The function behind a command."""
    group = get_group(load(f"mailctl.cli.{module_of(path[0])}:app"))
    typer_name = path[-1]
    return inspect.unwrap(group.commands[typer_name].callback if typer_name in group.commands else only(group))


def only(group: Any) -> Any:
    """The callback of an application that has one command, whatever its function is called."""
    [command] = group.commands.values()
    return command.callback


@cache
def tree_of(module: ModuleType) -> ast.Module:
    """A module's source, parsed."""
    return ast.parse(inspect.getsource(module))


def scope_of(function: FunctionType) -> Scope:
    """A function's source in its module."""
    module = sys.modules[function.__module__]
    found = [
        node
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__
    ]
    return Scope(found[0], module)


def module_names(module: ModuleType) -> dict[str, Any]:
    """A module's names, those imported for the type checker only included."""
    found = vars(builtins) | vars(module)
    for block in tree_of(module).body:
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test):
            for node in block.body:
                if isinstance(node, ast.ImportFrom):
                    found |= imported(node)
    return found


def imported(node: ast.ImportFrom) -> dict[str, Any]:
    """The names that an import statement makes."""
    module = importlib.import_module(str(node.module))
    found = {}
    for name in node.names:
        if not hasattr(module, name.name):
            importlib.import_module(f"{node.module}.{name.name}")
        found[name.asname or name.name] = getattr(module, name.name)
    return found


def shown_in(scope: Scope) -> Iterator[Any]:
    """The types of what a function shows as JSON, by itself or through a helper of the command line's."""
    names = scope.names()
    for node in ast.walk(scope.function):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in SHOWERS:
            if node.func.attr == "print_json" or may_be_json(node):
                yield type_of(node.args[0], scope)
            continue
        helper = helper_of(node.func, names)
        if helper and may_be_json(node):
            yield from shown_in(scope_of(helper))


def helper_of(called: ast.expr, names: dict[str, Any]) -> FunctionType | None:
    """The function of the command line's own that is called, if it is one."""
    match called:
        case ast.Name(id=name):
            found = names.get(name)
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            found = getattr(names.get(module), name, None)
        case _:
            return None
    is_ours = isinstance(found, FunctionType) and found.__module__.startswith("mailctl.cli.")
    return found if is_ours else None


def may_be_json(call: ast.Call) -> bool:
    """Whether a call passes `as_json` on, or is True for it."""
    values = [word.value for word in call.keywords if word.arg == "as_json"]
    return any(not (isinstance(value, ast.Constant) and value.value is False) for value in values)


def type_of(node: ast.expr, scope: Scope) -> Any:
    """The type of an expression.

    Raises:
        TypeError: it is more than a name, a call, a field, or a tuple made of such.
    """
    match node:
        case ast.Name(id=name):
            return type_of_name(name, scope)
        case ast.Attribute(value=inner, attr=field):
            return annotation(inspect.get_annotations(type_of(inner, scope))[field], type_of(inner, scope))
        case ast.Call(func=ast.Name(id="tuple"), args=[ast.GeneratorExp(elt=item)]):
            return tuple[type_of(item, scope), ...]  # type: ignore[misc]
        case ast.Tuple(elts=[item]):
            return tuple[type_of(item, scope), ...]  # type: ignore[misc]
        case ast.Call(func=called):
            return type_of_call(called, scope)
    raise TypeError(
        f"{scope.module.__name__}:{node.lineno}: what is shown as JSON should be a name or a service's call"
    )


def type_of_name(name: str, scope: Scope) -> Any:
    """The type of a variable: by its annotation as a parameter, else by what is assigned to it."""
    for argument in (*scope.function.args.args, *scope.function.args.kwonlyargs):
        if argument.arg == name and argument.annotation is not None:
            return annotation(ast.unparse(argument.annotation), scope)
    for said in (one for one in ast.walk(scope.function) if isinstance(one, ast.AnnAssign)):
        if ast.unparse(said.target) == name:
            return annotation(ast.unparse(said.annotation), scope)
    return type_assigned(name, scope)


def type_assigned(name: str, scope: Scope) -> Any:
    """The type of a variable by what is assigned to it."""
    for node in ast.walk(scope.function):
        if not isinstance(node, ast.Assign):
            continue
        [target] = node.targets
        if isinstance(target, ast.Name) and target.id == name:
            return type_of(node.value, scope)
        if isinstance(target, ast.Tuple):
            places = [one.id if isinstance(one, ast.Name) else "" for one in target.elts]
            if name in places:
                return items_of(type_of(node.value, scope))[places.index(name)]
    raise TypeError(f"{scope.module.__name__}: nothing says what '{name}' is")


def items_of(kind: Any) -> tuple[Any, ...]:
    """The types in a tuple, a named one too."""
    return get_args(kind) or tuple(annotation(said, kind) for said in inspect.get_annotations(kind).values())


def type_of_call(called: ast.expr, scope: Scope) -> Any:
    """What a call gives: an instance of a class, or what a function's annotation says."""
    found: Any = eval(compile(ast.Expression(called), "<source>", "eval"), scope.names())
    if isinstance(found, type):
        return found
    return annotation(found.__annotations__["return"], found)


def annotation(said: Any, where: Any) -> Any:
    """An annotation as a type, in the names of where it was written."""
    while isinstance(said, str):
        names = where.names() if isinstance(where, Scope) else module_names(sys.modules[where.__module__])
        said = eval(said, names)
    return said


def as_shown(kind: Any, command: str) -> Shown:
    """A result's type, taken apart.

    Raises:
        TypeError: it is neither a Struct nor a tuple of Structs.
    """
    is_array = get_origin(kind) in (tuple, list)
    item = get_args(kind)[0] if is_array else kind
    if not (isinstance(item, type) and issubclass(item, msgspec.Struct)):
        raise TypeError(f"mailctl {command} shows {kind}: a result is a Struct, or a tuple of them")
    return Shown(item, is_array)
