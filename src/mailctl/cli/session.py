"""What a command has at hand: the global options, the context of the services, and `show()`."""

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from mailctl.cli.failure import write
from mailctl.errors import UsageError
from mailctl.login import login_name

if TYPE_CHECKING:
    from mailctl.remote.trace import Trace
    from mailctl.services.context import Context


DRAWN_SECONDS = 0.05
SURE_SECONDS = 2.0  # before that, nobody can tell how long the rest takes
HAPPENED = "==="  # a trace's mark of what happened, where others mark what was said


class Globals(NamedTuple):  # no Struct: `--version` and `--help` do without msgspec
    """What stood before the command, and the environment it was called in."""

    store: Path | None
    actor: str | None
    verbosity: int
    trace: Path | None
    environ: Mapping[str, str]


class Session:
    """One run of one command."""

    def __init__(self, options: Globals) -> None:
        self.options = options
        self.paces: dict[str, tuple[float, int]] = {}  # since when, and from which number on, by what is done
        self.drawn = 0.0

    @cached_property
    def context(self) -> "Context":
        """The services' outside world, opened on first use."""
        from mailctl.services.context import Context
        from mailctl.store.paths import paths

        return Context(
            paths=paths(self.options.environ, store=self.options.store),
            environ=self.options.environ,
            login=login_name(),
            acting_as=self.options.actor,
            now=lambda: datetime.now(UTC),
            say=self.say,
            warn=self.warn,
            progress=self.progress,
            trace=self.open_trace if self.options.trace or self.options.verbosity > 0 else None,
            interactive=self.is_interactive,
        )

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked: stdin and stderr are terminals."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def say(self, line: str) -> None:
        """Tell the user on stderr; silent with -q."""
        if self.options.verbosity >= 0:
            self.write(line)

    def open_trace(self) -> "Trace":
        """Where conversations with servers are written: the file of --trace; with -v, stderr too."""
        from mailctl.remote.trace import Trace

        return Trace(self.options.trace, listener=self.overhear if self.options.verbosity > 0 else None)

    def overhear(self, line: str) -> None:
        """Tell what happens on a connection with -v, and what is said on it with -vv."""
        if self.options.verbosity > 1 or line.startswith(HAPPENED):
            self.write(line)

    def warn(self, line: str) -> None:
        """Warn on stderr, even with -q."""
        self.write(f"mailctl: warning: {line}")

    def write(self, line: str) -> None:
        """One cleaned line on stderr."""
        from mailctl.cli.clean import clean

        write(clean(line))

    def progress(self, what: str, done: int, total: int) -> None:
        """Redraw one line on stderr, where stderr is a terminal; as often as an eye can follow."""
        if self.options.verbosity < 0 or not sys.stderr.isatty():
            return
        now = time.monotonic()
        began, first = self.paces.setdefault(what, (now, done))
        if 0 < now - self.drawn < DRAWN_SECONDS and done < total and done != first:
            return
        self.drawn = now
        left = time_left(now - began, done - first, total - done)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r\x1b[K{what} {done}/{total}{left}{end}")
        sys.stderr.flush()

    def show(
        self,
        value: Any,
        *,
        as_json: bool = False,
        columns: tuple[str, ...] = (),
        text: Callable[[], str] | None = None,
    ) -> None:
        """Show a result: JSON when asked for, a table on a terminal, tab-separated lines elsewhere.

        Args:
            value: a Struct, or a tuple of them.
            as_json: one document, keys as the Struct names them.
            columns: the fields that a table and the lines show, the first one naming the row; all when empty.
            text: what a person reads instead of the table.
        """
        from mailctl.cli import output

        if as_json:
            output.print_json(value)
        elif text is not None:
            output.print_text(text())
        elif isinstance(value, tuple | list):
            output.print_rows(value, columns)
        else:
            output.print_one(value, columns)

    def confirm(self, question: str, *, yes: bool, why: str = "this cannot be undone") -> None:
        """Ask before what cannot be undone; without a terminal only `--yes` goes on.

        Args:
            question: to be answered with yes or no.
            yes: whether it was answered already.
            why: one is asked.

        Raises:
            UsageError: there is nobody to ask.
            Abort: the answer was no.
        """
        if yes:
            return
        if not self.is_interactive:
            raise UsageError(f"{why}, and nobody can be asked here", hint="add --yes")
        typer.confirm(question, abort=True, err=True)


def time_left(seconds: float, done: int, left: int) -> str:
    """How long the rest will take, once that can be told; empty before, and at the end."""
    if seconds < SURE_SECONDS or done <= 0 or left <= 0:
        return ""
    rest = round(seconds / done * left)
    shown = f"{rest} s" if rest < 90 else f"{rest / 60:.0f} min" if rest < 5400 else f"{rest / 3600:.1f} h"
    return f", {shown} left"


def session(ctx: typer.Context) -> Session:
    """The session of a command."""
    return Session(ctx.find_root().obj)
