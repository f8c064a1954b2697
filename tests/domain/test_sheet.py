"""A spreadsheet is read whatever saved it; what is none is told so."""

import pytest

from mailctl.domain.sheet import decoded, records, refused, separator_of
from mailctl.errors import BadDataError, Problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_any_encoding_gives_the_same_text(encoding):
    assert decoded("Prénom;Été\n".encode(encoding), "f.csv")[0] == "Prénom;Été\n"


@pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest"])
def test_a_workbook_is_told_from_csv(data):
    with pytest.raises(BadDataError, match="a workbook, not CSV"):
        decoded(data, "f.xlsx")


def test_bytes_in_no_encoding_are_told_with_their_line():
    with pytest.raises(BadDataError, match=r"f\.csv:2: neither UTF-8"):
        decoded(b"a;b\n\x81\xff;c\n", "f.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a;b;c\n1,5;2;3\n", (";", 0), id="semicolons, and commas in numbers"),
        pytest.param("a,b\n1,2\n", (",", 0), id="commas"),
        pytest.param("sep=|\na|b\n", ("|", 6), id="as Excel says"),
    ],
)
def test_what_stands_between_cells(text, expected):
    assert separator_of(text, lambda cell: bool(cell.strip())) == expected


def test_a_record_knows_its_line_though_cells_hold_several():
    found, problems = records('a;b\n"1\n2";3\n\n4;5\n', ";", "f", skipped=0)
    assert [(one.line, one.cells) for one in found] == [(1, ["a", "b"]), (2, ["1\n2", "3"]), (5, ["4", "5"])]
    assert not problems


def test_an_open_quotation_mark_is_told_and_the_rows_before_it_are_there():
    found, problems = records('a;b\n1;2\n"3;4\n', ";", "f.csv", skipped=0)
    assert [one.cells for one in found] == [["a", "b"], ["1", "2"]]
    assert "not closed" in problems[0].text


def test_many_problems_are_one_error():
    error = refused((Problem("f", 1, "a", "bad"), Problem("f", 2, "", "worse")), hint="mend it")
    assert str(error) == "f:1: a: bad (and 1 more)"
    assert len(error.problems) == 2
