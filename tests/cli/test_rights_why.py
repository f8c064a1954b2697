"""`rights check --why` names the line that gives or refuses a right; `rights list` draws who may do what."""

import os
import re
import subprocess
import sys

import pytest

from conftest import LOGIN, ok
from support.terminal import on_terminal


def line_of(file, text):
    return 1 + file.read_text()[: file.read_text().index(text)].count("\n")


@pytest.mark.parametrize(
    ("who", "account", "right", "key", "said"),
    [
        pytest.param("alice", "contact", "send", "alice = ", 'rights.alice = ["organize", "send"]', id="its own line"),
        pytest.param("alice", "contact", "read", "alice = ", '"send"]; organize holds read', id="a wider right"),
        pytest.param("bob", "billing", "send", "bob = ", 'rights.bob = ["manage"]; manage holds send', id="manage"),
        pytest.param("carol", "carol", "read", "owner", 'owner = "carol"; the owner holds every right', id="the owner"),
        pytest.param("bob", "contact", "send", "bob = ", 'rights.bob = ["read"]; send is not among', id="not enough"),
    ],
)
def test_the_line_that_gives_or_refuses_is_named(cli, firm, who, account, right, key, said):
    file = firm / f"accounts/{account}.toml"

    ran = cli("rights", "check", account, right, "-c", who, "--why")

    assert f"accounts/{account}.toml:{line_of(file, key)}: " in ran.out
    assert said in ran.out


def test_who_stands_in_no_line_is_told_who_can_grant(cli, firm):
    ran = cli("rights", "check", "carol", "send", "-c", "bob", "--why")

    assert ran.status == 1
    assert ran.out.splitlines() == [
        "no",
        "accounts/carol.toml: no line for 'bob' in [rights]",
        "carol can grant it: mailctl rights grant carol bob send",
    ]


def test_without_a_manager_an_administrator_can_grant(cli, firm):
    assert f"\n{LOGIN} can grant it: " in cli("rights", "check", "contact", "send", "-c", "bob", "--why").out


def test_a_name_with_a_dot_is_quoted_as_in_the_file(cli, firm):
    ok(cli("collaborator", "add", "f.durand", "--name", "F", "--email", "f@firm.example"))
    ok(cli("rights", "grant", "contact", "f.durand", "read"))

    ran = ok(cli("rights", "check", "contact", "read", "-c", "f.durand", "--why"))

    assert f':{line_of(firm / "accounts/contact.toml", chr(34) + "f.durand")}: rights."f.durand" = ["read"]' in ran.out


def test_a_program_gets_file_line_and_granters(cli, firm):
    found = cli("rights", "check", "contact", "manage", "-c", "bob", "--why", "--json").json
    plain = cli("rights", "check", "contact", "manage", "-c", "bob", "--json").json

    assert (found["file"], found["granters"]) == ("accounts/contact.toml", [LOGIN])
    assert found["line"] == line_of(firm / "accounts/contact.toml", "bob = ")
    assert (plain["allowed"], plain["why"], plain["line"]) == (False, None, None)


def test_what_a_right_does_not_tell_is_said_beside_it(cli, firm):
    assert "neither sends nor fetches" in ok(cli("rights", "check", "watch", "read", "-c", "alice", "--why")).out
    assert "may change the account all the same" in cli("rights", "check", "watch", "manage", "--why").out


def test_a_store_of_one_person_says_so(cli, store):
    ok(cli("account", "add", "me", "--address", "someone@gmail.com"))

    assert "has no collaborators" in ok(cli("rights", "check", "me", "send", "--why")).out


# -- the matrix


def matrix(*words: str, columns: int = 80) -> list[str]:
    shown = on_terminal(
        "sh", "-c", f'stty cols {columns}; exec "$@"', "-", sys.executable, "-m", "mailctl", "rights", "list", *words,
        answers={}, environ={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    assert shown.status == 0, shown.text
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in shown.text.splitlines()]


def test_rights_are_letters_in_their_places_and_the_owner_is_marked(cli, firm):
    header, *rows, legend = matrix()

    assert header.split() == ["account", "alice", "bob", "carol"]
    assert [row.split() for row in rows] == [
        ["billing", "rosm"], ["carol", "owner"], ["contact", "ros-", "r---"], ["watch", "r---"],
    ]  # fmt: skip
    assert legend == "r read, o organize, s send, m manage"


def test_only_who_holds_a_right_here_has_a_column(cli, firm):
    assert matrix("-a", "contact")[0].split() == ["account", "alice", "bob"]
    assert matrix("-c", "bob")[0].split() == ["account", "bob"]


def test_what_is_too_wide_is_told_account_by_account(cli, firm):
    header, *rows, _ = matrix(columns=22)

    assert header.split() == ["account", "rights"]
    assert "billing  bob:rosm" in rows
    assert [row.strip() for row in rows if "alice:ros-" in row or "bob:r---" in row] == [
        "contact  alice:ros-", "bob:r---",
    ]  # fmt: skip
    assert max(map(len, rows)) <= 22


def test_two_hundred_collaborators_are_no_two_hundred_columns(cli, store):
    people = "".join(f'[collaborators.c{n}]\nname = "C"\nemail = "c{n}@firm.example"\n' for n in range(200))
    accounts = "".join(
        f'[accounts.a{n}]\naddress = "a{n}@firm.example"\nprovider = "ovh"\nrights = {{ c{n % 200} = ["read"] }}\n'
        for n in range(400)
    )
    ok(cli("apply", "-", input=people + accounts))

    shown = matrix(columns=80)

    assert len(shown) == 402
    assert shown[1].split() == ["a0", "c0:r---"]


def test_elsewhere_a_line_is_a_grant(cli, firm):
    assert ["contact", "bob", "read", "no"] in ok(cli("rights", "list")).rows


def test_no_terminal_width_is_asked_for_in_a_pipe(firm):
    done = subprocess.run(
        [sys.executable, "-m", "mailctl", "rights", "list", "-c", "carol"],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert done.stdout == "carol\tcarol\tread,organize,send,manage\tyes\n"
