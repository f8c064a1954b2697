"""Strict reading: every fault with its file, key and line, all of a file at once, and no input that is a bug."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.errors import StoreError
from mailctl.store.decode import decode_account, decode_collaborator, decode_settings

NO_URL = "expected an address with a host's name, and a port from 1 to 65535 where it has one"
GOOD = 'address = "contact@firm.example"\n'


def faults(text, decode=decode_account, name="contact"):
    """Each fault as one reads it, the file's name left out."""
    with pytest.raises(StoreError) as caught:
        decode(name, text)
    assert caught.value.exit_status == 78
    assert caught.value.problems
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return [str(problem).partition(":")[2] for problem in caught.value.problems]


def settings_faults(text):
    return faults(text, decode=lambda _, given: decode_settings(given))


def test_a_fault_is_told_with_file_line_and_key():
    with pytest.raises(StoreError) as caught:
        decode_account("contact", GOOD + "\n[incoming]\nprot = 993\n")

    assert str(caught.value) == "accounts/contact.toml:4: incoming.prot: unknown key (did you mean 'port'?)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kidn = "group"\n', "2: kidn: unknown key (did you mean 'kind'?)"),
        ("xyzzy = 1\n", "2: xyzzy: unknown key"),
        ('name = "other"\n', "2: name: unknown key (did you mean 'from_name'?)"),
        ('password = "hunter2"\n', "2: password: unknown key: no password is kept here, see mailctl password set"),
        ("checker_only = 1\n", "2: checker_only: expected true or false, got a whole number"),
        ("checker_only = 'yes'\n", "2: checker_only: expected true or false, got text"),
        ("incoming = 3\n", "2: incoming: expected a table, got a whole number"),
        ("incoming.port = '993'\n", "2: incoming.port: expected a whole number, got text"),
        ("incoming.port = 0\n", "2: incoming.port: expected a whole number >= 1"),
        ("incoming.port = 65536\n", "2: incoming.port: expected a whole number <= 65535"),
        ("incoming.port = 99.5\n", "2: incoming.port: expected a whole number, got a number"),
        ("incoming.host = 'a b'\n", "2: incoming.host: expected a host's name"),
        ('incoming.host = "a\\n"\n', "2: incoming.host: expected a host's name"),
        ('login = "me\\n"\n', "2: login: expected text without control characters"),
        ("provider = 'é'\n", "2: provider: expected a name of letters, digits, . _ + -"),
        ("checker.interval = '5'\n", "2: checker.interval: expected a time such as 30s, 5m or 1h"),
        ('kind = "team"\n', "2: kind: invalid enum value 'team' (one of group, personal)"),
        ('incoming.security = "ssl"\n', "2: incoming.security: invalid enum value 'ssl' (one of tls, starttls, none)"),
        ('owner = "alice"\n', '2: owner: a group account has no owner (kind = "personal" has one)'),
        ('kind = "personal"\n', "2: kind: a personal account needs an owner"),
        ("rights.bob = 'read'\n", "2: rights.bob: expected a list, got text"),
        ("[rights]\n'b b' = ['read']\n", "3: rights.b b: bad name: letters, digits, . _ + - only"),
        ("[rights]\n'../x' = ['read']\n", "3: rights.../x: bad name: letters, digits, . _ + - only"),
        ("auth.secret = 'env'\n", '2: auth.secret: secret = "env" needs auth.env'),
        ("auth.secret = 'command'\n", '2: auth.secret: secret = "command" needs auth.command'),
        ("incoming.auth.secret = 'credential'\n",
         '2: incoming.auth.secret: secret = "credential" needs incoming.auth.credential'),
        ("auth.token_url = 'https://sso.example:99999/t'\n", f"2: auth.token_url: {NO_URL}"),
        ("auth.device_url = 'https:///t'\n", f"2: auth.device_url: {NO_URL}"),
        ("auth.redirect_url = 'http://127.0.0.1:x'\n", f"2: auth.redirect_url: {NO_URL}"),
        ("incoming.auth.authorization_url = 'https://[x/a'\n", f"2: incoming.auth.authorization_url: {NO_URL}"),
        ("notes = 2026-01-01\n", "2: notes: expected text, got 'date'"),
        ("[[aliases]]\nsend = true\n", "2: aliases[0].address: is missing"),
        ('"" = 1\n', '2: "": unknown key'),
        ("notes = \n", "2: no valid TOML: invalid value"),
        ("notes = 'a'\nnotes = 'b'\n", "3: no valid TOML: cannot overwrite a value"),
        ("notes = " + "[" * 3000, "2: no valid TOML: inline arrays/tables are nested more than the allowed 400 levels"),
        ("notes = '\0'", "2: no valid TOML: found invalid character '\\x00'"),
    ],
)  # fmt: skip
def test_what_is_no_account_is_refused(text, said):
    assert faults(GOOD + text) == [said]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("contact", "there is no @ in it"),
        ("a@b@c", "what stands before the @ is not allowed there"),
        ("a @b.example", "what stands before the @ is not allowed there"),
        ("a@", "what stands behind the @ is no domain"),
        ("Ann <a@b.example>", "only the address, without a name"),
        ("a@b.example\\r\\nBcc: x@y.example", "expected text without control characters"),
        ("a\\u0000@b.example", "expected text without control characters"),
    ],
)
def test_a_bad_address_is_refused_wherever_it_stands(address, said):
    own = faults(f'address = "{address}"\n')
    alias = faults(f'{GOOD}[[aliases]]\naddress = "{address}"\n')
    email = faults(f'name = "A"\nemail = "{address}"\n', decode_collaborator)

    assert said in own[0]
    assert own[0].startswith("1: address: ")
    assert alias[0].startswith("3: aliases[0].address: ")
    assert email[0].startswith("2: email: ")


def test_all_faults_of_a_file_are_told_at_once():
    found = faults(
        'address = 3\nkidn = 1\nkind = "team"\n[incoming]\nport = "x"\nhots = "y"\n'
        '[[aliases]]\naddress = 1\n[[aliases]]\nsend = 2\n[rights]\nbob = ["fly", "read", "swim"]\n'
    )

    assert sorted(fault.split(": ")[1] for fault in found) == [
        "address", "aliases[0].address", "aliases[1].address", "aliases[1].send", "incoming.hots", "incoming.port",
        "kidn", "kind", "rights.bob[0]", "rights.bob[2]",
    ]  # fmt: skip


def test_the_message_has_the_first_fault_and_the_number_of_the_others():
    with pytest.raises(StoreError, match=r"address: is missing|x: unknown key") as caught:
        decode_account("contact", "x = 1\ny = 2\n")

    assert str(caught.value).endswith("(and 2 more)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["1: name: is missing", "1: email: is missing"]),
        ('name = ""\nemail = "a@b.example"\n', ["1: name: expected text of length >= 1"]),
        ('name = "A"\nemail = "a@b.example"\nadmin = "no"\n', ["3: admin: expected true or false, got text"]),
        ('name = "A"\nemail = "a@b.example"\n[fields]\na = 1\nb = ""\nc = []\n',
         ["4: fields.a: expected text, got a whole number", "6: fields.c: expected text, got a list"]),
    ],
)  # fmt: skip
def test_what_is_no_collaborator_is_refused(text, said):
    assert faults(text, decode_collaborator) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: version: is missing"),
        ('version = "1"\n', "1: version: expected a whole number, got text"),
        ("version = true\n", "1: version: expected a whole number, got true or false"),
        ("version = 0\n", "1: version: expected a whole number >= 1"),
        ("version = 1\n[sendmail]\nlogins = 'root'\n", "3: sendmail.logins: expected a list, got text"),
        ("version = 1\n[sendmail]\naliases = { root = 1 }\n",
         "3: sendmail.aliases.root: expected text, got a whole number"),
    ],
)  # fmt: skip
def test_what_is_no_store_is_refused(text, said):
    assert settings_faults(text) == [said]


def test_a_newer_version_is_refused_before_its_unknown_keys_are():
    with pytest.raises(StoreError, match="newer than this program knows") as caught:
        decode_settings("version = 99\nunheard_of = 1\n")

    assert not caught.value.problems
    assert caught.value.hint == "update mailctl"


TOML = st.recursive(
    st.one_of(st.text(max_size=6), st.integers(-3, 70000), st.booleans(), st.floats(allow_nan=False), st.datetimes()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["address", "aliases", "auth", "incoming", "rights", "signature", "kind", "owner", "folders", "notes", "x", "host",
     "port", "email", "name", "fields", "sendmail", "version", "tests", "match", "people", "title"]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(FIELDS, TOML | st.dictionaries(FIELDS, TOML, max_size=3), max_size=5))
def test_whatever_a_table_holds_is_a_value_or_told_faults(table):
    import tomli_w

    text = tomli_w.dumps(table)
    lines = text.count("\n") + 1
    for decode in (decode_account, decode_collaborator, lambda _, given: decode_settings(given)):
        problems = problems_of(decode, text)
        assert all(1 <= problem.line <= lines for problem in problems)
        assert len(set(problems)) == len(problems)


def problems_of(decode, text):
    try:
        decode("one", text)
    except StoreError as error:
        return error.problems
    return ()


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60))
def test_whatever_a_text_is_it_is_a_value_or_told_faults(text):
    with pytest.raises(StoreError):
        decode_account("one", text + "\naddress = 3")
