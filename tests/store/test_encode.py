"""What is written is read again as it was, in the same order each time, and without what need not be said."""

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from mailctl.domain.account import (
    Account,
    Alias,
    Auth,
    AuthMethod,
    Endpoint,
    Folders,
    FromName,
    Kind,
    SecretPlace,
    Security,
)
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.rights import Right
from mailctl.domain.settings import VERSION, Sendmail, Settings
from mailctl.domain.signature import Position, Signature
from mailctl.store.decode import decode_account, decode_collaborator, decode_settings
from mailctl.store.encode import encode

SIDES = ("incoming", "outgoing")
NAME = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,20}\Z")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="".join(map(chr, [*range(32), 127]))), max_size=20)
LONG = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=60).map(
    lambda text: "".join(letter for letter in text if letter in "\n\t" or letter.isprintable())
)
ADDRESS = st.from_regex(r"\A[a-z]{1,8}(\.[a-z]{1,5})?@[a-z]{1,8}\.example\Z")


def maybe(values):
    return st.none() | values


SIGNATURES = st.builds(
    Signature, text=maybe(LONG), markdown=maybe(LONG), html=maybe(LONG), position=st.sampled_from(Position)
)
AUTHS = st.builds(
    Auth, method=maybe(st.sampled_from(AuthMethod)), secret=st.just(SecretPlace.COMMAND),
    command=st.lists(LONG, min_size=1, max_size=3).map(tuple), env=maybe(st.just("A_B")),
    credential=maybe(st.just("c.d")),
)  # fmt: skip
ENDPOINTS = st.builds(
    Endpoint, host=maybe(st.just("imap.firm.example")), port=maybe(st.integers(1, 65535)),
    security=maybe(st.sampled_from(Security)), ca_file=maybe(TEXT), fingerprint=maybe(st.just("ab" * 32)),
    allow_plaintext=st.booleans(), login=maybe(TEXT), auth=maybe(AUTHS),
)  # fmt: skip
ALIASES = st.builds(Alias, address=ADDRESS, send=st.booleans(), display_name=maybe(TEXT), signature=maybe(SIGNATURES))
ACCOUNTS = st.builds(
    Account, name=NAME, display_name=TEXT, address=ADDRESS, from_name=st.sampled_from(FromName),
    kind=st.just(Kind.PERSONAL), owner=NAME, provider=maybe(NAME), login=maybe(TEXT),
    checker_only=st.booleans(), notes=LONG,
    aliases=st.lists(ALIASES, max_size=3).map(tuple),
    auth=st.just(Auth()) | AUTHS, incoming=ENDPOINTS, outgoing=ENDPOINTS,
    folders=st.builds(Folders, sent=maybe(TEXT), trash=maybe(TEXT)),
    rights=st.dictionaries(NAME, st.lists(st.sampled_from(Right), max_size=4).map(tuple), max_size=4),
    signature=maybe(SIGNATURES),
)  # fmt: skip
COLLABORATORS = st.builds(
    Collaborator, id=NAME, name=TEXT.filter(bool), email=ADDRESS, logins=st.lists(TEXT, max_size=3).map(tuple),
    admin=st.booleans(), title=TEXT, phone=TEXT, imap_identifier=maybe(TEXT), default_account=maybe(NAME),
    fields=st.dictionaries(TEXT, TEXT, max_size=3),
)  # fmt: skip
SETTINGS = st.builds(
    Settings, version=st.just(VERSION), firm=TEXT, administrators=st.lists(TEXT, max_size=3).map(tuple),
    default_account=maybe(NAME),
    sendmail=st.builds(Sendmail, account=maybe(NAME), logins=st.lists(TEXT, max_size=2).map(tuple),
                    aliases=st.dictionaries(TEXT, TEXT, max_size=2)),
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(ACCOUNTS)
def test_an_account_is_read_as_it_was_written(account):
    assert decode_account(account.name, encode(account)) == plain(account)


@settings(deadline=None)
@given(COLLABORATORS)
def test_a_collaborator_is_read_as_it_was_written(one):
    assert decode_collaborator(one.id, encode(one)) == one


@settings(deadline=None)
@given(SETTINGS)
def test_settings_are_read_as_they_were_written(value):
    assert decode_settings(encode(value)) == value


@settings(deadline=None)
@given(ACCOUNTS)
def test_writing_what_was_read_changes_no_byte(account):
    text = encode(account)

    assert encode(decode_account(account.name, text)) == text


def plain(account):
    """An account as a file can tell it: a table in which nothing is said is no table."""
    servers = {side: replace(getattr(account, side), auth=told(getattr(account, side).auth)) for side in SIDES}
    return replace(account, signature=told(account.signature), **servers)


def told(value):
    return value if value is not None and to_builtins(value) else None


def test_what_is_at_its_default_is_not_written():
    assert encode(Account(name="contact", address="a@b.example")) == 'address = "a@b.example"\n'
    assert encode(Settings(version=1)) == "version = 1\n"


def test_keys_stand_in_the_order_of_the_documentation_whatever_was_set_first():
    one = decode_account(
        "a", 'notes = "n"\naddress = "a@b.example"\n[rights]\nz = ["read"]\na = ["send"]\n[auth]\nmethod = "password"\n'
    )
    text = encode(one)

    assert list(tomli.loads(text)) == ["address", "notes", "auth", "rights"]
    assert list(tomli.loads(text)["rights"]) == ["z", "a"]


def test_a_signature_stands_as_lines_that_one_can_read():
    text = encode(Account(name="a", address="a@b.example", signature=Signature(text="Alice\nArchitecte\n")))

    assert '[signature]\ntext = """\nAlice\nArchitecte\n"""\n' in text
