"""The presets that ship with mailctl, one TOML file a provider, and how they are read."""

import difflib
from functools import cache
from pathlib import Path

import msgspec
import tomli

from mailctl.domain.provider import Provider
from mailctl.errors import ProviderNotFoundError

FOLDER = Path(__file__).parent


@cache
def provider(name: str) -> Provider:
    """The preset of that name; reads its file and no other.

    Raises:
        ProviderNotFoundError: there is none of that name.
    """
    if name not in names():
        close = difflib.get_close_matches(name, names(), 1)
        advice = f"did you mean '{close[0]}'? " if close else ""
        raise ProviderNotFoundError(f"no provider '{name}'", hint=f"{advice}mailctl provider list")
    table = tomli.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return msgspec.convert({**table, "id": name}, Provider)


def providers() -> tuple[Provider, ...]:
    """All presets, by name."""
    return tuple(provider(name) for name in names())


def provider_for(address: str) -> Provider | None:
    """The preset of an address's domain; `*.` in a preset stands for one more label."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    wanted = {domain, f"*.{domain.partition('.')[2]}"}
    return next((one for one in providers() if not wanted.isdisjoint(one.domains)), None)


@cache
def names() -> tuple[str, ...]:
    """The names of all presets, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
