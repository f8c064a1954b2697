"""Letters of a merge: which column fills what, and what is kept of each until its turn."""

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from conftest import ok
from mailctl.domain.outgoing import Entry
from mailctl.errors import BadDataError
from mailctl.services import letters
from mailctl.services.letters import RECIPIENTS, Spool, column_of, refuse_twice, variables_of


def entry(**more):
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return Entry(account="contact", message_id="<1@firm.example>", subject="Été", sender="contact@firm.example",
                 recipients=("a@x.example",), size=3, created=now, next_attempt=now, **more)  # fmt: skip


@pytest.mark.parametrize("column", ["date_d_echeance", "Date d'échéance", " DATE D'ECHEANCE", "date-d’échéance"])
def test_a_heading_fills_the_variable_that_it_sounds_like(column):
    assert variables_of((column, "other"), ("date_d_echeance", "name")) == {column: "date_d_echeance"}


def test_the_likeliest_of_several_columns_says_who_gets_it():
    assert column_of(("Adresse", "Nom", "E-mail"), RECIPIENTS) == "E-mail"
    assert column_of(("Nom", "Adresse mail"), RECIPIENTS) == "Adresse mail"
    assert column_of(("Nom",), RECIPIENTS) is None


def test_two_columns_for_one_variable_are_one_too_many():
    refuse_twice({"Name": "name", "Number": "number"})
    with pytest.raises(BadDataError, match="'Name' and 'NAME' both fill 'name'"):
        refuse_twice({"Name": "name", "NAME": "name"})


def test_what_is_kept_comes_back_as_it_was_and_leaves_no_file(tmp_path):
    spool = Spool(tmp_path)
    places = [spool.put(entry(key=str(number)), b"%d" % number * 9) for number in range(3)]
    assert [spool.take(place) for place in places] == [
        (entry(key=str(number)), b"%d" % number * 9) for number in range(3)
    ]
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_letters_that_found_no_room_are_made_again(cli, server, tmp_path, monkeypatch):
    monkeypatch.setattr(letters, "LARGEST_SPOOL", 1)
    ok(cli("template", "new", "relance"))
    table = tmp_path / "rows.csv"
    table.write_text("email;objet\na@x.example;A\nb@x.example;B\n")
    ok(cli("merge", "relance", "--csv", table))
    assert [message_from_bytes(one.data)["Subject"] for one in server.taken] == ["A", "B"]
