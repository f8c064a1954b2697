"""Secrets that systemd hands to a service in files (LoadCredential=, systemd.exec(5))."""

from collections.abc import Mapping
from pathlib import Path

from mailctl.domain.account import Server
from mailctl.errors import SecretUnavailableError


class Credential:
    """The file in $CREDENTIALS_DIRECTORY that `auth.credential` names."""

    def __init__(self, *, environ: Mapping[str, str], interactive: bool) -> None:
        del interactive
        self.folder = environ.get("CREDENTIALS_DIRECTORY")

    def get(self, server: Server) -> str | None:
        """The file's text, without its last line break.

        Raises:
            SecretUnavailableError: not run by systemd, a name that leaves the folder, or an unreadable file.
        """
        name = server.auth.credential or ""
        if not self.folder:
            raise SecretUnavailableError(
                f"the credential '{name}' is only there in a systemd service", hint=f"LoadCredential={name}:FILE"
            )
        if not name or "/" in name or name in {".", ".."}:
            raise SecretUnavailableError(f"bad credential name '{name}'", hint="letters, digits, . _ -")
        try:
            text = (Path(self.folder) / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SecretUnavailableError(f"cannot read the credential '{name}': {why}") from error
        return text.removesuffix("\n").removesuffix("\r")
