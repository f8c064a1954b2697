"""A text written in the user's editor, and kept when what was to be done with it fails."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mailctl.errors import InputMissingError

if TYPE_CHECKING:
    from mailctl.cli.session import Session


@contextmanager
def written(run: "Session", *, what: str) -> Iterator[str]:
    """The text that the user writes in $VISUAL or $EDITOR; forgotten at the end, kept and named when that fails.

    Raises:
        InputMissingError: nothing was written, or the editor failed.
    """
    path = new_file(run.context.paths.state / "abandoned", run.context.now(), what)
    try:
        call_editor(run, path)
        text = path.read_text(encoding="utf-8", errors="replace")
        if not text.strip():
            raise InputMissingError("nothing was written, so nothing is sent", hint="--body FILE, or a text on stdin")
        yield text
    except BaseException:
        if path.exists() and path.read_bytes().strip():
            run.warn(f"your text is kept in {path}")
        else:
            path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def new_file(folder: Path, now: datetime, what: str) -> Path:
    """A new, empty file of one's own."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{what}-{now:%Y%m%d-%H%M%S}-{os.urandom(2).hex()}.txt"
    path.touch(mode=0o600, exist_ok=False)
    return path


def call_editor(run: "Session", path: Path) -> None:
    """Let the user write into a file.

    Raises:
        InputMissingError: there is no such program, or it failed.
    """
    import subprocess

    environ = run.context.environ
    editor = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        status = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputMissingError(
            f"the editor '{editor}' cannot be run: {why}", hint="set EDITOR, or --body FILE"
        ) from error
    if status != 0:
        raise InputMissingError(f"the editor '{editor}' ended with {status}", hint="set EDITOR, or --body FILE")
