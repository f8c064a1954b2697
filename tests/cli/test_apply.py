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


def test_prune_leaves_no_default_without_its_account(cli, firm):
    ok(cli("collaborator", "set", "bob", "default_account=contact"))
    before = contents(firm)
    kept = ok(cli("export", "billing")).out

    ran = cli("apply", "-", "--prune", input=kept)

    assert ran.status == 78
    assert "collaborators/bob.toml:4: default_account: no account 'contact'" in ran.err
    assert contents(firm) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[store]\ndefault_account = "nobody"\n', "stdin:2: store.default_account: no account 'nobody'"),
        ('[store]\n[store.sendmail]\nfallback = "nobody"\n', "stdin:3: store.sendmail.fallback: no account 'nobody'"),
        (
            '[collaborators.bob]\nname = "Bob"\nemail = "bob@firm.example"\ndefault_account = "nobody"\n',
            "stdin:4: collaborators.bob.default_account: no account 'nobody'",
        ),
    ],
)
def test_a_default_that_is_no_account_is_refused_with_its_line(cli, firm, text, said):
    before = contents(firm)

    ran = cli("apply", "-", input=text)

    assert ran.status == 65
    assert said in ran.err
    assert contents(firm) == before


def test_a_broken_account_stops_only_what_concerns_it(cli, firm):
    document = ok(cli("export", "contact")).out.replace('"Firm"', '"The firm"')
    everything = ok(cli("export")).out
    (firm / "accounts/billing.toml").write_text("address = 5\n")

    ok(cli("apply", "-", input=document))

    assert "The firm" in (firm / "accounts/contact.toml").read_text()
    assert cli("apply", "-", input=everything).status == 78
    assert cli("apply", "-", "--prune", input=document).status == 78


def test_a_byte_order_mark_is_no_part_of_a_document(cli, firm):
    document = ok(cli("export")).out

    assert ok(cli("apply", "-", "--json", input="\ufeff" + document)).json["changes"] == []


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


AFFAIRS = """
[affairs."2026-014"]
title = "School"
responsible = "ann"
match = ["domain:lyon.example"]

[affairs."DUR/Lycée Ampère/3"]
title = "Lycée Ampère"
"""


def test_affairs_are_applied_and_exported_like_all_else(cli, store):
    ok(cli("apply", "-", input=FIRM + AFFAIRS))
    before = contents(store)

    text = ok(cli("export")).out
    again = ok(cli("apply", "-", "--prune", "--json", input=text)).json

    assert '[affairs."DUR/Lycée Ampère/3"]' in text
    assert again["changes"] == []
    assert contents(store) == before
    assert sorted(path.name for path in (store / "affairs").iterdir()) == [
        "2026-014.toml",
        "DUR%2FLycée%20Ampère%2F3.toml",
    ]


def test_prune_takes_away_an_affair_that_no_file_names(cli, store):
    ok(cli("apply", "-", input=FIRM + AFFAIRS))

    ran = ok(cli("apply", "-", "--prune", input=FIRM + '[affairs."2026-014"]\ntitle = "Schools"\n'))

    assert [row[:4] for row in ran.rows if row[1] == "affair"] == [
        ["change", "affair", "2026-014", "match"],
        ["change", "affair", "2026-014", "responsible"],
        ["change", "affair", "2026-014", "title"],
        ["delete", "affair", "DUR/Lycée Ampère/3", ""],
    ]


def test_whoever_answers_for_an_affair_is_not_taken_away(cli, store):
    ok(cli("apply", "-", input=FIRM + AFFAIRS))
    ok(cli("rights", "revoke", "sales", "ann"))

    ran = cli("collaborator", "remove", "ann", "--yes")

    assert ran.status == 65
    assert "'ann' is responsible for '2026-014'" in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[affairs."1"]\ntitle = "t"\nresponsible = "an"\n',
            "stdin:18: affairs.1.responsible: no such collaborator 'an'",
        ),
        ('[affairs."1"]\ntitle = "t"\nmatch = ["domian:x"]\n', "affairs.1.match[0]: 'domian:x' is no rule"),
        ('[affairs." 1"]\ntitle = "t"\n', "space around it"),
        (f'[affairs."{"é" * 60}"]\ntitle = "t"\n[affairs."{"/é" * 50}"]\ntitle = "t"\n', "too long"),
    ],
    ids=["responsible", "rule", "space", "length"],
)
def test_a_bad_affair_is_bad_data(cli, store, text, said):
    ran = cli("apply", "-", input=FIRM + text)

    assert ran.status == 65
    assert said in ran.err
    assert not list((store / "affairs").iterdir())


def test_every_fault_of_a_document_is_shown_at_once(cli, store):
    ran = cli("apply", "-", "--json", input='[accounts.a]\naddress = "x"\n[accounts.b]\nkind = "group"\n')

    assert ran.status == 65
    assert [problem["line"] for problem in ran.json["error"]["problems"]] == [2, 3]


def test_an_affair_whose_rules_contradict_its_tests_is_a_fault_of_the_store(cli, store):
    trial = '[[affairs."1".tests]]\nfrom = "x@b.example"\nmatches = true\n'
    ok(cli("apply", "-", input='[affairs."1"]\ntitle = "t"\nmatch = ["domain:a.example"]\n' + trial))

    ran = cli("store", "check")

    assert ran.status == 78
    [[file, _, key, text]] = ran.rows
    assert (file, key, text) == ("affairs/1.toml", "tests[0]", "the rules do not take it")


def test_a_right_of_nobody_is_named_where_the_document_says_it(cli, store):
    document = FIRM + '[accounts.other]\naddress = "o@firm.example"\nrights = { ann = ["read"] }\n'

    ran = cli(
        "apply",
        "-",
        "--json",
        input=document.replace("[accounts.sales.rights]\n", '[accounts.sales.rights]\n"x.y" = ["read"]\n'),
    )

    assert ran.status == 65
    [problem] = ran.json["error"]["problems"]
    assert (problem["file"], problem["line"], problem["key"]) == ("stdin", 15, "accounts.sales.rights.x.y")


def test_pruning_takes_no_account_away_whose_mail_waits(cli, firm):
    kept = ok(cli("export", "contact", "carol", "watch")).out
    ok(cli("send", "anna@firm.example", "-a", "contact", "-s", "Plans", "--queue", input="Hello"))
    without_it = ok(cli("export", "billing", "carol", "watch")).out

    refused = cli("apply", "-", "--prune", "--dry-run", input=without_it)
    done = cli("apply", "-", "--prune", input=kept)

    assert refused.status == 65
    assert "1 message of 'contact' is in the outbox" in refused.err
    assert done.status == 0
    assert not (firm / "accounts/billing.toml").exists()
