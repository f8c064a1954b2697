"""imapclient over a connection that is there: loaded where a command is easier to say with it."""

import logging
from collections.abc import Iterable

from imapclient import IMAPClient

from mailctl.remote.imap_lines import Lines, quoted

logging.getLogger("imapclient").addHandler(logging.NullHandler())  # else its warnings stand on the user's terminal


class Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """imapclient over a connection that is there and logged in; folder names as the server writes them."""

    def __init__(self, lines: Lines, capabilities: Iterable[str]) -> None:
        self.lines = lines
        super().__init__(lines.wire.server.host, lines.wire.server.port, ssl=False, timeout=lines.wire.timeout)
        lines.debug = 0  # at 5, imapclient's choice, imaplib spells every message out for a log nobody reads
        self._cached_capabilities = tuple(word.encode() for word in capabilities)

    def _create_IMAP4(self) -> Lines:  # noqa: N802 - imapclient's name
        """The connection that is there."""
        return self.lines

    def _normalise_folder(self, folder_name: bytes) -> bytes:
        """The name, quoted; it is the server's own already."""
        return quoted(folder_name)
