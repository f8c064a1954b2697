"""A keyring backend that keeps passwords in this process, chosen as a user chooses one: PYTHON_KEYRING_BACKEND."""

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

NAME = "support.memory_keyring.Memory"
kept: dict[tuple[str, str], str] = {}


class Memory(KeyringBackend):
    """Forgets when the process ends; a test clears `kept` first."""

    priority = 0.1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in kept:
            raise PasswordDeleteError("not there")
        del kept[service, username]
