"""`KEY=VALUE`: dotted keys as in the file, a value read as its key asks, and what is wrong told with the key."""

from functools import partial

import pytest

from mailctl.domain.account import Account
from mailctl.errors import BadDataError, UsageError
from mailctl.services.keys import with_keys, without_keys
from mailctl.store.decode import decode_account
from mailctl.store.encode import encode

ACCOUNT = Account(name="contact", address="contact@firm.example", notes="n", rights={"f.durand": ()})
decode = partial(decode_account, "contact")


def changed(*pairs):
    """The lines of the file that were not there before."""
    before = encode(ACCOUNT).splitlines()
    return [line for line in encode(with_keys(ACCOUNT, pairs, decode=decode)).splitlines() if line not in before]


@pytest.mark.parametrize(
    ("pair", "lines"),
    [
        ("display_name=Atelier Durand", ['display_name = "Atelier Durand"']),
        ("display_name=a=b=c", ['display_name = "a=b=c"']),
        (" notes = x", ['notes = " x"']),
        ("login=143", ['login = "143"']),
        ("login=true", ['login = "true"']),
        ("incoming.port=143", ["[incoming]", "port = 143"]),
        ("incoming.allow_plaintext=yes", ["[incoming]", "allow_plaintext = true"]),
        ("checker_only=TRUE", ["checker_only = true"]),
        ("checker_only=off", []),
        ("rights.bob=read,send", ["bob = [", '    "read",', '    "send",', "]"]),
        ("rights.bob= read , send ,", ["bob = [", '    "read",', '    "send",', "]"]),
        ("rights.f.durand=manage", ['"f.durand" = [', '    "manage",', "]"]),
        ('rights."f.durand"=manage', ['"f.durand" = [', '    "manage",', "]"]),
        ('rights={ bob = ["read"] }', ["bob = [", '    "read",', "]"]),
        ("auth.command=pass show 'mail/a b'", ["[auth]", "command = [", '    "pass",', '    "show",', '    "mail/a b",',
                                               "]"]),
        ('auth.command=["a b", "c"]', ["[auth]", "command = [", '    "a b",', '    "c",', "]"]),
        ('aliases=[{ address = "x@firm.example", send = false }]',
         ["aliases = [", '    { address = "x@firm.example", send = false },', "]"]),
        ("signature.text=--\nA", ["[signature]", 'text = """', "--", 'A"""']),
        ("incoming.auth.env=A_B", ["[incoming.auth]", 'env = "A_B"']),
    ],
)  # fmt: skip
def test_a_value_is_read_as_its_key_asks(pair, lines):
    assert changed(pair) == lines


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("kidn=group", "kidn: unknown key (did you mean 'kind'?)"),
        ("name=other", "name: unknown key"),
        ("incoming.prot=1", "incoming.prot: unknown key (did you mean 'port'?)"),
        ("incoming.port=x", "incoming.port: expected a whole number, got text"),
        ("incoming.port=99999", "incoming.port: expected a whole number <= 65535"),
        ("incoming.port=" + "9" * 5000, "incoming.port: "),
        ("incoming.port=²", "incoming.port: expected a whole number, got text"),
        ("incoming.port=--5", "incoming.port: "),
        ("incoming=x", "incoming: expected a table, got text"),
        ("checker_only=maybe", "checker_only: expected true or false, got text"),
        ("kind=team", "kind: invalid enum value 'team' (one of group, personal)"),
        ("address=x", "address: bad address 'x'"),
        ("rights.bob=fly", "rights.bob[0]: invalid enum value 'fly'"),
        ("rights.b b=read", "rights.b b: bad name"),
        ("rights=[[[", "rights: no valid TOML"),
        ("auth.command='unclosed", "auth.command: "),
        ("display_name=a\nb", "display_name: "),
        ("notes.x=1", "notes"),
        (".=1", "unknown key"),
        ("incoming..port=1", "unknown key"),
    ],
)
def test_what_is_wrong_is_bad_data_and_names_the_key(pair, said):
    with pytest.raises(BadDataError) as caught:
        with_keys(ACCOUNT, (pair,), decode=decode)

    assert said in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value).replace("a\nb", "")


@pytest.mark.parametrize("pair", ["notes", "=x", " =x", ""])
def test_a_word_that_sets_nothing_is_usage(pair):
    with pytest.raises(UsageError, match="is no KEY=VALUE"):
        with_keys(ACCOUNT, (pair,), decode=decode)


def test_keys_are_set_together_so_that_each_may_need_the_other():
    made = with_keys(ACCOUNT, ("kind=personal", "owner=f.durand"), decode=decode)

    assert (made.kind, made.owner) == ("personal", "f.durand")


def test_unset_puts_keys_back_to_their_defaults():
    full = with_keys(ACCOUNT, ("incoming.port=143", "rights.f.durand=read", "rights.bob=read"), decode=decode)

    made = without_keys(full, ("incoming.port", "rights.f.durand", "notes", "login"), decode=decode)

    assert encode(made) == 'address = "contact@firm.example"\n\n[rights]\nbob = [\n    "read",\n]\n'


@pytest.mark.parametrize(
    ("key", "said"), [("address", "address: is missing"), ("adress", "did you mean 'address'"), ("name", "unknown key")]
)
def test_unset_refuses_what_the_file_cannot_do_without(key, said):
    with pytest.raises(BadDataError, match=said):
        without_keys(ACCOUNT, (key,), decode=decode)
