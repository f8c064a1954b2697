"""Rights as letters of IMAP ACLs, and what has to change in one."""

import re
from pathlib import Path

import pytest

from mailctl.domain.acl import LETTERS, Holder, differences, letters_of, ordered, refuse_unsafe
from mailctl.domain.rights import Right, with_implied
from mailctl.errors import BadDataError

RECIPES = Path(__file__).parents[2] / "docs/recipes.md"
READER = Holder(identifier="bob", collaborators=("bob",), rights=frozenset({Right.READ}))


def found(acl, *holders, older=False):
    return [(one.identifier, one.now, one.wanted) for one in differences("INBOX", acl, holders, older=older)]


@pytest.mark.parametrize(
    ("rights", "older", "letters"),
    [
        ((Right.READ,), False, "lr"),
        ((Right.ORGANIZE,), False, "lrswikte"),
        ((Right.ORGANIZE,), True, "lrswicd"),
        ((Right.SEND,), False, ""),
        ((Right.READ, Right.SEND), False, "lr"),
        ((Right.MANAGE,), False, "lrswipkxtea"),
        ((Right.MANAGE,), True, "lrswipcda"),
        ((), False, ""),
    ],
)
def test_rights_are_letters(rights, older, letters):
    assert letters_of(rights, older=older) == letters


@pytest.mark.parametrize("right", Right)
def test_a_wider_right_has_the_letters_of_those_it_holds(right):
    assert letters_of(with_implied((right,))) == letters_of((right,))


def test_the_recipe_says_the_same_letters():
    table = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`|none) \|", RECIPES.read_text(), re.MULTILINE)

    assert dict(table) == {str(right): letters for right, letters in LETTERS.items()}


def test_letters_are_compared_whatever_their_order_and_unknown_ones_come_last():
    assert found({"bob": "rl"}, READER) == []
    assert ordered("9era7") == "rea79"


@pytest.mark.parametrize(
    ("acl", "expected"),
    [
        ({}, [("bob", "", "lr")]),
        ({"bob": "lrs"}, [("bob", "lrs", "lr")]),
        ({"bob": "lrcd"}, []),
        ({"bob": "lr", "anyone": "lrs", "carl": "a"}, []),
        ({"bob": "lr", "-bob": "r"}, [("-bob", "r", "")]),
    ],
)
def test_only_entries_of_those_who_are_known_change(acl, expected):
    assert found(acl, READER) == expected


def test_on_an_older_server_its_own_letters_count():
    assert found({"bob": "lrd"}, READER, older=True) == [("bob", "lrd", "lr")]


@pytest.mark.parametrize("identifier", ["anyone", "Anyone", "authenticated", "owner", "-bob", "$staff", "#x", "!g"])
def test_what_stands_for_many_is_no_persons_identifier(identifier):
    with pytest.raises(BadDataError, match="the server's word for many"):
        refuse_unsafe(identifier, "bob")


@pytest.mark.parametrize("identifier", ["bob", "bob@firm.example", "anyone@firm.example", "o'neill"])
def test_a_persons_identifier_passes(identifier):
    refuse_unsafe(identifier, "bob")
