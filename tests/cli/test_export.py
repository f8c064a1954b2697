"""`export | apply -` is a circle; what `apply` says it would do it does, and what it refuses changes nothing."""

import subprocess
import sys

import pytest

from conftest import ok

ODD = """
[store]
firm = "Café \\"Zoë\\" \\\\ Söhne"
administrators = ["root", "ops"]

[store.sendmail]
aliases = { root = "admin@firm.example", "www-data" = "web@firm.example" }

[collaborators."f.durand"]
name = "François Durand"
email = "f.durand@firm.example"
logins = ["fd", "f.durand"]

[collaborators."f.durand".fields]
"Téléphone fixe" = "+33 4"

[accounts."contact.old+1"]
address = "contact@firm.example"
provider = "ovh"
kind = "personal"
owner = "f.durand"
notes = '''
two
lines # no comment'''

[accounts."contact.old+1".signature]
text = '''
{{ collaborator.name }}
"quoted" \\ '''

[accounts."contact.old+1".rights]
"f.durand" = ["manage"]

[[accounts."contact.old+1".aliases]]
address = "devis@firm.example"
send = false

[accounts.watch]
address = "watch@firm.example"
checker_only = true
incoming = { host = "imap.firm.example", port = 143, security = "starttls" }
auth = { secret = "command", command = ["pass", "show", "mail/watch me"] }
"""


def contents(store):
    return {path: path.read_bytes() for path in store.rglob("*.toml") if path.is_file()}


def test_the_circle_changes_nothing_whatever_is_in_the_store(cli, store):
    ok(cli("apply", "-", input=ODD))
    before = contents(store)
    exported = ok(cli("export")).out

    dry = ok(cli("apply", "-", "--prune", "--dry-run", input=exported))
    done = ok(cli("apply", "-", "--prune", "--json", input=exported)).json

    assert dry.out == ""
    assert dry.err == "0 changes\n"
    assert done == {"changes": [], "applied": False}
    assert contents(store) == before
    assert ok(cli("export")).out == exported


def test_line_breaks_written_by_hand_as_windows_has_them_are_no_change(cli, firm):
    file = firm / "accounts/contact.toml"
    file.write_text(r'notes = "one\r\ntwo\r\r\nthree\r"' + "\n" + file.read_text())
    exported = ok(cli("export")).out

    assert r"three\r" in exported
    assert ok(cli("apply", "-", "--json", input=exported)).json == {"changes": [], "applied": False}


def test_a_store_can_be_made_anew_from_its_export(cli, store, tmp_path):
    ok(cli("apply", "-", input=ODD))
    exported = ok(cli("export")).out

    ok(cli("--store", tmp_path / "new", "init"))
    ok(cli("--store", tmp_path / "new", "apply", "-", input=exported))

    assert ok(cli("--store", tmp_path / "new", "export")).out == exported


def test_the_circle_closes_in_a_shell_too(firm, cli):
    before = contents(firm)

    program = f"{sys.executable} -m mailctl"
    done = subprocess.run(
        ["sh", "-c", f"{program} export | {program} apply - --prune"], check=False, capture_output=True
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"0 changes\n")
    assert contents(firm) == before


def test_an_account_comes_out_alone(cli, firm):
    out = ok(cli("export", "contact")).out

    assert "[accounts.contact]" in out
    assert "[store]" not in out
    assert "collaborators" not in out


def test_one_sees_in_an_export_only_what_one_may(cli, firm):
    out = ok(cli("--as", "bob", "export")).out

    assert "[accounts.billing]" in out
    assert "[accounts.carol]" not in out
    assert cli("--as", "bob", "export", "carol").status == 77


def test_no_secret_comes_out(cli, firm, monkeypatch):
    out = ok(cli("export", FIRM_PASSWORD="hunter2-s3cret")).out

    assert "hunter2" not in out
    assert 'env = "FIRM_PASSWORD"' in out


def test_a_broken_store_is_not_exported_in_part(cli, firm):
    (firm / "accounts/contact.toml").write_text("address = \n")

    ran = cli("export")

    assert ran.status == 78
    assert ran.out == ""


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda text: text, 0),
        (lambda text: text.replace('display_name = "Firm"', 'display_name = "Other"'), 1),
        (lambda text: text + '[accounts.new]\naddress = "n@firm.example"\nprovider = "ovh"\n', 1),
        (lambda text: text + '[accounts.new]\naddress = "n"\n', 65),
        (lambda text: text + "[accounts.new]\naddres = 1\n", 65),
        (lambda text: text.replace("bob = [", "ghost = [", 1), 65),
    ],
    ids=["nothing", "a key", "a new account", "a bad address", "an unknown key", "a right of nobody"],
)
def test_a_dry_run_says_by_its_status_whether_anything_would_change_and_changes_nothing(cli, firm, change, status):
    before = contents(firm)
    text = change(ok(cli("export")).out)

    ran = cli("apply", "-", "--dry-run", "--json", input=text)

    assert ran.status == status, ran.err
    assert contents(firm) == before
    if status < 2:
        assert ran.json["applied"] is False
        assert bool(ran.json["changes"]) is bool(status)


def test_what_a_dry_run_says_is_what_is_done(cli, firm):
    text = ok(cli("export", "contact", "billing")).out.replace('"Firm"', '"Other"')

    planned = cli("apply", "-", "--prune", "--dry-run", "--json", input=text).json
    done = ok(cli("apply", "-", "--prune", "--json", input=text)).json

    assert done == {**planned, "applied": True}
    assert {step["action"] for step in done["changes"]} == {"change", "delete"}


def test_what_a_document_leaves_out_of_an_account_goes_back_to_its_default(cli, firm):
    ok(cli("account", "set", "contact", "notes=x"))
    text = ok(cli("export", "contact")).out.replace('notes = "x"\n', "")

    ran = ok(cli("apply", "-", input=text))

    assert ran.rows == [["change", "account", "contact", "notes", '"x"', ""]]


def test_accounts_that_a_document_does_not_name_are_left_alone_without_prune(cli, firm):
    ok(cli("apply", "-", input='[accounts.new]\naddress = "n@firm.example"\nprovider = "ovh"\n'))

    assert sorted(path.stem for path in (firm / "accounts").iterdir()) == [
        "billing",
        "carol",
        "contact",
        "new",
        "watch",
    ]


def test_prune_takes_nobody_away_whom_something_else_needs(cli, firm):
    before = contents(firm)
    text = '[collaborators.alice]\nname = "Alice"\nemail = "alice@firm.example"\n'

    ran = cli("apply", "-", "--prune", input=text)

    assert ran.status == 78
    assert "no such collaborator 'bob'" in ran.err
    assert contents(firm) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[accounts.new]\naddress = "n@firm.example"\npassword = "hunter2"\n', "stdin:3: accounts.new.password:"),
        (
            '[accounts.new]\naddress = "n@firm.example"\nauth = { password = "hunter2" }\n',
            "accounts.new.auth.password:",
        ),
        ('[accounts.new]\naddress = "n@firm.example"\nauth = { secret = "hunter2" }\n', "accounts.new.auth.secret:"),
        ('[accounts.new]\naddress = "n@firm.example"\nincoming.auth.token = "hunter2"\n', "incoming.auth.token:"),
        ('[accounts.new]\naddress = "n@firm.example"\nauth.method = "hunter2"\n', "accounts.new.auth.method:"),
    ],
)
def test_a_secret_in_a_document_is_refused_and_where_it_may_be_one_not_shown(cli, firm, text, said):
    before = contents(firm)

    ran = cli("apply", "-", input=text)

    assert ran.status == 65
    assert said in ran.err
    assert contents(firm) == before
    if "method" not in text:  # a closed set of words, and no place for a secret
        assert "hunter2" not in ran.err


def test_a_provider_there_is_none_of_is_named_where_the_document_says_it(cli, firm):
    before = contents(firm)

    ran = cli("apply", "-", input='[accounts.new]\naddress = "n@firm.example"\nprovider = "ovhh"\n')

    assert ran.status == 65
    assert "stdin:3: accounts.new.provider: no provider 'ovhh'" in ran.err
    assert contents(firm) == before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[accounts.new]\naddress = '\xff'\n", "stdin:2: not UTF-8"),
        (b"[accounts.new]\naddress = '\0'\n", "stdin:2: no valid TOML"),
        (b"a = " + b"[" * 5000, "stdin:1: no valid TOML"),
        (b"accounts = 3\n", "stdin:1: accounts: expected a table"),
        (b"[accounts]\n'' = 3\n", "expected a table"),
    ],
)
def test_any_bytes_are_a_document_or_told_faults(cli, firm, data, said):
    ran = cli("apply", "-", input=data)

    assert ran.status == 65
    assert said in ran.err
    assert len(ran.err.splitlines()) == 2


def test_nothing_on_stdin_changes_nothing_even_with_prune(cli, firm):
    before = contents(firm)

    assert ok(cli("apply", "-", "--prune", input="")).err == "0 changes\n"
    assert contents(firm) == before


def test_files_and_folders_are_taken_together(cli, store, tmp_path):
    (tmp_path / "people").mkdir()
    (tmp_path / "people/ann.toml").write_text('[collaborators.ann]\nname = "Ann"\nemail = "a@firm.example"\n')
    (tmp_path / "people/notes.txt").write_text("no TOML")
    (tmp_path / "sales.toml").write_text('[accounts.sales]\naddress = "s@firm.example"\nrights.ann = ["send"]\n')

    ran = ok(cli("apply", tmp_path / "sales.toml", tmp_path / "people"))

    assert [row[:3] for row in ran.rows] == [["create", "collaborator", "ann"], ["create", "account", "sales"]]
