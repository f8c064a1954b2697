"""What a command has at hand: the global options, the context of the services, and `show()`."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Globals(Struct, frozen=True, kw_only=True):
    """What stood before the command, and the environment it was called in."""

    store: Path | None
    actor: str | None
    verbosity: int
    trace: Path | None
    environ: Mapping[str, str]
