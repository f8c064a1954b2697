"""`rights report`: who may do what, since when, by whose change, as the store's history knows."""

import csv
import io
import subprocess

import pytest

from conftest import LOGIN, ok
from support.workstation import CONTACT, Workstation, git, wrapped


@pytest.fixture
def kept(cli, store):
    """A store with a history, three collaborators and an account."""
    ok(cli("init", "--git"))
    ok(cli("collaborator", "add", "alice", "--name", "Alice Martin", "--email", "alice@firm.example", "--login", LOGIN))
    for name in ("bob", "carol"):
        ok(cli("collaborator", "add", name, "--name", name.title(), "--email", f"{name}@firm.example"))
    ok(cli("account", "add", "contact", *CONTACT))
    return store


def held(cli, *words, right="read"):
    """By account and collaborator: who gave the right, by which change."""
    found = ok(cli("rights", "report", "--json", *words)).json
    return {(one["account"], one["collaborator"]): (one["by"], one["change"]) for one in found if one["right"] == right}


def test_each_right_has_its_giver_and_its_moment(cli, kept):
    ok(cli("rights", "grant", "contact", "bob", "manage"))
    ok(cli("--as", "bob", "rights", "grant", "contact", "carol", "organize"))

    found = ok(cli("rights", "report", "--json", "-c", "carol")).json

    moment = git(kept, "log", "-1", "--format=%at").strip()
    assert [(one["right"], one["through"]) for one in found] == [("read", "organize"), ("organize", "organize")]
    assert {(one["by"], one["change"], one["name"]) for one in found} == {
        (f"Bob (by {LOGIN})", "grant organize on 'contact' to 'carol'", "Carol")
    }
    assert git(kept, "log", "-1", f"--until={found[0]['since']}", "--format=%at").strip() == moment


def test_a_right_counts_from_when_it_was_last_given(cli, kept):
    ok(cli("rights", "grant", "contact", "bob", "read"))
    ok(cli("account", "set", "contact", "notes=x"))
    ok(cli("rights", "grant", "contact", "bob", "manage"))
    assert held(cli)["contact", "bob"][1] == "grant read on 'contact' to 'bob'"
    assert held(cli, right="send")["contact", "bob"][1] == "grant manage on 'contact' to 'bob'"

    ok(cli("rights", "revoke", "contact", "bob"))
    ok(cli("rights", "grant", "contact", "bob", "send,read"))

    assert held(cli)["contact", "bob"][1] == "grant read,send on 'contact' to 'bob'"


def test_an_owner_holds_all_since_she_owns_it(cli, kept):
    ok(cli("account", "add", "carol", *CONTACT, "--kind", "personal", "--owner", "carol", "--grant", "bob:read"))
    ok(cli("rights", "grant", "carol", "bob", "manage"))
    ok(cli("account", "set", "carol", "owner=bob"))

    assert held(cli, right="manage")["carol", "bob"][1] == "grant manage on 'carol' to 'bob'"
    assert ("carol", "carol") not in held(cli)
    assert {one["through"] for one in ok(cli("rights", "report", "--json", "-a", "carol")).json} == {"owner"}


def test_a_renamed_account_keeps_its_dates(cli, kept):
    ok(cli("rights", "grant", "contact", "bob", "read"))
    ok(cli("account", "rename", "contact", "office"))
    ok(cli("account", "add", "contact", *CONTACT, "--grant", "bob:read"))

    assert held(cli) == {
        ("office", "bob"): ("Alice Martin", "grant read on 'contact' to 'bob'"),
        ("contact", "bob"): ("Alice Martin", "add account 'contact'"),
    }


def test_what_two_workstations_gave_at_once_is_each_ones(cli, kept, tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "hub.git"], check=True)
    git(kept, "remote", "add", "origin", tmp_path / "hub.git")
    ok(cli("store", "sync"))
    subprocess.run(["git", "clone", "-q", "-b", "main", tmp_path / "hub.git", tmp_path / "there"], check=True)
    subprocess.run(["chmod", "-R", "go-rwx", tmp_path / "there"], check=True)
    there = Workstation(cli, tmp_path / "there")
    ok(cli("rights", "grant", "contact", "bob", "read"))
    ok(there("--as", "alice", "rights", "grant", "contact", "carol", "read"))
    ok(there("account", "set", "contact", "notes=x"))
    ok(there("store", "sync"))
    ok(cli("store", "sync"))

    assert held(cli) == {
        ("contact", "bob"): ("Alice Martin", "grant read on 'contact' to 'bob'"),
        ("contact", "carol"): (f"Alice Martin (by {LOGIN})", "grant read on 'contact' to 'carol'"),
    }


def test_what_was_written_by_hand_and_not_entered_has_no_date(cli, kept):
    file = kept / "accounts/contact.toml"
    file.write_text(file.read_text() + '\n[rights]\nbob = ["read"]\n')

    assert held(cli)["contact", "bob"] == (None, None)


def test_broken_texts_in_the_history_stop_nothing(cli, kept):
    file = kept / "accounts/contact.toml"
    good = file.read_text()
    for text in (
        "rights = 3",
        "rights = {bob = 3}",
        "rights = {bob = [3, [], 'read']}",
        "= broken",
        "\xff",
        "owner=[]",
    ):
        file.write_text(text, encoding="latin-1")
        git(kept, "commit", "-qam", "by hand")
    file.write_text(good)
    git(kept, "commit", "-qam", "mended")
    ok(cli("rights", "grant", "contact", "carol", "read"))

    assert held(cli) == {("contact", "carol"): ("Alice Martin", "grant read on 'contact' to 'carol'")}


def test_without_a_history_dates_are_empty_and_one_line_says_why(cli, firm):
    ran = ok(cli("rights", "report"))

    assert ran.err.count("\n") == 1
    assert "mailctl init --git" in ran.err
    assert ["contact", "bob", "read", "read", "", "", ""] in ran.rows
    assert ["carol", "carol", "manage", "owner", "", "", ""] in ran.rows


def test_a_spreadsheet_gets_a_header_and_no_formula(cli, kept):
    ok(cli("collaborator", "set", "alice", "name==HYPERLINK(0)"))
    ok(cli("rights", "grant", "contact", "bob", "read"))

    ran = ok(cli("rights", "report", "--csv"))

    [row] = csv.DictReader(io.StringIO(ran.out))
    assert row["by"] == "'=HYPERLINK(0)"
    assert (row["account"], row["right"], row["change"]) == ("contact", "read", "grant read on 'contact' to 'bob'")
    assert row["since"].endswith("Z")
    assert cli("rights", "report", "--csv", "--json").status == 2


def test_who_manages_sees_his_accounts_and_nobody_else_any(cli, firm):
    assert {row[0] for row in ok(cli("rights", "report")).rows} == {"contact", "billing", "carol", "watch"}
    assert {row[0] for row in ok(cli("--as", "bob", "rights", "report")).rows} == {"billing"}
    assert cli("--as", "bob", "rights", "report", "-a", "contact").status == 77
    ok(cli("collaborator", "add", "dave", "--name", "Dave", "--email", "dave@firm.example"))
    assert cli("--as", "dave", "rights", "report").status == 77


def test_unknown_names_are_refused(cli, firm):
    assert cli("rights", "report", "-a", "contcat").status == 67
    assert cli("rights", "report", "-c", "bbo").status == 67


def test_git_is_run_no_oftener_for_more_accounts(cli, kept, tmp_path):
    path = wrapped(tmp_path, f"echo run >> {tmp_path}/runs")
    ok(cli("rights", "grant", "contact", "bob", "read"))

    ok(cli("rights", "report", PATH=path))
    once = (tmp_path / "runs").read_text()
    accounts = "".join(f'[accounts.a{n}]\naddress = "a{n}@firm.example"\nprovider = "ovh"\n' for n in range(50))
    ok(cli("apply", "-", input=accounts))
    for number in range(3):
        ok(cli("rights", "grant", f"a{number}", "bob", "read"))
    (tmp_path / "runs").unlink()
    rows = ok(cli("rights", "report", PATH=path)).rows

    assert len(rows) == 4
    assert (tmp_path / "runs").read_text() == once
