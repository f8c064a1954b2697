"""Pages that a browser is to open: files only their owner can read, in a folder that ends with the session."""

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from mailctl.errors import StorageError

KEPT_SECONDS = 3600.0  # a browser that is still starting finds its page


def keep(folder: Path, name: str, text: str) -> Path:
    """Write a page, 0600, under a name nobody can guess; those of an hour ago are taken away.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        drop_old(folder)
        path = folder / f"{name}-{secrets.token_hex(8)}.html"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}", hint=f"ls -ld {folder}") from error
    return path


def drop_old(folder: Path) -> None:
    """Take away pages that were opened long ago."""
    for path in folder.glob("*.html"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()
