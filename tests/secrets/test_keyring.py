"""The keyring through a backend of the test's own, and the backends that are refused; the real one is in tests/live."""

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked

from mailctl.domain.account import Server
from mailctl.errors import SecretUnavailableError
from mailctl.secrets.keyring import SERVICE, Keyring, mapped, safe, within
from suites.secret_backend import IMAP, SMTP, SecretBackendSuite, WritableBackendSuite
from support import memory_keyring


@pytest.fixture
def backend() -> Keyring:
    """The memory keyring, empty."""
    memory_keyring.kept.clear()
    return Keyring(environ={"PYTHON_KEYRING_BACKEND": memory_keyring.NAME}, interactive=False)


class TestKeyring(SecretBackendSuite, WritableBackendSuite):
    @pytest.fixture
    def server(self, backend: Keyring) -> Server:
        backend.set(IMAP, "pä55 wörd")
        return IMAP

    @pytest.fixture
    def bare(self) -> Server:
        return SMTP

    def test_service_and_user_are_those_other_programs_can_ask_for(self, backend: Keyring):
        backend.set(IMAP, "secret")

        assert memory_keyring.kept == {(SERVICE, "contact@firm.example@imap.firm.example"): "secret"}


class Plain(memory_keyring.Memory):
    """Stands where keyrings.alt puts its plain-text file."""

    __module__ = "keyrings.alt.file"


class Chain:
    """What keyring gives when it finds several."""

    def __init__(self, *backends: KeyringBackend) -> None:
        self.backends = backends


def test_a_plain_text_keyring_is_refused():
    with pytest.raises(SecretUnavailableError, match="plain file, which is refused"):
        safe(Plain())


def test_of_several_keyrings_the_first_that_is_no_plain_text_is_taken():
    good = memory_keyring.Memory()

    assert safe(Chain(Plain(), good)) is good


@pytest.mark.parametrize(
    ("foreign", "said"),
    [
        pytest.param(KeyringLocked("Failed to unlock the collection!"), "the keyring is locked", id="locked"),
        pytest.param(InitError("no collection"), "the keyring failed: no collection", id="no collection"),
        pytest.param(ConnectionRefusedError(111, "refused"), "the keyring failed", id="a stale bus address"),
    ],
)
def test_what_keyring_raises_becomes_ours(foreign: Exception, said: str):
    with pytest.raises(SecretUnavailableError, match=said), mapped(1):
        raise foreign


def test_a_failure_in_the_keyrings_thread_reaches_the_caller():
    with pytest.raises(KeyringLocked):
        within(5, raise_locked)


def raise_locked() -> None:
    raise KeyringLocked("locked")
