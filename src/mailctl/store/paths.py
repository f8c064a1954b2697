"""The four folders mailctl uses, as XDG or `MAILCTL_HOME` place them."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Paths(Struct, frozen=True, kw_only=True):
    """Where the store, the mail, the outbox and the sockets lie."""

    store: Path
    data: Path
    state: Path
    runtime: Path


def paths(environ: Mapping[str, str], *, store: Path | None = None) -> Paths:
    """The folders for an environment; `store` comes before what the environment says (XDG Base Directory 0.8)."""
    home = environ.get("MAILCTL_HOME")
    if home:
        root = absolute(home)
        found = Paths(store=root / "store", data=root / "data", state=root / "state", runtime=root / "run")
    else:
        found = Paths(
            store=xdg(environ, "XDG_CONFIG_HOME", ".config"),
            data=xdg(environ, "XDG_DATA_HOME", ".local/share"),
            state=xdg(environ, "XDG_STATE_HOME", ".local/state"),
            runtime=xdg(environ, "XDG_RUNTIME_DIR", ".local/state/mailctl/run"),
        )
    if store is None:
        return found
    return Paths(store=absolute(str(store)), data=found.data, state=found.state, runtime=found.runtime)


def xdg(environ: Mapping[str, str], name: str, fallback: str) -> Path:
    """One XDG folder of ours; a relative value is invalid and ignored, as the specification says."""
    value = environ.get(name, "")
    if value.startswith("/"):
        return Path(value) / "mailctl"
    return Path(environ.get("HOME") or "~").expanduser() / fallback / "mailctl"


def absolute(folder: str) -> Path:
    """The folder as an absolute path; `~` is the user's home."""
    return Path(folder).expanduser().absolute()
