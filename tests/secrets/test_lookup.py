"""Looking a secret up, and keeping one: what is refused, and what the error says."""

import pytest

from mailctl.domain.account import Auth, SecretPlace
from mailctl.errors import BadDataError, SecretUnavailableError, UsageError
from mailctl.loading import load
from mailctl.secrets import BACKENDS, forget, lookup, store
from suites.secret_backend import server_with

NULL = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
FROM_ENV = server_with(Auth(secret=SecretPlace.ENV, env="SECRET"))
FROM_KEYRING = server_with(Auth(secret=SecretPlace.KEYRING))


@pytest.mark.parametrize("place", SecretPlace)
def test_every_place_has_a_backend(place):
    assert load(BACKENDS[place])(environ={}, interactive=False).get


def test_a_secret_is_given_as_it_is():
    found = lookup(FROM_ENV, account="contact", environ={"SECRET": " pä55 wörd "}, interactive=False)

    assert found == " pä55 wörd "


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_what_no_password_can_hold_is_refused_and_not_shown(value):
    with pytest.raises(BadDataError, match="has a line break or NUL in it") as caught:
        lookup(FROM_ENV, account="contact", environ={"SECRET": value}, interactive=False)

    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "environ", "said", "hint"),
    [
        pytest.param(
            Auth(secret=SecretPlace.ENV, env="SECRET"),
            {},
            "no password for 'contact': the variable 'SECRET' is not set",
            "export SECRET=…",
            id="a variable that is not set",
        ),
        pytest.param(
            Auth(secret=SecretPlace.ENV, env="SECRET"),
            {"SECRET": ""},
            "no password for 'contact': the variable 'SECRET' is empty",
            "export SECRET=…",
            id="an empty variable",
        ),
        pytest.param(
            Auth(secret=SecretPlace.COMMAND, command=("true",)),
            {"PATH": "/usr/bin:/bin"},
            "no password for 'contact': the command 'true' printed nothing",
            "try it: true",
            id="a command that prints nothing",
        ),
        pytest.param(
            Auth(secret=SecretPlace.CREDENTIAL, credential="contact"),
            {"CREDENTIALS_DIRECTORY": "/nonexistent"},
            "no password for 'contact': there is no credential 'contact'",
            "LoadCredential=contact:FILE",
            id="a credential that was not given",
        ),
        pytest.param(
            Auth(secret=SecretPlace.KEYRING),
            NULL,
            "no password for 'contact': the keyring has none for 'contact@firm.example@imap.firm.example'",
            "mailctl password set contact",
            id="a keyring without it",
        ),
    ],
)
def test_a_missing_secret_says_where_it_was_looked_for(auth, environ, said, hint):
    with pytest.raises(SecretUnavailableError) as caught:
        lookup(server_with(auth), account="contact", environ=environ, interactive=False)

    assert (str(caught.value), caught.value.hint) == (said, hint)


@pytest.mark.parametrize("auth", [Auth(secret=SecretPlace.ENV, env="X"), Auth(secret=SecretPlace.COMMAND)])
def test_mailctl_writes_only_to_the_keyring(auth):
    with pytest.raises(UsageError, match="mailctl only reads from there"):
        store(server_with(auth), "secret", environ={})
    with pytest.raises(UsageError, match="mailctl only reads from there"):
        forget(server_with(auth), environ={})


def test_an_empty_password_is_not_kept():
    with pytest.raises(BadDataError, match="the password is empty"):
        store(FROM_KEYRING, "", environ=NULL)


def test_a_password_with_a_line_break_is_not_kept():
    with pytest.raises(BadDataError, match="line break"):
        store(FROM_KEYRING, "a\nb", environ=NULL)


def test_a_keyring_that_forgets_at_once_is_noticed():
    with pytest.raises(SecretUnavailableError, match="the keyring did not keep the password"):
        store(FROM_KEYRING, "secret", environ=NULL)


def test_an_unknown_keyring_backend_is_named():
    with pytest.raises(SecretUnavailableError, match=r"'no\.such\.Keyring' does not work here"):
        lookup(FROM_KEYRING, account="c", environ={"PYTHON_KEYRING_BACKEND": "no.such.Keyring"}, interactive=False)
