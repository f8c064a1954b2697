"""Finds what a table names as "package.module:object", when it is needed and not before."""

from importlib import import_module
from typing import Any


def load(path: str) -> Any:
    """The object that `package.module:object` names; its module is imported now."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
