"""Loads msgspec without typing_extensions, which it prefers to typing and does not need: a tenth of the start-up."""

import sys


def load_values() -> None:
    """Load msgspec, before anything else does."""
    if {"msgspec", "typing_extensions"} & sys.modules.keys():
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # Python's way to say that there is none
    try:
        import msgspec
    finally:
        del sys.modules["typing_extensions"]
    del msgspec
