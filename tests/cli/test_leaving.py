"""Who leaves hands over accounts, rights and affairs, planned first and then as one change."""

import os
import sys
import tomllib

import pytest

from conftest import LOGIN, ok
from support.terminal import on_terminal
from support.workstation import commits


def file_of(store, path):
    return tomllib.loads((store / path).read_text())


@pytest.fixture
def busy(cli, firm):
    """carol owns an account, holds rights on two others, and is responsible for an affair."""
    ok(cli("rights", "grant", "contact", "carol", "send"))
    ok(cli("rights", "grant", "billing", "carol", "read"))
    ok(cli("apply", "-", input='[affairs."2026-014"]\ntitle = "School"\nresponsible = "carol"\n'))
    return firm


def test_all_that_was_hers_goes_to_the_successor(cli, busy):
    ok(cli("collaborator", "remove", "carol", "--handover", "bob", "--yes"))

    assert file_of(busy, "accounts/carol.toml")["owner"] == "bob"
    assert file_of(busy, "accounts/contact.toml")["rights"] == {"alice": ["organize", "send"], "bob": ["read", "send"]}
    assert file_of(busy, "accounts/billing.toml")["rights"] == {"bob": ["manage"]}
    assert file_of(busy, "affairs/2026-014.toml")["responsible"] == "bob"
    assert not (busy / "collaborators/carol.toml").exists()
    assert ok(cli("store", "check")).out == ""


def test_the_plan_is_what_is_done(cli, busy):
    before = {path: path.read_bytes() for path in busy.rglob("*.toml")}

    plan = cli("collaborator", "remove", "carol", "--handover", "bob", "--dry-run", "--json")
    untouched = {path: path.read_bytes() for path in busy.rglob("*.toml")}
    done = ok(cli("collaborator", "remove", "carol", "--handover", "bob", "--yes", "--json"))

    assert (plan.status, plan.json["applied"], done.json["applied"]) == (1, False, True)
    assert untouched == before
    assert plan.json["changes"] == done.json["changes"]
    assert [(one["what"], one["name"], one["key"], one["old"], one["new"]) for one in plan.json["changes"]] == [
        ("account", "billing", "rights.carol", '["read"]', ""),
        ("account", "carol", "owner", '"carol"', '"bob"'),
        ("account", "contact", "rights.bob", '["read"]', '["read","send"]'),
        ("account", "contact", "rights.carol", '["send"]', ""),
        ("affair", "2026-014", "responsible", '"carol"', '"bob"'),
        ("collaborator", "carol", "", "", ""),
    ]


def test_a_handover_is_one_commit(cli, busy):
    ok(cli("init", "--git"))

    ok(cli("collaborator", "remove", "carol", "--handover", "bob", "--yes"))

    assert commits(busy, "%s")[:2] == ["remove collaborator 'carol', 'bob' takes over", "make the store"]


def test_on_a_terminal_the_plan_comes_before_the_question(cli, busy):
    shown = on_terminal(
        sys.executable, "-m", "mailctl", "collaborator", "remove", "carol", "--handover", "bob",
        answers={"hand over to 'bob'?": "n"}, environ={**os.environ, "TERM": "xterm"},
    )  # fmt: skip

    assert shown.status == 130
    assert shown.text.index("responsible") < shown.text.index("remove the collaborator 'carol'")
    assert (busy / "collaborators/carol.toml").exists()


def test_a_successor_who_owns_an_account_needs_no_line_in_it(cli, busy):
    ok(cli("rights", "grant", "carol", "bob", "read"))
    ok(cli("rights", "grant", "carol", "alice", "read"))

    ok(cli("collaborator", "remove", "carol", "--handover", "bob", "--yes"))

    assert file_of(busy, "accounts/carol.toml")["rights"] == {"alice": ["read"]}


def test_rights_on_the_successors_own_account_are_not_added(cli, busy):
    ok(cli("rights", "grant", "carol", "bob", "manage"))

    ok(cli("collaborator", "remove", "bob", "--handover", "carol", "--yes"))

    assert "rights" not in file_of(busy, "accounts/carol.toml")


def test_the_plan_is_shown_as_lines(cli, busy):
    ran = cli("collaborator", "remove", "carol", "--handover", "bob", "--dry-run")

    assert ["change", "account", "carol", "owner", '"carol"', '"bob"'] in ran.rows


@pytest.mark.parametrize(
    ("successor", "status", "said"),
    [("carol", 65, "cannot hand over to herself"), ("bbo", 67, "did you mean 'bob'?"), ("", 67, "no collaborator ''")],
)
def test_a_successor_there_is_none_of_is_refused(cli, busy, successor, status, said):
    ran = cli("collaborator", "remove", "carol", "--handover", successor, "--yes")

    assert ran.status == status
    assert said in ran.err
    assert (busy / "collaborators/carol.toml").exists()


def test_without_a_successor_what_is_hers_alone_keeps_her(cli, busy):
    owner = cli("collaborator", "remove", "carol", "--yes")
    ok(cli("account", "set", "carol", "owner=bob"))
    responsible = cli("collaborator", "remove", "carol", "--yes")

    assert (owner.status, responsible.status) == (65, 65)
    assert "owns 'carol'" in owner.err
    assert "responsible for '2026-014'" in responsible.err
    assert "--handover" in owner.err
    assert "--handover" in responsible.err


def test_logins_of_hers_administer_no_more(cli, busy):
    store = busy / "store.toml"
    store.write_text(store.read_text().replace(f'"{LOGIN}"', f'"{LOGIN}", "carol"'))

    ok(cli("collaborator", "remove", "carol", "--handover", "bob", "--yes"))

    assert file_of(busy, "store.toml")["administrators"] == [LOGIN]


def test_the_last_administrator_stays(cli, busy):
    store = busy / "store.toml"
    ok(cli("collaborator", "set", "carol", "admin=true"))
    store.write_text(store.read_text().replace(f'"{LOGIN}"', '"carol"'))

    ran = cli("--as", "carol", "collaborator", "remove", "carol", "--handover", "bob", "--yes")
    ok(cli("--as", "carol", "collaborator", "set", "bob", "admin=true"))

    assert ran.status == 65
    assert "there is no administrator" in ran.err
    ok(cli("--as", "carol", "collaborator", "remove", "carol", "--handover", "bob", "--yes"))


def test_a_default_account_is_taken_over_where_there_is_none(cli, busy):
    ok(cli("collaborator", "set", "carol", "default_account=carol"))
    ok(cli("collaborator", "set", "alice", "default_account=contact"))

    plans = [cli("collaborator", "remove", "carol", "--handover", who, "--dry-run").rows for who in ("alice", "bob")]

    wanted = ["change", "collaborator", "bob", "default_account", "", '"carol"']
    assert wanted in plans[1]
    assert not [row for row in plans[0] if row[3] == "default_account"]


def test_passwords_she_knows_are_named(cli, busy):
    ran = ok(cli("collaborator", "remove", "carol", "--handover", "bob", "--yes"))

    assert "'carol' could get at the passwords of 3 accounts: billing, carol, contact" in ran.err


def test_a_broken_account_stops_it_for_she_may_stand_in_it(cli, busy):
    (busy / "accounts/watch.toml").write_text("= broken")

    ran = cli("collaborator", "remove", "carol", "--handover", "bob", "--yes")

    assert ran.status == 78
    assert "accounts/watch.toml:1" in ran.err
    assert (busy / "collaborators/carol.toml").exists()


def test_it_is_an_administrators_and_asks(cli, busy):
    assert cli("--as", "bob", "collaborator", "remove", "carol", "--handover", "bob", "--yes").status == 77
    assert cli("--as", "bob", "collaborator", "remove", "carol", "--handover", "bob", "--dry-run").status == 77
    assert cli("collaborator", "remove", "carol", "--handover", "bob").status == 2
