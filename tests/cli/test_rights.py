"""Rights are granted, revoked, listed and asked for; identity comes from the login."""

import pytest

from conftest import LOGIN, ok


def test_a_grant_adds_to_what_is_held_and_writes_nothing_twice(cli, firm):
    ok(cli("rights", "grant", "contact", "bob", "organize,send"))

    [row] = ok(cli("rights", "list", "-a", "contact", "-c", "bob", "--json")).json
    assert row["granted"] == ["organize", "send"]
    assert row["rights"] == ["read", "organize", "send"]


def test_a_revoked_right_leaves_what_the_wider_one_held(cli, firm):
    ran = ok(cli("rights", "revoke", "billing", "bob", "manage", "--json"))

    assert ran.json["rights"] == ["read", "organize", "send"]


def test_revoking_read_takes_what_needs_it_too(cli, firm):
    ran = ok(cli("rights", "revoke", "contact", "alice", "read", "--json"))

    assert ran.json["rights"] == ["send"]


def test_revoking_all_leaves_nobody_behind(cli, firm):
    ok(cli("rights", "revoke", "contact", "bob"))

    assert [row[1] for row in ok(cli("rights", "list", "-a", "contact")).rows] == ["alice"]


def test_an_owner_cannot_be_revoked(cli, firm):
    ran = cli("rights", "revoke", "carol", "carol", "read")

    assert ran.status == 65
    assert "owns" in ran.err


@pytest.mark.parametrize(
    ("who", "account", "right", "allowed"),
    [
        ("bob", "contact", "read", True),
        ("bob", "contact", "send", False),
        ("alice", "contact", "read", True),
        ("bob", "billing", "send", True),
        ("carol", "carol", "manage", True),
        ("alice", "carol", "read", False),
    ],
)
def test_check_answers_by_its_exit_status(cli, firm, who, account, right, allowed):
    ran = cli("rights", "check", account, right, "-c", who)

    assert (ran.status, ran.out) == ((0, "yes\n") if allowed else (1, "no\n"))


def test_only_who_manages_grants(cli, firm):
    assert cli("--as", "carol", "rights", "grant", "contact", "carol", "read").status == 77
    assert cli("--as", "bob", "rights", "grant", "billing", "carol", "read").status == 0


def test_whoami_knows_the_login(cli, firm):
    me = ok(cli("whoami", "--json")).json

    assert (me["login"], me["collaborator"], me["administrator"]) == (LOGIN, "alice", True)
    assert me["rights"] == {"contact": ["read", "organize", "send"], "watch": ["read"]}


def test_acting_for_somebody_is_an_administrators(cli, firm):
    bob = ok(cli("--as", "bob", "whoami", "--json")).json
    nobody = cli("--as", "nobody", "whoami")

    assert (bob["collaborator"], bob["administrator"]) == ("bob", False)
    assert nobody.status == 67


def test_a_store_without_collaborators_is_one_persons(cli, store):
    ok(cli("account", "add", "me", "--address", "someone@gmail.com"))

    assert ok(cli("rights", "check", "me", "manage")).out == "yes\n"


def test_the_first_collaborator_says_that_rights_hold_now(cli, store):
    first = ok(cli("collaborator", "add", "ann", "--name", "Ann", "--email", "ann@firm.example"))
    second = ok(cli("collaborator", "add", "ben", "--name", "Ben", "--email", "ben@firm.example"))

    assert "first collaborator" in first.err
    assert "first collaborator" not in second.err


def test_two_collaborators_cannot_share_a_login(cli, firm):
    ran = cli("collaborator", "add", "eve", "--name", "Eve", "--email", "eve@firm.example", "--login", "bob")

    assert ran.status == 73
    assert "'bob'" in ran.err


def test_a_removed_collaborator_takes_her_rights_along(cli, firm):
    ok(cli("collaborator", "remove", "bob", "--yes"))

    assert "bob" not in (firm / "accounts/contact.toml").read_text()
    assert ok(cli("store", "check")).out == ""


def test_an_owner_is_not_removed_under_her_account(cli, firm):
    ran = cli("collaborator", "remove", "carol", "--yes")

    assert ran.status == 65
    assert (firm / "collaborators/carol.toml").exists()
