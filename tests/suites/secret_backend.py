"""What every place that keeps secrets must do; subclassed by each one's test."""

import pytest

from mailctl.domain.account import Auth, SecretPlace, Security, Server
from mailctl.secrets import SecretBackend, WritableBackend


def server_with(auth: Auth, *, login: str = "contact@firm.example", host: str = "imap.firm.example") -> Server:
    """A server whose secret is kept as `auth` says."""
    return Server(host=host, port=993, security=Security.TLS, login=login, auth=auth)


class SecretBackendSuite:
    """A subclass has the fixtures `backend`, `server` (with the secret "pä55 wörd") and `bare` (without one)."""

    def test_gives_the_secret_as_it_is(self, backend: SecretBackend, server: Server):
        assert backend.get(server) == "pä55 wörd"

    def test_gives_none_where_there_is_none(self, backend: SecretBackend, bare: Server):
        assert backend.get(bare) is None


class WritableBackendSuite:
    """A subclass has the fixture `backend`, empty at first."""

    @pytest.mark.parametrize("secret", ["pä55 wörd", "a" * 4096, "line\nbreak", "'\"\\$(x)`"])
    def test_gives_back_what_was_set(self, backend: WritableBackend, secret: str):
        backend.set(IMAP, secret)

        assert backend.get(IMAP) == secret

    def test_a_new_secret_replaces_the_old_one(self, backend: WritableBackend):
        backend.set(IMAP, "old")
        backend.set(IMAP, "new")

        assert backend.get(IMAP) == "new"

    def test_servers_do_not_share_a_secret(self, backend: WritableBackend):
        backend.set(IMAP, "of imap")
        backend.set(SMTP, "of smtp")

        assert (backend.get(IMAP), backend.get(SMTP)) == ("of imap", "of smtp")

    def test_what_is_deleted_is_gone(self, backend: WritableBackend):
        backend.set(IMAP, "secret")
        backend.delete(IMAP)

        assert backend.get(IMAP) is None

    def test_deleting_twice_is_no_error(self, backend: WritableBackend):
        backend.delete(IMAP)
        backend.delete(IMAP)


IMAP = server_with(Auth(secret=SecretPlace.KEYRING))
SMTP = server_with(Auth(secret=SecretPlace.KEYRING), host="smtp.firm.example")
