"""An OAuth2 client: out of an account and its provider; tokens as they are kept."""

import pytest

from mailctl.domain.account import Account, Auth, AuthMethod, Grant, SecretPlace
from mailctl.domain.oauth import Token, client_of, token_of
from mailctl.domain.provider import incoming_of
from mailctl.errors import StoreError
from mailctl.providers import provider

OAUTH = AuthMethod.OAUTH2


def client(preset: str | None, **auth):
    known = provider(preset) if preset else None
    account = Account(name="contact", address="contact@firm.example", provider=preset, auth=Auth(**auth))
    return client_of(account, incoming_of(account, known), known)


def test_the_provider_says_where_tokens_are_had():
    found = client("gmail", client_id="c1")

    assert (found.grant, found.login) == (Grant.CODE, "contact@firm.example")
    assert found.token_url == "https://oauth2.googleapis.com/token"
    assert found.scopes == ("https://mail.google.com/",)
    assert found.needs_secret


def test_the_account_goes_before_its_provider():
    found = client("gmail", client_id="c1", token_url="https://sso.firm.example/token", scopes=("mail",))

    assert (found.token_url, found.scopes) == ("https://sso.firm.example/token", ("mail",))


def test_a_firm_of_its_own_stands_in_the_addresses():
    assert "/common/" in client("microsoft365", client_id="c1").token_url
    assert "/firm.example/" in client("microsoft365", client_id="c1", tenant="firm.example").token_url


def test_a_program_that_acts_for_itself_asks_for_other_scopes_and_has_a_secret():
    found = client("microsoft365", client_id="c1", grant=Grant.CLIENT)

    assert found.scopes == ("https://outlook.office365.com/.default",)
    assert found.needs_secret


def test_a_shared_mailbox_takes_the_token_of_a_person():
    found = client("microsoft365", client_id="c1", token_login="alice@firm.example")

    assert (found.token_place.login, found.token_place.host) == ("alice@firm.example", "login.microsoftonline.com")
    assert found.token_place.auth.secret is SecretPlace.KEYRING


@pytest.mark.parametrize(
    ("preset", "auth", "key"),
    [
        pytest.param("gmail", {"grant": Grant.CODE}, "client_id", id="no client"),
        pytest.param("gmail", {"client_id": "c", "grant": Grant.DEVICE}, "device_url", id="no device endpoint"),
    ],
)
def test_what_is_missing_is_named(preset, auth, key):
    with pytest.raises(StoreError, match=f"auth.{key} is missing") as caught:
        client(preset, **auth)

    assert caught.value.hint == f"mailctl account set contact auth.{key}=…"


def test_a_client_id_says_oauth2_by_itself():
    known = provider("gmail")
    account = Account(name="a", address="a@gmail.com", provider="gmail", auth=Auth(client_id="c"))

    assert incoming_of(account, known).auth.method is OAUTH
    assert incoming_of(account, known).auth.renews
    assert not Auth(method=OAUTH, secret=SecretPlace.COMMAND, command=("print-token",)).renews


@pytest.mark.parametrize(
    ("auth", "asks"),
    [
        pytest.param(Auth(), True, id="a password in the keyring"),
        pytest.param(Auth(secret=SecretPlace.ENV, env="P"), False, id="a password elsewhere"),
        pytest.param(Auth(method=OAUTH, client_id="c", secret=SecretPlace.ENV, env="S"), True, id="a person's tokens"),
        pytest.param(Auth(method=OAUTH, client_id="c", secret=SecretPlace.ENV, env="S", grant=Grant.CLIENT), False,
                     id="a program's, its secret elsewhere"),
    ],
)  # fmt: skip
def test_what_is_in_the_keyring(auth, asks):
    assert auth.asks_keyring is asks


def made(life: float) -> Token:
    return Token(
        client_id="c", access_token="s3cret-a", refresh_token="s3cret-r", issued_at=1000, expires_at=1000 + life
    )


@pytest.mark.parametrize(
    ("life", "at", "lasts"),
    [
        pytest.param(3600, 1000, True, id="new"),
        pytest.param(3600, 1000 + 3299, True, id="five minutes and a second left"),
        pytest.param(3600, 1000 + 3301, False, id="less than five minutes left"),
        pytest.param(10, 1007, True, id="a short life, three tenths left"),
        pytest.param(10, 1009, False, id="a short life, one tenth left"),
        pytest.param(3600, 9000, False, id="expired"),
    ],
)
def test_a_token_is_renewed_before_it_expires(life, at, lasts):
    assert made(life).lasts(at) is lasts


def test_tokens_come_back_as_they_were_kept_and_are_never_shown():
    token = made(3600)

    assert token_of(token.kept()) == token
    assert "s3cret" not in repr(token) + str(token)


@pytest.mark.parametrize("text", [None, "", "hunter2", "{}", "[1]", '{"client_id": 3}', "\udcff"])
def test_what_is_no_tokens_is_none(text):
    assert token_of(text) is None
