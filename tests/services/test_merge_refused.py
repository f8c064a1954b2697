"""Rows that the server refuses: what is told of them, in this run and in the next, and what is written down."""

import csv
import signal

import pytest

from conftest import ok
from support.scripted_smtp import STALL
from support.sending import started
from support.small_disk import fill, mounted

TEMPLATE = """+++
subject = "Invoice {{ number }}"
language = "en"
cc = "{{ copy }}"

[variables.number]
[variables.copy]
type = "address"
default = ""
+++
Invoice **{{ number }}**.
"""
COMMAND = ("merge", "invoice", "--csv")


@pytest.fixture
def ready(server, store):
    (store / "templates/invoice.md").write_text(TEMPLATE)
    (store / "templates/invoice.md").chmod(0o600)
    return server


@pytest.fixture
def table(tmp_path):
    """Write a table of rows, and give its path."""

    def write(*rows, name="rows.csv"):
        path = tmp_path / name
        path.write_text("\n".join(("Email;Copy;Number", *rows)))
        return path

    return write


def rows_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def to(server):
    return [one.recipients for one in server.taken]


def test_run_again_a_refused_row_is_not_called_sent(cli, ready, table):
    ready.refused["b@x.example"] = "550 nobody here"
    path = table("a@x.example;;1", "b@x.example;;2")
    assert cli(*COMMAND, path).status == 1

    again = ok(cli(*COMMAND, path))
    assert again.err.splitlines() == [
        "1 sent before, 1 in the outbox since before",
        "mailctl outbox flush sends those that wait there; outbox list shows those that were refused",
    ]
    found = ok(cli(*COMMAND, path, "--json")).json
    assert (found["before"], found["waiting"]) == (2, 1)
    assert "0 would be; 2 were sent, or are in the outbox, since before" in ok(cli(*COMMAND, path, "--dry-run")).err


def test_refused_rows_merged_again_from_their_file_write_to_nobody_twice(cli, ready, table, tmp_path):
    ready.refused |= {"b@x.example": "550 nobody here", "d@x.example": "550 full"}
    failed = tmp_path / "failed.csv"
    ran = cli(*COMMAND, table("a@x.example;b@x.example;1", "d@x.example;;2", "e@x.example;;3"), "--failed", failed)

    assert ran.status == 1
    assert ran.err.splitlines()[0] == "2 sent, 1 refused"
    assert "1 of 3 rows were refused, 1 of 3 did not go to everybody" in ran.err
    assert [row["Email"] for row in rows_of(failed)] == ["d@x.example"]
    ready.refused.clear()
    ok(cli(*COMMAND, failed))
    assert to(ready) == [("a@x.example",), ("e@x.example",), ("d@x.example",)]


def test_what_is_refused_again_is_written_down_with_what_is_said_now(cli, ready, table, tmp_path):
    ready.refused["d@x.example"] = "550 full"
    cli(*COMMAND, table("d@x.example;;2"), "--failed", tmp_path / "first.csv")
    ready.refused["d@x.example"] = "550 gone"
    cli(*COMMAND, tmp_path / "first.csv", "--failed", tmp_path / "second.csv")
    [row] = rows_of(tmp_path / "second.csv")
    assert list(row) == ["Email", "Copy", "Number", "error"]
    assert row["error"].endswith("550 gone")
    ready.refused.clear()
    ok(cli(*COMMAND, tmp_path / "second.csv"))


def test_some_of_its_recipients_is_told_in_json(cli, ready, table):
    ready.refused["b@x.example"] = "550 nobody here"
    found = cli(*COMMAND, table("a@x.example;b@x.example;1"), "--json")
    assert '"partly": true' in found.out
    assert '"sent": 1' in found.out


def test_interrupted_the_rows_refused_so_far_are_written_down(cli, ready, table, home, tmp_path):
    ready.refused["a@x.example"] = "550 nobody here"
    ready.at["data"] = STALL
    failed = tmp_path / "failed.csv"
    path = table("a@x.example;;1", *(f"p{one}@x.example;;{one}" for one in range(9)))
    process = started("mailctl", *COMMAND, str(path), "--failed", str(failed), body=b"", home=home)
    assert ready.reached.wait(30), process.communicate(timeout=20)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert b"1 refused" in err
    assert [row["Email"] for row in rows_of(failed)] == ["a@x.example"]


def test_where_refused_rows_cannot_be_written_one_is_still_told_what_went(cli, ready, table, tmp_path):
    ready.refused["b@x.example"] = "550 nobody here"
    with mounted(tmp_path / "small") as place:
        (place / "failed.csv").touch()
        (place / "failed.csv").unlink()
        fill(place / "full")
        ran = cli(*COMMAND, table("a@x.example;;1", "b@x.example;;2"), "--failed", place / "failed.csv")
    assert ran.status == 74
    assert ran.err.splitlines()[0] == "1 sent, 1 refused"
    assert "No space left on device" in ran.err


@pytest.mark.parametrize("row", [";c@x.example;1", "a@x.example;;1"])
def test_a_row_may_name_one_recipient_in_any_place(cli, ready, table, row):
    ok(cli(*COMMAND, table(row)))
    ok(cli(*COMMAND, table(row)))
    assert len(ready.taken) == 1


def test_rows_that_only_get_a_blind_copy_are_told_apart_by_it(cli, ready, store, table):
    text = TEMPLATE.replace('cc = "{{ copy }}"', 'bcc = "{{ copy }}"')
    (store / "templates/invoice.md").write_text(text)
    ok(cli(*COMMAND, table(";a@x.example;1", ";b@x.example;2")))
    assert to(ready) == [("a@x.example",), ("b@x.example",)]


def test_two_columns_that_fill_one_variable_are_refused(cli, ready, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("email,Number,NUMBER\na@x.example,1,2\n")
    ran = cli(*COMMAND, path)
    assert ran.status == 65
    assert "the columns 'Number' and 'NUMBER' both fill 'number'" in ran.err
    assert ready.taken == []


def test_a_damaged_job_sends_nothing(cli, ready, table, home):
    path = table("a@x.example;;1")
    ok(cli(*COMMAND, path))
    [job] = [one for one in (home / "state/merges").iterdir() if not one.suffix]
    job.write_bytes(bytes(job.stat().st_size))
    ran = cli(*COMMAND, path)
    assert ran.status == 74
    assert "it is damaged" in ran.err
    assert "forgets who got it" in ran.err
    assert len(ready.taken) == 1
