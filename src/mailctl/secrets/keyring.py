"""Secrets in the desktop's keyring, asked so that nothing hangs where nobody can answer."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from keyring import core
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked

from mailctl.domain.account import Server
from mailctl.errors import SecretLockedError, SecretUnavailableError
from mailctl.secrets import user_of

if sys.platform == "linux":
    from mailctl.secrets.secret_service import FAILURES, is_secret_service, open_secret_service
else:
    FAILURES = ()

SERVICE = "mailctl"
ANSWER_WITHIN = 15.0  # seconds, where nobody can be asked
PROMPT_WITHIN = 150.0  # seconds, where somebody may have to type a passphrase
ELSEWHERE = "keep it elsewhere: mailctl account set ACCOUNT auth.secret=command (or env, credential)"

GIVEN_UP_FOR = 60.0  # seconds: a thousand accounts must not wait for the same mute service one by one


class Silence:
    """Until when the keyring is not asked again, by time.monotonic()."""

    until = 0.0


SILENCE = Silence()
ASKING = threading.Lock()  # one prompt at a time, whatever the number of accounts
Result = TypeVar("Result")


class Keyring:
    """The keyring, under service `mailctl` and user `LOGIN@HOST`."""

    def __init__(self, *, environ: Mapping[str, str], interactive: bool, deadline: float | None = None) -> None:
        self.environ = environ
        self.interactive = interactive
        self.deadline = deadline or (PROMPT_WITHIN if interactive else ANSWER_WITHIN)

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
        with ASKING, mapped(self.deadline):
            if time.monotonic() < SILENCE.until and not self.interactive:
                raise TimeoutError
            try:
                return within(self.deadline, lambda: question(self.open()))
            except TimeoutError:
                SILENCE.until = time.monotonic() + GIVEN_UP_FOR
                raise

    def open(self) -> KeyringBackend:
        """The backend the user chose, else the Secret Service, else what keyring discovers."""
        ring = chosen_backend(self.environ)
        if sys.platform == "linux" and (ring is None or is_secret_service(ring)):
            ring = open_secret_service(interactive=self.interactive)
        return safe(ring or core.get_keyring())


def chosen_backend(environ: Mapping[str, str]) -> KeyringBackend | None:
    """The backend that PYTHON_KEYRING_BACKEND or keyringrc.cfg names.

    Raises:
        SecretUnavailableError: there is none of that name, or it does not work here.
    """
    name = environ.get("PYTHON_KEYRING_BACKEND")
    try:
        return core.load_keyring(name) if name else core.load_config()
    except (ImportError, AttributeError, ValueError, RuntimeError) as error:
        raise SecretUnavailableError(
            f"the keyring backend '{name or 'of keyringrc.cfg'}' does not work here: {error}",
            hint="unset PYTHON_KEYRING_BACKEND",
        ) from error


def safe(ring: KeyringBackend) -> KeyringBackend:
    """The backend, or the first of a chain, that does not keep passwords in plain text.

    Raises:
        SecretUnavailableError: there is none.
    """
    rings: list[KeyringBackend] = list(getattr(ring, "backends", ())) or [ring]
    kept = [one for one in rings if not type(one).__module__.startswith(("keyrings.alt", "keyring.backends.fail"))]
    if kept:
        return kept[0]
    if type(rings[0]).__module__.startswith("keyrings.alt"):
        raise SecretUnavailableError(
            "the only keyring here keeps passwords in a plain file, which is refused",
            hint=ELSEWHERE,
        )
    raise SecretUnavailableError("no keyring here: no D-Bus session, or no Secret Service on it", hint=ELSEWHERE)


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
        raise SecretLockedError(
            f"the keyring did not answer within {seconds:g} s",
            hint=f"unlock it in your desktop session, or {ELSEWHERE}",
        ) from error
    except KeyringLocked as error:
        raise SecretLockedError(
            "the keyring is locked", hint=f"unlock it in your desktop session, or {ELSEWHERE}"
        ) from error
    except (KeyringError, OSError, *FAILURES) as error:
        raise SecretUnavailableError(f"the keyring failed: {error}", hint=ELSEWHERE) from error
