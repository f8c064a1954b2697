"""Domain values → TOML, in the order of their fields."""

from typing import TYPE_CHECKING, Any

import msgspec
import tomli_w

from mailctl.domain.account import Account
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair

BY_FILE_NAME = {"Account": "name", "Collaborator": "id", "Affair": "ref"}


def table_of(value: "Account | Collaborator | Affair | Settings") -> dict[str, Any]:
    """The table a file holds: what is at its default left out, what the file's name says too."""
    table: dict[str, Any] = msgspec.to_builtins(value)
    table.pop(BY_FILE_NAME.get(type(value).__name__, ""), None)
    return compact(table)


def compact(table: dict[str, Any]) -> dict[str, Any]:
    """The table without empty tables."""
    kept = {key: compact(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in kept.items() if value != {}}


def encode(value: "Account | Collaborator | Affair | Settings") -> str:
    """The text of a file, but its first line; the same value gives the same text."""
    return tomli_w.dumps(table_of(value), multiline_strings=True)
