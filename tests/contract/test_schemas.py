"""The schemas say what the code says; editors find them from the first line of the store's files."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

import schemas
from conftest import ok
from mailctl.domain.account import Account, Alias, Auth, Endpoint, Folders, Kind, SecretPlace, Security
from mailctl.domain.affair import Affair, Person, State, Trial
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.rights import Right
from mailctl.domain.settings import VERSION, Sendmail, Settings
from mailctl.domain.signature import Position, Signature
from mailctl.domain.watching import Checker, Day, Mode, Watching
from mailctl.store.editors import KINDS, shipped
from mailctl.store.encode import BY_FILE_NAME, table_of
from mailctl.store.jsonschema import FILES

TAPLO = Path(sys.executable).with_name("taplo")
ANN = Collaborator(id="ann", name="Ann", email="ann@firm.example", logins=("ann",), admin=True, fields={"room": "2"})
FULL = Account(
    name="ann",
    display_name="Ann",
    address="ann@firm.example",
    kind=Kind.PERSONAL,
    owner="ann",
    provider="ovh",
    notes="two\nlines",
    aliases=(Alias(address="a@firm.example", send=False, signature=Signature(text="A")),),
    auth=Auth(secret=SecretPlace.COMMAND, command=("pass", "x")),
    incoming=Endpoint(host="imap.firm.example", port=143, security=Security.STARTTLS),
    outgoing=Endpoint(host="smtp.firm.example", auth=Auth(secret=SecretPlace.ENV, env="X")),
    folders=Folders(sent="Éléments envoyés"),
    checker=Checker(enabled=True, interval="30s", mode=Mode.IDLE, folders=("INBOX", "Devis"), remind="never"),
    rights={"ann": (Right.READ, Right.SEND)},
    signature=Signature(markdown="**A**", position=Position.BELOW),
)
AFFAIR = Affair(
    ref="2026-3",
    title="School",
    state=State.CLOSED,
    responsible="ann",
    people=(Person(name="Paul", role="controls", address="p@c.example"),),
    match=("domain:lyon.example",),
    tests=(Trial(sender="x@lyon.example", matches=True),),
)
SETTINGS = Settings(
    version=VERSION,
    firm="F",
    administrators=("ops",),
    sendmail=Sendmail(aliases={"root": "a@b.example"}),
    checker=Watching(remind="2h", quiet="20:00-07:30", days=(Day.MON, Day.FRI), open=("thunderbird", "-mail")),
)
VALUES = {"account": FULL, "collaborator": ANN, "affair": AFFAIR, "store": SETTINGS}
APPLY = {
    "store": {"firm": "F"},
    "accounts": {"ann": table_of(FULL)},
    "collaborators": {"ann": table_of(ANN)},
    "affairs": {"2026-3": table_of(AFFAIR)},
}


def faults(kind, table):
    plain = json.loads(json.dumps(table))
    return [error.message for error in Draft7Validator(json.loads(shipped(kind))).iter_errors(plain)]


def objects(schema):
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_they_are_up_to_date():
    assert [file.name for file in schemas.stale()] == [], "make docs"


def test_none_is_left_of_a_kind_that_is_gone():
    assert {file.stem for file in schemas.FOLDER.iterdir()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_schema(kind):
    Draft7Validator.check_schema(json.loads(shipped(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_keys_allows_no_others_and_nothing_is_null(kind):
    for part in objects(json.loads(shipped(kind))):
        if isinstance(part.get("properties"), dict) and part.get("type") == "object":
            assert part["additionalProperties"] is False
        assert part.get("type") != "null"
        assert "$ref" not in part or set(part) == {"$ref"}


@pytest.mark.parametrize("kind", FILES)
def test_every_key_of_a_file_is_there_and_explained(kind):
    struct, _ = FILES[kind]
    named = BY_FILE_NAME.get(struct.__name__)
    properties = json.loads(shipped(kind))["properties"]

    assert set(properties) == set(struct.__struct_encode_fields__) - {named}
    assert all(part.get("description") for part in properties.values())


@pytest.mark.parametrize("kind", VALUES)
def test_what_the_store_writes_is_valid(kind):
    assert faults(kind, table_of(VALUES[kind])) == []


def test_a_document_for_apply_is_valid():
    assert faults("apply", APPLY) == []


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("account", "addres", "x"),
        ("account", "name", "ann"),
        ("account", "kind", "team"),
        ("account", "incoming", {"port": 0}),
        ("account", "incoming", {"prot": 143}),
        ("account", "rights", {"ann": ["fly"]}),
        ("account", "rights", {"a b": ["read"]}),
        ("account", "checker_only", "yes"),
        ("account", "auth", {"secret": "hunter2"}),
        ("account", "password", "hunter2"),
        ("collaborator", "id", "ann"),
        ("collaborator", "logins", "ann"),
        ("affair", "ref", "1"),
        ("affair", "match", ["domian:x"]),
        ("affair", "tests", [{"subject": "x"}]),
        ("affair", "state", "done"),
        ("store", "version", 0),
        ("apply", "acounts", {}),
        ("apply", "accounts", {"x y": {"address": "a@b.example"}}),
        ("apply", "accounts", {"x": {}}),
    ],
)
def test_what_the_store_would_refuse_is_not(kind, key, value):
    table = APPLY if kind == "apply" else table_of(VALUES[kind])

    assert faults(kind, {**table, key: value})


@pytest.mark.parametrize("kind", KINDS)
def test_store_schema_prints_one(cli, kind):
    assert ok(cli("store", "schema", kind)).json["$schema"].startswith("http://json-schema.org/draft-07/")


def test_store_schema_names_the_kinds(cli):
    ran = cli("store", "schema", "acount")

    assert ran.status == 2
    assert "account, collaborator, affair, apply" in ran.err


class TestEditors:
    @pytest.fixture
    def full(self, cli, store):
        text = ok(cli("export")).out
        with (store.parent / "a.toml").open("w") as stream:
            import tomli_w

            stream.write(tomli_w.dumps(APPLY))
        ok(cli("apply", store.parent / "a.toml"))
        assert "[accounts" not in text
        return store

    def lint(self, *files):
        return subprocess.run([TAPLO, "lint", *files], cwd="/", capture_output=True, text=True, check=False)

    def test_the_first_line_is_the_same_on_every_machine(self, full):
        assert (full / "store.toml").read_text().startswith("#:schema .schemas/store.json\n")
        assert (full / "accounts/ann.toml").read_text().startswith("#:schema ../.schemas/account.json\n")
        assert (full / "affairs/2026-3.toml").read_text().startswith("#:schema ../.schemas/affair.json\n")

    def test_an_editors_checker_finds_nothing_wrong_with_what_mailctl_writes(self, full):
        done = self.lint(*full.glob("*.toml"), *full.glob("*/*.toml"))

        assert done.returncode == 0, done.stderr
        assert "found files total=4" in done.stderr

    def test_an_editors_checker_finds_what_is_wrong(self, full):
        file = full / "accounts/ann.toml"
        file.write_text(file.read_text().replace('kind = "personal"', 'kind = "team"'))

        done = self.lint(file)

        assert done.returncode == 1
        assert '"team" is not one of ["group","personal"]' in done.stderr

    def test_a_clone_gets_its_schemas_with_the_first_change(self, cli, full):
        for file in (full / ".schemas").iterdir():
            file.unlink()
        (full / ".schemas").rmdir()

        ok(cli("account", "set", "ann", "notes=x"))

        assert (full / ".schemas/account.json").read_text() == shipped("account")

    def test_an_older_schema_is_replaced(self, cli, full):
        (full / ".schemas/account.json").write_text("{}")

        ok(cli("account", "set", "ann", "notes=x"))

        assert (full / ".schemas/account.json").read_text() == shipped("account")
        assert len(list((full / ".schemas").iterdir())) == len(KINDS)

    def test_the_line_is_no_comment_that_is_lost(self, cli, full):
        ran = ok(cli("account", "set", "ann", "notes=x"))

        assert "comments" not in ran.err
        assert not (full / ".former").exists()

    def test_a_comment_behind_it_is_one(self, cli, full):
        file = full / "accounts/ann.toml"
        file.write_text(file.read_text() + "# rented\n")

        ran = ok(cli("account", "set", "ann", "notes=x"))

        assert "its comments are gone" in ran.err
        assert (full / ".former/accounts/ann.toml").read_text().endswith("# rented\n")

    def test_a_history_leaves_the_schemas_out(self, cli, home):
        ok(cli("init", "--git"))

        done = subprocess.run(["git", "-C", home / "store", "ls-files"], capture_output=True, text=True, check=True)

        assert done.stdout.splitlines() == [".gitattributes", ".gitignore", "store.toml"]

    def test_what_a_merge_writes_begins_with_it(self):
        from mailctl.store.merge import merged

        text, clashes = merged("accounts/a.toml", base="a = 1\nb = 1\n", ours="a = 2\nb = 1\n", theirs="a = 1\nb = 2\n")

        assert clashes == ()
        assert text.startswith("#:schema ../.schemas/account.json\n")
        assert tomllib.loads(text) == {"a": 2, "b": 2}
