"""Attachment names: whatever a sender calls a file, it is saved under a name that harms nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.filename import distinct, file_name, shortened


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        pytest.param("plan.pdf", "plan.pdf", id="a plain name stays"),
        pytest.param("Façade n° 2 – été.pdf", "Façade n° 2 – été.pdf", id="letters and spaces stay"),
        pytest.param("../../etc/passwd", "passwd", id="no path"),
        pytest.param("/etc/cron.d/job", "job", id="no absolute path"),
        pytest.param("C:\\Users\\x\\plan.doc", "plan.doc", id="no Windows path"),
        pytest.param("..", "attachment.pdf", id="not the folder above"),
        pytest.param(".bashrc", "bashrc", id="no leading dot"),
        pytest.param(". .hidden", "hidden", id="no leading dots and spaces"),
        pytest.param("a\r\nb\tc.txt", "a b c.txt", id="one line"),
        pytest.param("a\x00\x1b[31mb.txt", "a[31mb.txt", id="no control character"),
        pytest.param("gpj.\u202efdp.exe", "gpj.fdp.exe", id="no mark that turns its direction"),
        pytest.param("a:b*c?.txt", "abc.txt", id="nothing Windows forbids"),
        pytest.param("con.txt", "_con.txt", id="no device"),
        pytest.param("LPT1", "_LPT1", id="no device in capitals"),
        pytest.param("-rf", "_-rf", id="no option"),
        pytest.param("console.txt", "console.txt", id="what only begins like a device"),
        pytest.param("report.", "report", id="no dot at its end"),
        pytest.param("", "attachment.pdf", id="empty"),
        pytest.param(None, "attachment.pdf", id="none"),
        pytest.param("///", "attachment.pdf", id="nothing but slashes"),
        pytest.param("\udcff\udcfe", "attachment.pdf", id="bytes that are no text"),
    ],
)
def test_a_name_is_cleaned(name, cleaned):
    assert file_name(name, content_type="application/pdf") == cleaned


@given(st.text(), st.text())
def test_any_name_becomes_one_that_a_file_can_have(name, content_type):
    cleaned = file_name(name, content_type=content_type)

    assert cleaned
    assert cleaned not in {".", ".."}
    assert not cleaned.startswith(".")
    assert not set(cleaned) & set('/\\\0\n\r\t:*?"<>|')
    assert len(cleaned.encode()) <= 255


def test_a_long_name_keeps_its_suffix():
    cleaned = file_name("é" * 300 + ".pdf", content_type="application/pdf")

    assert cleaned.endswith("é.pdf")
    assert len(cleaned.encode()) <= 255


def test_what_is_too_long_for_a_suffix_is_cut_like_the_rest():
    assert shortened("a." + "b" * 300, room=20) == "a." + "b" * 18


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        pytest.param([], "plan.pdf", id="free"),
        pytest.param(["plan.pdf"], "plan-1.pdf", id="taken"),
        pytest.param(["PLAN.PDF"], "plan-1.pdf", id="taken in another case"),
        pytest.param(["plan.pdf", "plan-1.pdf"], "plan-2.pdf", id="taken twice"),
    ],
)
def test_a_taken_name_gets_a_number(taken, name):
    assert distinct("plan.pdf", taken) == name


def test_a_number_makes_a_long_name_no_longer():
    name = "a" * 251 + ".pdf"

    assert len(distinct(name, [name])) <= 255
