"""`account import csv`: a spreadsheet becomes accounts, all of them or none, and nothing twice."""

import subprocess
import time
import tomllib

import pytest

from conftest import ok

SHEET = """Courriel;Titulaire;Droits;Fournisseur;Bureau
devis@firm.example;;"alice: lire, envoyer
bob: gérer";OVH;2
Dan@firm.example;Carol Blanc;bob@firm.example: lire;gmail;3
"""


def contents(store):
    return {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def account(store, name):
    return tomllib.loads((store / f"accounts/{name}.toml").read_text())


def test_a_spreadsheet_becomes_accounts(cli, firm, tmp_path):
    (tmp_path / "firm.csv").write_bytes(SHEET.encode("cp1252"))

    ran = ok(cli("account", "import", "csv", tmp_path / "firm.csv"))

    assert [row[:4] for row in ran.rows] == [
        ["devis", "create", "2", "devis@firm.example"],
        ["dan", "create", "4", "Dan@firm.example"],
    ]
    assert account(firm, "devis") == {
        "address": "devis@firm.example",
        "provider": "ovh",
        "rights": {"alice": ["read", "send"], "bob": ["manage"]},
    }
    assert account(firm, "dan") == {
        "address": "Dan@firm.example",
        "provider": "gmail",
        "kind": "personal",
        "owner": "carol",
        "rights": {"bob": ["read"]},
    }


def test_how_it_was_understood_is_said(cli, firm):
    said = ok(cli("account", "import", "csv", "-", input=SHEET)).err.splitlines()

    assert said[0] == "read as UTF-8, separated by semicolons"
    assert "column 'Courriel': address" in said
    assert "column 'Bureau': ignored" in said
    assert said[-1] == "2 accounts new, 0 changed, 0 as they were"


def test_a_dry_run_shows_all_and_does_nothing(cli, firm):
    before = contents(firm)

    ran = cli("account", "import", "csv", "--dry-run", "--json", input=SHEET)

    assert ran.status == 1
    assert ran.json["columns"][4] == {"heading": "Bureau", "key": None}
    assert ran.json["applied"] is False
    assert ran.json["rows"][1]["changes"][0] == {"key": "address", "old": "", "new": '"Dan@firm.example"'}
    assert contents(firm) == before


def test_a_second_time_nothing_changes(cli, firm):
    ok(cli("account", "import", "csv", input=SHEET))
    before = contents(firm)

    ran = ok(cli("account", "import", "csv", "--dry-run", "--json", input=SHEET))

    assert (ran.json["rows"], ran.json["unchanged"]) == ([], 2)
    ok(cli("account", "import", "csv", "--update", input=SHEET))
    assert contents(firm) == before


def test_an_account_is_known_by_its_address_whatever_it_is_called(cli, firm):
    ok(cli("account", "import", "csv", input=SHEET))
    ok(cli("account", "rename", "devis", "quotes"))

    ok(cli("account", "import", "csv", input=SHEET))

    assert not (firm / "accounts/devis.toml").exists()


def test_rights_and_aliases_that_mean_the_same_are_no_change(cli, firm):
    ok(cli("account", "set", "contact", "rights.alice=read,organize,send"))
    sheet = 'address,alias,rights\ncontact@firm.example,Quotes@firm.example,"alice: organize, send; bob: read"\n'

    ran = cli("account", "import", "csv", "--dry-run", "--json", input=sheet)

    assert ran.status == 0, ran.json


def test_what_is_there_and_differs_is_refused(cli, firm):
    before = contents(firm)
    sheet = "address;nom affiché\nnew@gmail.com;New\ncontact@firm.example;Société\n"

    ran = cli("account", "import", "csv", input=sheet)

    assert ran.status == 65
    assert ran.err.splitlines() == [
        "mailctl: error: stdin:3: the account 'contact' is there, with another display_name",
        "hint: --update changes the accounts that are there",
    ]
    assert contents(firm) == before


def test_update_changes_what_the_sheet_says_and_nothing_else(cli, firm):
    ok(cli("account", "set", "contact", "notes=rented", "aliases=[{address = 'quotes@firm.example', send = false}]"))
    former = account(firm, "contact")
    sheet = "address;nom affiché;alias\ncontact@firm.example;Société;QUOTES@firm.example q@firm.example\n"

    ran = ok(cli("account", "import", "csv", "--update", "--json", input=sheet))

    assert [change["key"] for change in ran.json["rows"][0]["changes"]] == ["aliases", "display_name"]
    assert account(firm, "contact") == former | {
        "display_name": "Société",
        "aliases": [{"address": "quotes@firm.example", "send": False}, {"address": "q@firm.example"}],
    }


def test_an_empty_cell_changes_nothing(cli, firm):
    ran = ok(cli("account", "import", "csv", "--json", input="address;nom affiché;rights\ncontact@firm.example;;\n"))

    assert ran.json["rows"] == []


def test_every_bad_line_is_told_and_nothing_is_done(cli, firm):
    before = contents(firm)
    sheet = """address;account;owner;rights;provider;kind
good@gmail.com;;;;;
no-at-sign;one;;;;
;two;;;;
x@gmail.com;t wo;;;;
y@gmail.com;;crol;;;
z@gmail.com;;;"alice: read
bbo: read";;
w@gmail.com;;;;gmial;
v@nowhere.example;;;;;
u@gmail.com;;;;;personal
contact@firm.example;other;;;;
"""

    ran = cli("account", "import", "csv", "--json", input=sheet)

    assert ran.status == 65
    told = [(one["line"], one["key"], one["text"]) for one in ran.json["error"]["problems"]]
    assert [line for line, _, _ in told] == [3, 4, 5, 6, 7, 9, 10, 11, 12]
    texts = {line: f"{key}: {text}" for line, key, text in told}
    assert texts[3] == "address: bad address 'no-at-sign': there is no @ in it"
    assert texts[4] == "address: is missing"
    assert texts[5].startswith("account: expected a name of letters")
    assert texts[6] == "owner: no such collaborator 'crol' (did you mean 'carol'?)"
    assert texts[7] == "rights: no such collaborator 'bbo' (did you mean 'bob'?)"
    assert "gmail" in texts[9]
    assert "no IMAP and no SMTP server is known for 'v@nowhere.example'" in texts[10]
    assert "--provider" in texts[10]
    assert texts[11] == "kind: a personal account needs an owner"
    assert texts[12] == "address: 'contact@firm.example' is the address of the account 'contact'"
    assert contents(firm) == before


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("address\na@gmail.com\na@yahoo.com\n", "stdin:3: the account of line 2 is called 'a' too; a column 'account'"),
        ("address;compte\na@gmail.com;a\nA@gmail.com;b\n", "stdin:3: 'A@gmail.com' stands in line 2 too"),
        ("address\nété@gmail.com\n", "stdin:2: name: expected a name of letters"),
    ],
    ids=["name", "address", "no short name"],
)
def test_two_accounts_are_not_made_one(cli, store, sheet, said):
    ran = cli("account", "import", "csv", input=sheet)

    assert ran.status == 65
    assert said in ran.err
    assert not list((store / "accounts").iterdir())


def test_provider_is_for_those_that_name_none(cli, store):
    sheet = "address;provider;imap;smtp\na@f.example;;;\nb@f.example;gmail;;\nc@f.example;;i.example;s.example\n"

    ok(cli("account", "import", "csv", "--provider", "ovh", input=sheet))

    assert [account(store, name).get("provider") for name in "abc"] == ["ovh", "gmail", None]


def test_an_import_is_one_entry_in_the_history(cli, home):
    ok(cli("init", "--git"))

    ok(cli("account", "import", "csv", "--provider", "ovh", input="address\na@f.example\nb@f.example\n"))

    log = ok(cli("store", "log", "--json")).json
    assert [event["what"] for event in log] == ["import accounts from stdin", "make the store"]
    assert log[0]["files"] == ["accounts/a.toml", "accounts/b.toml"]
    clean = ["git", "-C", home / "store", "status", "--porcelain"]
    assert subprocess.run(clean, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(("xls", "a.xls"), 2, "one of csv", id="format"),
        pytest.param(("csv", "none.csv"), 66, "'none.csv' cannot be read", id="no file"),
        pytest.param(("csv", "."), 66, "cannot be read", id="a folder"),
    ],
)
def test_what_cannot_be_read_is_named(cli, store, words, status, said):
    ran = cli("account", "import", *words)

    assert ran.status == status
    assert said in ran.err


def test_only_an_administrator_imports(cli, firm):
    assert cli("--as", "bob", "account", "import", "csv", input=SHEET).status == 77


def test_a_thousand_rows_take_seconds(cli, store):
    sheet = "address;nom affiché\n" + "".join(f"u{number}@firm.example;User {number}\n" for number in range(1000))
    start = time.monotonic()

    ok(cli("account", "import", "csv", "--provider", "ovh", input=sheet))

    assert len(list((store / "accounts").iterdir())) == 1000
    assert time.monotonic() - start < 20
