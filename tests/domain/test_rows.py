"""Rows come out of CSV and JSON lines alike, and what cannot be used is told line by line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.rows import MOST_PROBLEMS, plain, read
from mailctl.errors import BadDataError


def values(text):
    data = text if isinstance(text, bytes) else text.encode()
    return [row.values for row in read(data, file="f").rows]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("email;Nom\na@x.example;Dupré\n".encode(), id="semicolons"),
        pytest.param("email;Nom\r\na@x.example;Dupré\r\n".encode("cp1252"), id="from Excel"),
        pytest.param("\ufeffemail,Nom\na@x.example,Dupré\n".encode(), id="with a BOM"),
        pytest.param('{"email": "a@x.example", "Nom": "Dupré"}\n'.encode(), id="JSON lines"),
        pytest.param('\ufeff{"email": "a@x.example", "Nom": "Dupré", "other": null}\n\n'.encode(), id="with null"),
    ],
)
def test_the_same_row_from_any_file(data):
    assert values(data) == [{"email": "a@x.example", "Nom": "Dupré"}]


def test_rows_know_their_lines():
    assert [row.line for row in read(b'a;b\n"1\n2";3\n\n4;5\n', file="f").rows] == [2, 5]
    assert [row.line for row in read(b'{"a": 1}\n\n{"a": 2}\n', file="f").rows] == [1, 3]


def test_numbers_and_truths_of_json_are_texts_as_written():
    assert values('{"a": 12.50, "b": true, "c": "  ", "d": 3}') == [{"a": "12.50", "b": "true", "d": "3"}]


def test_an_empty_cell_is_not_there():
    assert values("a;b;c\n1;; \n") == [{"a": "1"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "f:1: it is empty", id="an empty file"),
        pytest.param("a;b\n", "f:1: there is no row in it", id="a heading only"),
        pytest.param("a;a\n1;2\n", "f:1: a: two columns of that name", id="a column twice"),
        pytest.param("a;b\n1;2;3\n", "f:2: 3 cells, and 2 columns", id="a cell too many"),
        pytest.param('{"a": [1]}', "f:1: a: a list or an object cannot be filled in", id="a list"),
        pytest.param('{"a": 1}\n[2]\n', "f:2: no object: a row is {…}", id="no object"),
        pytest.param('{"a": 1}\n{"a"\n', "f:2: ", id="broken JSON"),
        pytest.param('{"a": ' + "[" * 100_000, "f:1: ", id="too deep"),
        pytest.param(f"a;b\n1;{'x' * 100_001}\n", "f:2: field larger than field limit", id="a cell too long"),
        pytest.param('{"a": "' + "x" * 100_001 + '"}', "f:1: a: more than 100,000 characters", id="a value too long"),
    ],
)
def test_what_cannot_be_used_is_told(text, told):
    with pytest.raises(BadDataError) as caught:
        read(text.encode(), file="f")
    assert str(caught.value).startswith(told)


def test_of_many_problems_the_first_are_told_and_all_counted():
    text = "a;b\n" + "1;2;3\n" * 1000
    with pytest.raises(BadDataError, match="and 999 more") as caught:
        read(text.encode(), file="f")
    assert len(caught.value.problems) == MOST_PROBLEMS


@pytest.mark.parametrize(
    ("heading", "name"), [("Prénom", "prenom"), ("Date d'échéance", "date_d_echeance"), ("N° TVA", "n_tva"), ("é", "e")]
)
def test_headings_are_compared_plainly(heading, name):
    assert plain(heading) == name


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=20), min_size=1), min_size=1, max_size=5))
def test_json_lines_give_back_what_they_hold(rows):
    text = "\n".join(json.dumps(row) for row in rows)
    expected = [{key: value.strip() for key, value in row.items() if value.strip()} for row in rows]
    try:
        assert values(text.encode("utf-8", "surrogatepass")) == expected
    except BadDataError:
        assert any("\ud800" <= letter <= "\udfff" for row in rows for value in row.values() for letter in value)


@pytest.mark.parametrize("text", ['[{"email": "a@x.example"}]', '\n[\n  {"email": "a@x.example"}\n]', '[["a"], ["b"]]'])
def test_a_list_of_json_is_told_apart_from_json_lines(text):
    with pytest.raises(BadDataError, match="a list: JSON lines have an object in each line") as caught:
        read(text.encode(), file="f")
    assert caught.value.hint == "jq -c '.[]' FILE"


def test_a_heading_may_stand_in_brackets():
    assert values("[email];[name]\na@x.example;A\n") == [{"[email]": "a@x.example", "[name]": "A"}]
