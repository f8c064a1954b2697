"""One message a row: all rows are checked before the first goes, and however it ends, nobody gets two."""

import csv
import signal
from email import message_from_bytes, policy

import pytest

from conftest import ok
from mailctl.domain.message import State
from mailctl.errors import BadDataError
from mailctl.services.merge import interval
from support.scripted_smtp import CLOSE, STALL
from support.sending import started, until

TEMPLATE = """+++
subject = "Invoice {{ number }}"
language = "en"

[variables.name]
[variables.number]
+++
Dear {{ name }},

please find invoice **{{ number }}**.
"""
COMMAND = ("merge", "invoice", "--csv")


@pytest.fixture
def template(store):
    """Write the template `invoice`, or another text of it."""

    def write(text=TEMPLATE, name="invoice"):
        folder = store / "templates"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{name}.md"
        path.write_text(text)
        path.chmod(0o600)

    write()
    return write


@pytest.fixture
def table(tmp_path):
    """Write a table of so many rows, and give its path."""

    def write(number, text=None, name="rows.csv"):
        rows = "".join(f"p{one}@client.example;Person {one};F-{one}\n" for one in range(1, number + 1))
        path = tmp_path / name
        path.write_text(text if text is not None else f"Email;Name;Number\n{rows}")
        return path

    return write


@pytest.fixture
def ready(server, template):
    return server


def to(server):
    return [one.recipients[0] for one in server.taken]


def people(first, last):
    return [f"p{one}@client.example" for one in range(first, last + 1)]


def test_each_row_gets_its_own_message_over_one_login(cli, ready, table, outbox):
    done = ok(cli(*COMMAND, table(7), "--json")).json

    assert to(ready) == people(1, 7)
    assert ready.connections == 1
    message = message_from_bytes(ready.taken[2].data, policy=policy.default)
    assert message["Subject"] == "Invoice F-3"
    assert message["To"] == "p3@client.example"
    assert "Dear Person 3," in message.get_body(("plain",)).get_content()
    assert "<strong>F-3</strong>" in message.get_body(("html",)).get_content()
    assert {key: done[key] for key in ("rows", "sent", "queued", "refused", "before", "left")} == {
        "rows": 7, "sent": 7, "queued": 0, "refused": 0, "before": 0, "left": 0,
    }  # fmt: skip
    assert outbox.entries() == ()


def test_run_again_nobody_gets_two_and_new_rows_get_theirs(cli, ready, table):
    ok(cli(*COMMAND, table(3)))
    again = ok(cli(*COMMAND, table(3)))
    assert again.err.splitlines() == [
        "3 sent before",
        "all were sent before by the job 'invoice rows.csv'; --job NAME begins a new one",
    ]
    more = ok(cli(*COMMAND, table(5), "--json")).json
    assert (more["sent"], more["before"]) == (2, 3)
    assert to(ready) == people(1, 5)


def test_another_job_begins_anew(cli, ready, table):
    ok(cli(*COMMAND, table(2)))
    ok(cli(*COMMAND, table(2), "--job", "second reminder"))
    assert to(ready) == people(1, 2) * 2


def test_a_column_may_tell_rows_apart_that_go_to_the_same_person(cli, ready, table):
    text = "email,name,number\na@client.example,A,1\na@client.example,A,2\n"
    refused = cli(*COMMAND, table(0, text))
    assert refused.status == 65
    assert "rows.csv:3: it goes to whom line 2 goes to" in refused.err
    assert "hint: --key COLUMN" in refused.err

    ok(cli(*COMMAND, table(0, text), "--key", "number"))
    ok(cli(*COMMAND, table(0, text), "--key", "number"))
    assert to(ready) == ["a@client.example"] * 2

    twice = cli(*COMMAND, table(0, text + "b@client.example,B,2\n"), "--key", "number")
    assert twice.status == 65
    assert "rows.csv:4: it has line 3's key" in twice.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("Email;Name\na@x.example;A\n", "'number', and there is no such column", id="a column missing"),
        pytest.param("Name;Number\nA;1\n", "no column is called 'email' or 'to'", id="no column of addresses"),
        pytest.param("Email;Name;Number\na@x.example;A;1\nnobody;B;2\n", "rows.csv:3: ", id="a bad address"),
        pytest.param("Email;Name;Number\na@x.example;A;1\n;B;2\n", "rows.csv:3: nobody to send it to", id="no address"),
        pytest.param('Email;Name;Number\na@x.example;A;"1\r\nBcc: x@y.example"\n', "subject: it comes to more than one",
                     id="a line end for a header"),
        pytest.param("", "it is empty", id="an empty file"),
    ],
)  # fmt: skip
def test_one_row_that_cannot_be_used_and_none_goes(cli, ready, table, outbox, text, told):
    ran = cli(*COMMAND, table(0, text))
    assert ran.status == 65
    assert told in ran.err
    assert ready.taken == []
    assert ready.connections == 0
    assert outbox.entries() == ()


def test_an_attachment_of_a_row_has_to_be_there_before_any_goes(cli, ready, template, table, tmp_path):
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "1.pdf").write_bytes(b"%PDF one")
    template(TEMPLATE.replace('language = "en"', f'attachments = ["{{{{ number }}}}.pdf"]\nfolder = "{papers}"'))
    text = "Email;Name;Number\na@x.example;A;1\nb@x.example;B;{}\n"

    assert "rows.csv:3: " in cli(*COMMAND, table(0, text.format("2"))).err
    assert "rows.csv:3: " in cli(*COMMAND, table(0, text.format("../../etc/passwd"))).err
    assert ready.taken == []

    (papers / "2.pdf").write_bytes(b"%PDF two")
    ok(cli(*COMMAND, table(0, text.format("2"))))
    found = [message_from_bytes(one.data, policy=policy.default) for one in ready.taken]
    assert [next(one.iter_attachments()).get_content() for one in found] == [b"%PDF one", b"%PDF two"]


def test_a_rehearsal_shows_the_first_and_sends_nothing(cli, ready, table, outbox):
    ran = ok(cli(*COMMAND, table(5), "--dry-run"))
    assert ran.out.count("Subject: Invoice") == 3
    assert ran.err == "nothing is sent; of 5 rows, all fit to be sent, 5 would be\n"
    found = ok(cli(*COMMAND, table(5), "--dry-run", "--limit", "2", "--json")).json
    assert (found["rows"], found["due"], len(found["previews"])) == (5, 2, 2)
    assert ready.connections == 0
    assert outbox.entries() == ()
    ok(cli(*COMMAND, table(5)))
    assert to(ready) == people(1, 5)


def test_a_limit_leaves_the_rest_for_another_run(cli, ready, table):
    first = ok(cli(*COMMAND, table(5), "--limit", "2"))
    assert first.err == "2 sent, 3 left for another run\n"
    ok(cli(*COMMAND, table(5), "--limit", "2"))
    assert to(ready) == people(1, 4)


def test_rows_that_are_refused_are_written_down_and_the_others_go(cli, ready, table, tmp_path, outbox):
    ready.refused["p2@client.example"] = "550 nobody here"
    failed = tmp_path / "failed.csv"

    ran = cli(*COMMAND, table(3), "--failed", failed)

    assert ran.status == 1
    assert ran.rows == [["3", "p2@client.example", "2", ran.rows[0][3]]]
    assert "550 nobody here" in ran.rows[0][3]
    assert "1 of 3 rows were refused: line 3" in ran.err
    assert to(ready) == ["p1@client.example", "p3@client.example"]
    with failed.open(newline="") as stream:
        [row] = csv.DictReader(stream)
    assert (row["Email"], row["Name"], row["Number"]) == ("p2@client.example", "Person 2", "F-2")
    assert "550 nobody here" in row["error"]
    assert [entry.state for entry in outbox.entries()] == [State.REFUSED]
    assert cli(*COMMAND, table(3), "--failed", failed).status == 73


def test_no_file_is_left_where_nobody_was_refused(cli, ready, table, tmp_path):
    ok(cli(*COMMAND, table(2), "--failed", tmp_path / "failed.csv"))
    assert not (tmp_path / "failed.csv").exists()


def test_json_lines_from_standard_input(cli, ready, tmp_path):
    rows = '{"email": "a@x.example", "name": "A", "number": 7}\n{"email": "b@x.example", "name": "B", "number": 8}\n'
    ok(cli("merge", "invoice", "--jsonl", "-", input=rows))
    assert [message_from_bytes(one.data)["Subject"] for one in ready.taken] == ["Invoice 7", "Invoice 8"]


def test_refused_rows_of_json_lines_are_json_lines(cli, ready, tmp_path):
    ready.refused["a@x.example"] = "550 no"
    rows = '{"email": "a@x.example", "name": "Été", "number": "07"}\n'
    cli("merge", "invoice", "--jsonl", "-", "--failed", tmp_path / "failed.jsonl", input=rows)
    ready.refused.clear()
    ok(cli("merge", "invoice", "--jsonl", tmp_path / "failed.jsonl"))
    assert [message_from_bytes(one.data)["Subject"] for one in ready.taken] == ["Invoice 07"]


def test_more_than_fifty_ask_first(cli, ready, table):
    refused = cli(*COMMAND, table(51))
    assert refused.status == 2
    assert "51 messages are more than 50" in refused.err
    assert ready.connections == 0
    ok(cli(*COMMAND, table(51), "--yes"))
    assert to(ready) == people(1, 51)


def test_what_the_store_lets_go_without_a_question_can_be_said(cli, ready, table, store):
    (store / "store.toml").write_text((store / "store.toml").read_text() + "\n[merge]\nask_above = 1\n")
    assert cli(*COMMAND, table(2)).status == 2
    ok(cli(*COMMAND, table(2), "--limit", "1"))


def test_no_server_and_nothing_was_accepted(cli, ready, table, outbox):
    ready.at["greeting"] = CLOSE
    ran = cli(*COMMAND, table(3))
    assert ran.status in (69, 75, 76)
    assert outbox.entries() == ()
    ready.at.clear()
    ok(cli(*COMMAND, table(3)))
    assert to(ready) == people(1, 3)


def test_queued_all_wait_and_one_flush_sends_each_once(cli, ready, table, outbox):
    queued = ok(cli(*COMMAND, table(4), "--queue"))
    assert queued.err == "4 in the outbox\n"
    assert len(outbox.entries()) == 4
    assert ok(cli(*COMMAND, table(4), "--queue")).err.startswith("4 in the outbox since before\n")
    ok(cli("outbox", "flush"))
    ok(cli(*COMMAND, table(4)))
    assert to(ready) == people(1, 4)


def test_queued_at_a_rate_each_has_its_time(cli, ready, table, outbox):
    ok(cli(*COMMAND, table(3), "--queue", "--rate", "2/h"))
    first, second, third = (entry.next_attempt for entry in outbox.entries())
    assert 1700 < (second - first).total_seconds() < 1900
    assert 1700 < (third - second).total_seconds() < 1900


def test_at_a_rate_they_go_one_after_the_other(cli, ready, table):
    import time

    began = time.monotonic()
    ok(cli(*COMMAND, table(3), "--rate", "5/s"))
    assert time.monotonic() - began >= 0.4
    assert to(ready) == people(1, 3)
    assert ready.connections == 1


def test_a_server_that_goes_away_in_the_middle_leaves_the_rest_in_the_outbox(cli, ready, table, outbox, later):
    ready.most = 2

    def gone():
        if len(ready.taken) >= 2:
            ready.at["greeting"] = CLOSE

    ready.when["greeting"] = gone
    ran = cli(*COMMAND, table(6), "--json")
    assert ran.status == 75
    taken = len(ready.taken)
    assert taken < 6
    assert len(outbox.entries()) == 6 - taken

    ready.when.clear()
    ready.at.clear()
    ready.most = None
    ok(cli(*COMMAND, table(6)))
    assert len(ready.taken) == taken
    later(hours=1)
    ok(cli("outbox", "flush"))
    assert sorted(to(ready)) == people(1, 6)


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("step", ["mail", "data"])
def test_killed_and_run_again_each_gets_one(cli, ready, table, home, outbox, later, step, number):
    count = [0]

    def when():
        count[0] += 1
        if count[0] == number:
            ready.at[step] = STALL
        else:
            ready.at.pop(step, None)

    ready.when[step] = when
    path = table(5)
    process = started("mailctl", *COMMAND, str(path), body=b"", home=home)
    assert ready.reached.wait(30), process.communicate(timeout=20)
    until(lambda: count[0] >= number)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    ready.when.clear()
    ready.at.clear()

    ok(cli(*COMMAND, path))
    later(hours=1)
    cli("outbox", "flush")

    # those at hand then have an unknown fate without a mailbox to look into: they wait, and nobody got two
    unknown = [entry.recipients[0] for entry in outbox.entries() if entry.state is State.UNKNOWN]
    assert len(unknown) <= 3
    assert sorted(to(ready)) == sorted(set(to(ready)))
    assert {*to(ready), *unknown} == set(people(1, 5))


def test_interrupted_what_was_not_begun_leaves_the_outbox_and_goes_in_another_run(
    cli, ready, table, home, outbox, later
):
    ready.at["mail"] = STALL
    path = table(20)
    process = started("mailctl", *COMMAND, str(path), body=b"", home=home)
    assert ready.reached.wait(30), process.communicate(timeout=20)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"stopped: " in err
    waiting = len(outbox.entries())
    assert waiting <= 3
    ready.at.clear()

    more = ok(cli(*COMMAND, path, "--json")).json
    assert (more["sent"], more["before"]) == (20 - waiting, waiting)
    later(hours=1)
    ok(cli("outbox", "flush"))
    assert sorted(to(ready)) == sorted(people(1, 20))


def test_two_at_once_are_one(cli, ready, table, home):
    ready.at["mail"] = STALL
    path = table(3)
    process = started("mailctl", *COMMAND, str(path), body=b"", home=home)
    assert ready.reached.wait(30), process.communicate(timeout=20)
    second = cli(*COMMAND, path)
    assert second.status == 75
    assert "is being sent at this moment" in second.err
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)


def test_a_watched_account_merges_nothing(cli, firm, template, table):
    template()
    assert cli(*COMMAND, table(1), "-a", "watch").status == 77


def test_a_signature_and_a_variable_for_all(cli, ready, table, template):
    ok(cli("signature", "set", "contact", "--text", "-", input="The Firm\n"))
    ok(cli(*COMMAND, table(0, "Email;Name\na@x.example;A\n"), "--var", "number=F-9"))
    message = message_from_bytes(ready.taken[0].data, policy=policy.default)
    assert message["Subject"] == "Invoice F-9"
    assert message.get_body(("plain",)).get_content().splitlines()[-2:] == ["-- ", "The Firm"]


@pytest.mark.parametrize(("text", "seconds"), [("30/m", 2.0), ("1/s", 1.0), ("2/h", 1800.0), ("1/d", 86400.0)])
def test_rates(text, seconds):
    assert interval(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "0/m", "-1/s", "1/y", "1.5/m", "30/m\n3"])
def test_what_is_no_rate(text):
    with pytest.raises(BadDataError, match="bad rate"):
        interval(text)


def test_all_of_it_is_filed_under_the_affair_it_is_about(cli, ready, table, store):
    ok(cli("affair", "add", "2026-014", "--title", "Ampère"))
    assert cli(*COMMAND, table(2), "--affair", "2026-015").status == 67
    ok(cli(*COMMAND, table(2), "--affair", "2026-014"))
    links = (store / "affairs/2026-014.links").read_text()
    assert links.count("@firm.example>\tcontact\t") == 2
    assert len(ready.taken) == 2
