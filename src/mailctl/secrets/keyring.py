"""Secrets in the desktop's keyring, asked so that nothing hangs where nobody can answer."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from typing import TypeVar

import jeepney
import keyring
import keyring.errors
import secretstorage
from keyring.backend import KeyringBackend
from secretstorage.exceptions import SecretStorageException

from mailctl.domain.account import Server
from mailctl.errors import SecretUnavailableError

SERVICE = "mailctl"
ANSWER_WITHIN = 15.0  # seconds, where nobody can be asked
PROMPT_WITHIN = 120.0  # seconds, for somebody to type a passphrase
ELSEWHERE = "or keep it elsewhere: mailctl account set ACCOUNT auth.secret=command (env, credential)"

ASKING = threading.Lock()  # one prompt at a time, whatever the number of accounts
Result = TypeVar("Result")


class Keyring:
    """The keyring, under service `mailctl` and user `LOGIN@HOST`."""

    def __init__(self, *, environ: Mapping[str, str], interactive: bool) -> None:
        self.environ = environ
        self.interactive = interactive

    def get(self, server: Server) -> str | None:
        """The secret, or None.

        Raises:
            SecretUnavailableError: no keyring, a locked one, or one that does not answer.
        """
        return self.ask(lambda ring: ring.get_password(SERVICE, user_of(server)))

    def set(self, server: Server, secret: str) -> None:
        """Keep a secret.

        Raises:
            SecretUnavailableError: no keyring, a locked one, or one that does not answer.
        """
        self.ask(lambda ring: ring.set_password(SERVICE, user_of(server), secret))

    def delete(self, server: Server) -> None:
        """Forget a secret.

        Raises:
            SecretUnavailableError: no keyring, a locked one, or one that does not answer.
        """

        def drop(ring: KeyringBackend) -> None:
            if ring.get_password(SERVICE, user_of(server)) is not None:
                ring.delete_password(SERVICE, user_of(server))

        self.ask(drop)

    def ask(self, question: Callable[[KeyringBackend], Result]) -> Result:
        """Put a question to the keyring, within a deadline: a hung or prompting service must not hang its caller."""
        seconds = PROMPT_WITHIN if self.interactive else ANSWER_WITHIN
        with ASKING, mapped(seconds):
            return within(seconds, lambda: question(self.open()))

    def open(self) -> KeyringBackend:
        """The backend the user chose, else the Secret Service, else what keyring discovers."""
        chosen = chosen_backend(self.environ)
        if chosen is None and sys.platform == "linux":
            chosen = secret_service(self.interactive)
        return safe(chosen or keyring.get_keyring())


def user_of(server: Server) -> str:
    """The user a secret is kept under."""
    return f"{server.login}@{server.host}"


def chosen_backend(environ: Mapping[str, str]) -> KeyringBackend | None:
    """The backend that PYTHON_KEYRING_BACKEND or keyringrc.cfg names."""
    name = environ.get("PYTHON_KEYRING_BACKEND")
    return keyring.core.load_keyring(name) if name else keyring.core.load_config()


def secret_service(interactive: bool) -> KeyringBackend | None:
    """The Secret Service (GNOME Keyring, KWallet, KeePassXC), unlocked; None where there is none.

    keyring itself would wait for ever on the prompt of a locked collection (seen on 25.7), so look first.

    Raises:
        SecretUnavailableError: it is locked or has no collection yet, and nobody can be asked or nobody agreed.
    """
    from keyring.backends import SecretService

    try:
        bus = secretstorage.dbus_init()
    except SecretStorageException:
        return None
    with closing(bus):
        if not secretstorage.check_service_availability(bus):
            return None
        unlocked(bus, interactive)
    ring: KeyringBackend = SecretService.Keyring()
    # spares the discovery of every backend, 140 ms
    keyring.set_keyring(ring)
    return ring


def unlocked(bus: "jeepney.io.blocking.DBusConnection", interactive: bool) -> None:
    """See to it that the default collection is there and unlocked; prompt only for somebody."""
    collection = secretstorage.get_any_collection(bus)
    if collection.collection_path == secretstorage.collection.SESSION_COLLECTION:
        # what only lives as long as the session: the keyring that lasts is still to be made, and that prompts
        if not interactive:
            raise SecretUnavailableError(
                "there is no keyring yet", hint=f"log in to a desktop once to make one, {ELSEWHERE}"
            )
        return
    if not collection.is_locked():
        return
    if interactive:
        collection.unlock(timeout=PROMPT_WITHIN)
    if collection.is_locked():
        raise SecretUnavailableError("the keyring is locked", hint=f"unlock it in your desktop session, {ELSEWHERE}")


def safe(ring: KeyringBackend) -> KeyringBackend:
    """The backend, or the first of a chain, that does not keep passwords in plain text.

    Raises:
        SecretUnavailableError: there is none.
    """
    rings = getattr(ring, "backends", None) or [ring]
    kept = [one for one in rings if not type(one).__module__.startswith(("keyrings.alt", "keyring.backends.fail"))]
    if kept:
        return kept[0]
    if type(rings[0]).__module__.startswith("keyrings.alt"):
        raise SecretUnavailableError(
            "the only keyring here keeps passwords in a plain file, which is refused",
            hint=ELSEWHERE.removeprefix("or "),
        )
    raise SecretUnavailableError(
        "no keyring here: no D-Bus session, or no Secret Service on it", hint=ELSEWHERE.removeprefix("or ")
    )


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """What a call gives back, or TimeoutError; the call's thread is then left behind and ends with the process."""
    future: Future[Result] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread, whatever it is
            future.set_exception(error)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return future.result(timeout=seconds)


@contextmanager
def mapped(seconds: float) -> Iterator[None]:
    """Turn keyring's, SecretStorage's and D-Bus's exceptions into ours."""
    try:
        yield
    except TimeoutError as error:
        raise SecretUnavailableError(
            f"the keyring did not answer within {seconds:g} s", hint=f"unlock it in your desktop session, {ELSEWHERE}"
        ) from error
    except keyring.errors.KeyringLocked as error:
        raise SecretUnavailableError(
            "the keyring is locked", hint=f"unlock it in your desktop session, {ELSEWHERE}"
        ) from error
    except (keyring.errors.KeyringError, SecretStorageException, jeepney.DBusErrorResponse, OSError) as error:
        raise SecretUnavailableError(f"the keyring failed: {error}", hint=ELSEWHERE.removeprefix("or ")) from error
    except (ImportError, AttributeError, ValueError) as error:
        # keyring's own answers to a backend name that does not exist
        raise SecretUnavailableError(
            f"no such keyring backend: {error}", hint="unset PYTHON_KEYRING_BACKEND"
        ) from error
