"""The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), looked at before keyring asks it."""

from contextlib import closing

import jeepney
import secretstorage
from jeepney.io.blocking import DBusConnection
from keyring.backend import KeyringBackend
from keyring.backends import SecretService
from secretstorage.collection import SESSION_COLLECTION
from secretstorage.exceptions import SecretStorageException

from mailctl.errors import SecretLockedError, SecretUnavailableError

FAILURES = (SecretStorageException, jeepney.DBusErrorResponse)
ELSEWHERE = "keep it elsewhere: mailctl account set ACCOUNT auth.secret=command (or env, credential)"
PROMPT_WITHIN = 120.0  # seconds, for somebody to type a passphrase


def is_secret_service(ring: KeyringBackend | None) -> bool:
    """Whether a backend is keyring's own for the Secret Service."""
    return isinstance(ring, SecretService.Keyring)


def open_secret_service(*, interactive: bool) -> KeyringBackend | None:
    """keyring's backend, its collection unlocked; None where there is no such service.

    keyring itself would wait for ever on the prompt of a locked collection (seen on 25.7), so look first.

    Raises:
        SecretUnavailableError: it is locked, or has no collection yet, and nobody can be asked or nobody agreed.
    """
    try:
        bus = secretstorage.dbus_init()
    except SecretStorageException:
        return None
    with closing(bus):
        if not secretstorage.check_service_availability(bus):
            return None
        unlock(bus, interactive=interactive)
    ring: KeyringBackend = SecretService.Keyring()  # type: ignore[no-untyped-call]
    return ring


def unlock(bus: DBusConnection, *, interactive: bool) -> None:
    """See to it that the default collection is there and unlocked; only somebody who is there is prompted."""
    collection = secretstorage.get_any_collection(bus)
    if collection.collection_path == SESSION_COLLECTION:
        # it lasts as long as the session; making the one that lasts prompts for a new passphrase
        if interactive:
            return
        raise SecretUnavailableError("there is no keyring yet", hint=f"make one in a desktop session, or {ELSEWHERE}")
    if collection.is_locked() and interactive:
        collection.unlock(timeout=PROMPT_WITHIN)
    if collection.is_locked():
        raise SecretLockedError("the keyring is locked", hint=f"unlock it in your desktop session, or {ELSEWHERE}")
