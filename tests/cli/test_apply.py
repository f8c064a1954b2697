"""`apply` and `export`: the store as code, all of it or nothing, and nothing twice."""

import pytest

from conftest import ok

FIRM = """
[store]
firm = "Durand"
administrators = ["ops"]

[collaborators.ann]
name = "Ann"
email = "ann@firm.example"

[accounts.sales]
address = "sales@firm.example"
provider = "ovh"

[accounts.sales.rights]
ann = ["send"]
"""


def contents(store):
    return {path: path.read_bytes() for path in store.rglob("*.toml") if path.is_file()}


def test_a_firm_is_made_in_one_go_and_the_second_time_nothing_changes(cli, store):
    first = ok(cli("apply", "-", "--json", input=FIRM)).json
    before = contents(store)
    second = ok(cli("apply", "-", "--json", input=FIRM)).json

    assert first["applied"] is True
    assert {(step["action"], step["name"]) for step in first["changes"]} >= {("create", "ann"), ("create", "sales")}
    assert second == {"changes": [], "applied": False}
    assert contents(store) == before


def test_what_is_exported_changes_nothing_when_applied(cli, firm):
    before = contents(firm)

    ran = ok(cli("apply", "-", "--prune", "--json", input=ok(cli("export")).out))

    assert ran.json["changes"] == []
    assert contents(firm) == before


def test_a_change_is_planned_key_by_key(cli, firm):
    text = ok(cli("export")).out.replace('display_name = "Firm"', 'display_name = "The firm"')

    ran = cli("apply", "-", "--dry-run", input=text)

    assert ran.status == 1
    assert ran.rows == [["change", "account", "contact", "display_name", '"Firm"', '"The firm"']]
    assert "The firm" not in (firm / "accounts/contact.toml").read_text()


def test_prune_takes_away_what_no_file_names(cli, firm):
    kept = ok(cli("export", "contact", "billing")).out

    ran = ok(cli("apply", "-", "--prune", input=kept))

    assert [row[:3] for row in ran.rows] == [["delete", "account", "carol"], ["delete", "account", "watch"]]
    assert sorted(path.name for path in (firm / "accounts").iterdir()) == ["billing.toml", "contact.toml"]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ('[accounts.new]\naddress = "n@firm.example"\npassword = "x"\n', 65, "accounts.new.password: unknown key"),
        ('[accounts.new]\naddress = "n@firm.example"\n\n[accounts.new.rights]\nghost = ["read"]\n', 65, "ghost"),
        ("[acounts.new]\n", 65, "did you mean 'accounts'"),
        ("[accounts]\nnew = 3\n", 65, "expected a table"),
        ("[accounts.new\n", 65, "no valid TOML"),
        ('[accounts."../new"]\naddress = "n@firm.example"\n', 65, "name"),
    ],
)
def test_a_bad_document_changes_nothing_at_all(cli, firm, text, status, said):
    before = contents(firm)

    ran = cli("apply", "-", input=FIRM + text)

    assert ran.status == status, ran.err
    assert said in ran.err
    assert contents(firm) == before


def test_a_name_in_two_files_is_refused(cli, firm, tmp_path):
    folder = tmp_path / "firm"
    folder.mkdir()
    (folder / "a.toml").write_text(FIRM)
    (folder / "b.toml").write_text('[accounts.sales]\naddress = "s@firm.example"\n')

    ran = cli("apply", folder)

    assert ran.status == 65
    assert "b.toml:1: accounts.sales: stands in another file too" in ran.err


def test_a_missing_file_is_named(cli, firm, tmp_path):
    assert cli("apply", tmp_path / "none.toml").status == 66
    assert cli("apply", tmp_path).status == 66


def test_only_an_administrator_applies(cli, firm):
    assert cli("--as", "bob", "apply", "-", input=FIRM).status == 77
