"""Secrets in environment variables, for containers and continuous integration."""

from collections.abc import Mapping

from mailctl.domain.account import Server


class Env:
    """The variable that `auth.env` names."""

    def __init__(self, *, environ: Mapping[str, str], interactive: bool) -> None:
        del interactive
        self.environ = environ

    def get(self, server: Server) -> str | None:
        """The variable's value."""
        return self.environ.get(server.auth.env or "")
