"""Where a key stands in a TOML text: the line that a fault is told with."""

import pytest
import tomli
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.store.lines import has_comments, line_of, lines_of

TEXT = '''# a comment
address = "a@b.example" # = x
"quoted key" = 1
'literal' = 2
dotted . key = 3
notes = """
kind = "not a key"
[not.a.table]
\\""" still = inside
end"""
raw = \'\'\'
owner = "no"\'\'\'
list = [
  "x = 1",
  """
  deep = 2
  """,
  { a = [1, 2] },
]
after = "# no comment, no [bracket, no \\"""

[rights] # who
"f.durand" = ["manage"]

[[aliases]]
address = "one"
[aliases.signature]
text = "t"
[[aliases]]
address = "two"

[aliases.signature]
text = 3
["odd ] table"]
x = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("address",), 2),
        (("quoted key",), 3),
        (("literal",), 4),
        (("dotted", "key"), 5),
        (("notes",), 6),
        (("raw",), 11),
        (("list",), 13),
        (("list", 2, "a"), 13),
        (("after",), 20),
        (("rights",), 22),
        (("rights", "f.durand"), 23),
        (("rights", "f.durand", 0), 23),
        (("rights", "nobody"), 22),
        (("aliases", 0, "address"), 26),
        (("aliases", 0, "signature", "text"), 28),
        (("aliases", 1), 29),
        (("aliases", 1, "address"), 30),
        (("aliases", 1, "signature", "text"), 33),
        (("odd ] table", "x"), 35),
        (("nowhere",), 1),
    ],
)
def test_a_key_is_found_on_its_line(path, line):
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize("path", [("kind",), ("owner",), ("still",), ("deep",), ("not", "a", "table")])
def test_what_stands_in_a_string_is_no_key(path):
    assert path not in lines_of(TEXT)


def test_other_line_ends_count_as_toml_counts_them():
    assert line_of('a = "\u2028\x85"\r\nb = 2\r\n', ("b",)) == 2


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters='"\\'), min_size=1, max_size=8)
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40),
    st.sampled_from(["a\n[b]\nc = 1", '"""', "'''", '\n"""\nx = 1', "# x\n", "\\", '\\"""\n"', "a\n\\\\"]),
    st.integers(0, 9),
    st.lists(st.text(max_size=5), max_size=3),
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=5))
def test_every_key_of_any_document_is_found_where_it_is_written(table):
    text = tomli_w.dumps(table, multiline_strings=True)
    assert tomli.loads(text) == table
    lines = text.split("\n")
    known = lines_of(text)

    for key, value in table.items():
        inner = [(key, sub) for sub in value] if isinstance(value, dict) else [(key,)]
        for path in inner:
            assert path in known, (path, text)
            name = path[-1]
            start = lines[known[path] - 1]
            assert start.startswith((f"{name} =", f'"{name}" =')), (path, start, text)


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("a = 1\n", False),
        ("a = 1 # why\n", True),
        ("# why\na = 1\n", True),
        ('a = "#"\n', False),
        ('a = """\n# no\n"""\n', False),
        ("a = '''\n# no\n'''\n", False),
        ('a = "\\"#"\n', False),
        ("a = '\"' # yes\n", True),
        ("#:schema ../.schemas/account.json\na = 1\n", False),
        ("#:schema ../.schemas/account.json\n# mine\na = 1\n", True),
    ],
)
def test_comments_are_told_from_strings(text, comments):
    assert has_comments(text) is comments
