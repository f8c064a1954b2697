"""Two changes of one file: merged by keys, or told key by key."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from mailctl.store.merge import merged

BASE = 'address = "a@b.example"\nnotes = "n"\n\n[incoming]\nport = 993\n\n[rights]\nbob = ["read"]\n'


def meet(base, ours, theirs, file="accounts/contact.toml"):
    text, clashes = merged(file, base=base, ours=ours, theirs=theirs)
    return (tomli.loads(text) if text is not None and file.endswith(".toml") else text), [
        str(clash.problem).removeprefix(f"{file}:").strip() for clash in clashes
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "key", "value"),
    [
        (("993", "143"), ('"n"', '"m"'), "notes", "m"),
        (('bob = ["read"]', 'bob = ["read"]\nann = ["send"]'), ("993", "143"), "rights",
         {"bob": ["read"], "ann": ["send"]}),
        (('notes = "n"\n', ""), ("993", "143"), "incoming", {"port": 143}),
        (('bob = ["read"]', 'ann = ["send"]'), ('bob = ["read"]', ""), "rights", {"ann": ["send"]}),
        (('"n"', '"same"'), ('"n"', '"same"'), "notes", "same"),
    ],
)  # fmt: skip
def test_each_key_is_as_whoever_changed_it_has_it(ours, theirs, key, value):
    found, clashes = meet(BASE, BASE.replace(*ours), BASE.replace(*theirs))

    assert clashes == []
    assert found[key] == value


def test_what_one_side_took_away_is_away():
    found, clashes = meet(BASE, BASE.replace('notes = "n"\n', ""), BASE.replace("993", "143"))

    assert clashes == []
    assert "notes" not in found


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (("993", "143"), ("993", "1143"), ["incoming.port: 143 here, 1143 there"]),
        (("993", "143"), ("port = 993", ""), ["incoming.port: 143 here, removed there"]),
        (('["read"]', '["send"]'), ('["read"]', '["manage"]'), ["rights.bob: ['send'] here, ['manage'] there"]),
        (('"n"', '"x"'), ('"n"', '"' + "y" * 500 + '"'), [f"notes: 'x' here, '{'y' * 79}… there"]),
    ],
)
def test_one_key_with_two_new_values_is_told(ours, theirs, said):
    found, clashes = meet(BASE, BASE.replace(*ours), BASE.replace(*theirs))

    assert found is None
    assert clashes == said


def test_all_clashes_are_told():
    _, clashes = meet(
        BASE, BASE.replace("993", "1").replace('"n"', '"x"'), BASE.replace("993", "2").replace('"n"', '"y"')
    )

    assert [clash.partition(":")[0] for clash in clashes] == ["notes", "incoming.port"]


def test_both_made_the_file_and_the_same_of_it():
    assert meet(None, BASE, BASE.replace("notes", "login"))[0].keys() == {
        "address",
        "notes",
        "login",
        "incoming",
        "rights",
    }
    assert meet(None, BASE, BASE.replace("993", "143"))[1] == ["incoming.port: 993 here, 143 there"]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [(None, BASE, "removed here, changed there"), (BASE, None, "changed here, removed there")],
)
def test_a_file_taken_away_here_and_changed_there_is_a_clash(ours, theirs, said):
    assert meet("notes = 'old'\n", ours, theirs) == (None, [said])


@pytest.mark.parametrize("broken", ["a = \n", "[" * 2000, "a = " + "9" * 5000])
def test_a_file_that_cannot_be_read_is_a_clash_and_no_bug(broken):
    assert meet(BASE, broken, BASE.replace("993", "143")) == (None, ["changed here, changed there"])


def test_a_value_here_and_a_table_of_that_name_there_is_a_clash():
    _, clashes = meet("", "notes = 'x'\n", "[notes]\nx = 1\n")

    assert clashes == ["notes: 'x' here, 'a table' there"]


def test_another_kind_of_file_is_a_clash():
    assert meet("a = 1", "a = 2", "a = 3", file="signatures/logo.svg")[1] == ["changed here, changed there"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "found"),
    [
        ("", "b\n", "a\n", "a\nb\n"),
        ("a\nb\n", "b\n", "a\nb\nc\n", "b\nc\n"),
        ("a\n", "", "", ""),
        (None, "x\na\n", "a\n", "a\nx\n"),
        ("a\n", None, "a\nb\n", "b\n"),
        ("a\nb\n", "b\n", None, None),
    ],
)
def test_links_are_merged_line_by_line_and_sorted(base, ours, theirs, found):
    assert meet(base, ours, theirs, file="affairs/2026-014.links") == (found, [])


VALUES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), max_size=4)


@given(VALUES, VALUES, VALUES)
def test_merging_is_the_same_from_both_sides_and_loses_no_change(base, ours, theirs):
    texts = ["".join(f"{key} = {value}\n" for key, value in side.items()) for side in (base, ours, theirs)]

    found, clashes = meet(*texts)
    other, turned = meet(texts[0], texts[2], texts[1])

    assert found == other
    assert len(clashes) == len(turned)
    if not clashes:
        for side in (ours, theirs):
            for key in {*base, *side}:
                assert side.get(key) in (base.get(key), found.get(key))
