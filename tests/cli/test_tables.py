"""A table on a terminal that is too narrow for it."""

from mailctl.cli.tables import GAP, widths

NAMES = ["id", "date", "subject"]
ROW = ["12345", "2026-11-24 13:50", "Lycée Ampère: plan of the ground floor"]


def test_the_widest_column_gives_way():
    assert widths(NAMES, [ROW], room=50) == [5, 16, 50 - 5 - 16 - 2 * GAP]


def test_what_fits_is_left_alone():
    assert widths(NAMES, [ROW], room=100) == [5, 16, 38]


def test_a_wide_letter_counts_twice():
    assert widths(["subject"], [["設計図"]], room=80) == [7]
    assert widths(["s"], [["設計図"]], room=80) == [6]


def test_an_empty_table_is_as_wide_as_its_header():
    assert widths(NAMES, [], room=80) == [2, 4, 7]
