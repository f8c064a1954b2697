"""The services' outside world for a program without Typer: nobody to ask, no progress shown."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mailctl.services.context import Context
from mailctl.store.paths import paths


def opened(
    environ: Mapping[str, str],
    *,
    login: str,
    store: Path | None = None,
    tell: Callable[[str, str], None],
    local_mail: bool = False,
) -> Context:
    """A context in which nothing prompts.

    Args:
        environ: of the caller; MAILCTL_STORE is heeded where `store` is None.
        login: who calls.
        store: the folder of TOML files.
        tell: writes a line; the first argument is `warning` or empty.
        local_mail: whether logins that the store names may send without being a collaborator.
    """
    chosen = environ.get("MAILCTL_STORE")
    return Context(
        paths=paths(environ, store=store or (Path(chosen) if chosen else None)),
        environ=environ,
        login=login,
        acting_as=None,
        now=lambda: datetime.now(UTC),
        say=lambda line: tell("", line),
        warn=lambda line: tell("warning", line),
        progress=lambda *_: None,
        local_mail=local_mail,
    )


def reopened(ctx: Context, *, tell: Callable[[str, str], None]) -> Context:
    """A context like another, that reads the store anew, and in which nothing prompts."""
    return Context(
        paths=ctx.paths,
        environ=ctx.environ,
        login=ctx.login,
        acting_as=ctx.acting_as,
        now=ctx.now,
        say=lambda line: tell("", line),
        warn=lambda line: tell("warning", line),
        progress=lambda *_: None,
        trace=ctx.open_trace,
    )
