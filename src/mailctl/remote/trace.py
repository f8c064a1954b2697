"""The conversation on paper, secrets and bodies left out."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from mailctl.errors import StorageError

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Trace:
    """A file of its owner's only, to which conversations are added with swaks' marks; somebody may listen, too.

    `===` tells what happened, `->` and `<-` what was said in clear, `~>` and `<~` what was said over TLS.
    """

    def __init__(self, path: Path | None, *, listener: Callable[[str], None] | None = None) -> None:
        """Open it.

        Args:
            path: the file; none is written when None.
            listener: told each line as well.
        """
        self.path = path
        self.listener = listener
        self.write("")
        if path is not None and path.is_file():
            path.chmod(0o600)

    def note(self, text: str) -> None:
        """Write what happened."""
        self.write(f"=== {printable(text)}\n")

    def sent(self, text: str, *, secure: bool) -> None:
        """Write what we said, a line for each of its lines."""
        self.write(marked(" ~> " if secure else " -> ", text))

    def got(self, text: str, *, secure: bool) -> None:
        """Write what the server said."""
        self.write(marked("<~  " if secure else "<-  ", text))

    def write(self, text: str) -> None:
        """Add to the file, in one piece.

        Raises:
            StorageError: it cannot be written.
        """
        if self.listener is not None:
            for line in text.splitlines():
                self.listener(line)
        if self.path is None:
            return
        try:
            with open(self.path, "ab", buffering=0, opener=private) as file:
                file.write(text.encode())
        except OSError as error:
            raise StorageError(
                f"cannot write the trace '{self.path}': {error.strerror}", hint="--trace FILE"
            ) from error


def private(path: str, flags: int) -> int:
    """Open a file for its owner only."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def marked(mark: str, text: str) -> str:
    """The lines of a text, each behind a mark."""
    return "".join(f"{mark}{printable(line)}\n" for line in text.removesuffix("\n").split("\n"))


def printable(text: str) -> str:
    """The text on one line, its control characters as escapes."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text.removesuffix("\r"))


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets, which a server may say back to us."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…").replace(printable(secret), "…")
    return text


def shown(data: bytes) -> str:
    """What comes or goes over the wire, as text."""
    return data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def left_out(data: bytes) -> str:
    """What stands in place of a body or a secret."""
    return f"… {len(data)} bytes"
