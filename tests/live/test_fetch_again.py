"""Fetches once more: after a renumbering, from further back, without the index, two at once, killed on the way."""

import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import ok
from support.mirror import accounts, fetch, files, note, rows, start

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


# -- numbered anew


def test_a_folder_numbered_anew_is_recognised_and_not_fetched_again(cli, home, mail, account, tmp_path):
    account()
    received = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for number in (1, 2, 3):
        mail.deliver("alice", note(number), folder="Projets", received=received)
    fetch(cli)
    before = rows(home, "messages.id, subject, key", folder="Projets")

    with mail.imap("alice") as box:
        box.delete("Projets")
    for number in (3, 1, 4):
        mail.deliver("alice", note(number), folder="Projets", received=received, flags=("\\Seen",))
    ok(cli("--trace", str(tmp_path / "trace"), "fetch"))

    after = rows(home, "messages.id, subject, key", folder="Projets")
    assert [subject for _, subject, _ in after] == ["Plans 3", "Plans 1", "Plans 4"]
    assert after[:2] == [before[2], before[0]]
    assert len(files(home, "Projets")) == 3
    bodies = [line for line in (tmp_path / "trace").read_text().splitlines() if "BODY.PEEK[]" in line and "~>" in line]
    assert len(bodies) == 1
    assert " UID FETCH 3 " in bodies[0]


def test_mail_of_another_date_is_recognised_by_its_content(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1), folder="Projets", received=datetime(2026, 1, 2, tzinfo=UTC))
    fetch(cli)

    with mail.imap("alice") as box:
        box.delete("Projets")
    mail.deliver("alice", note(1), folder="Projets", received=datetime(2026, 1, 3, tzinfo=UTC))
    result = fetch(cli)

    assert (result["new"], result["removed"]) == (0, 0)
    assert len(files(home, "Projets")) == 1


# -- how far back


def test_since_fetches_what_is_newer_and_later_runs_keep_to_it(cli, home, mail, account):
    account()
    for day in (1, 10, 20):
        mail.deliver("alice", note(day), received=datetime(2026, 1, day, 12, tzinfo=UTC))

    first = fetch(cli, "--since", "2026-01-10")
    second = fetch(cli)
    mail.deliver("alice", note(21), received=datetime(2025, 1, 1, tzinfo=UTC))  # moved in: new, whatever its date
    third = fetch(cli)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1,3", "+FLAGS", "(\\Deleted)")
        box.expunge()
    fourth = fetch(cli)

    assert [run["new"] for run in (first, second, third, fourth)] == [2, 0, 1, 0]
    assert fourth["removed"] == 1
    assert rows(home) == [("Plans 10",), ("Plans 21",)]


def test_an_earlier_day_fetches_more(cli, home, mail, account):
    account()
    for day in (1, 10, 20):
        mail.deliver("alice", note(day), received=datetime(2026, 1, day, 12, tzinfo=UTC))

    results = [fetch(cli, "--since", day)["new"] for day in ("2026-01-15", "2026-01-18", "2026-01-05", "2000-01-01")]

    assert results == [1, 0, 1, 1]
    assert len(files(home)) == 3


# -- the mirror itself


def test_a_lost_index_is_made_again_without_fetching(cli, home, mail, account, tmp_path):
    account()
    for number in (1, 2):
        mail.deliver("alice", note(number))
    fetch(cli)
    for file in (home / "data").glob("index.sqlite*"):
        file.unlink()

    ran = ok(cli("--trace", str(tmp_path / "trace"), "fetch", "--json")).json[0]

    assert ran["new"] == 0
    assert "BODY.PEEK[]" not in (tmp_path / "trace").read_text()
    assert rows(home) == [("Plans 1",), ("Plans 2",)]
    assert len(files(home)) == 2


def test_a_maildir_taken_away_is_filled_again(cli, home, mail, account):
    account()
    mail.deliver("alice", note(1))
    fetch(cli)
    shutil.rmtree(home / "data/mail")

    assert fetch(cli)["new"] == 1
    assert len(files(home)) == 1


def test_two_runs_at_once_fetch_nothing_twice(mail, account, home):
    account()
    for number in range(40):
        mail.deliver("alice", note(number))

    runs = [start("fetch") for _ in range(3)]

    assert [run.wait(timeout=60) for run in runs] == [0, 0, 0]
    assert len(files(home)) == len(rows(home)) == 40


def test_accounts_are_fetched_side_by_side(cli, home, mail, account):
    account("one")
    account("two", user="bob")
    mail.deliver("alice", note(1))
    mail.deliver("bob", note(2))

    ran = ok(cli("fetch", "--json"))

    assert [(run["account"], run["new"]) for run in ran.json] == [("one", 1), ("two", 1)]


def test_a_line_an_account_where_stdout_is_no_terminal(cli, mail, account):
    account()
    mail.deliver("alice", note(1))

    assert ok(cli("fetch")).rows == [["contact", "5", "1", "0", "0", "0", "", "0"]]


def test_starttls_fetches_too(cli, home, mail, account):
    account(port=mail.imap_port, security="starttls")
    mail.deliver("alice", note(1))

    assert fetch(cli)["new"] == 1


# -- killed


@pytest.mark.parametrize("first_fill", [True, False], ids=["the first time", "a later time"])
def test_killed_at_any_point_and_run_again_nothing_is_missing_and_nothing_is_there_twice(
    cli, home, mail, account, first_fill
):
    account()
    numbers = list(range(60))
    if not first_fill:
        for number in numbers[:5]:
            mail.deliver("alice", note(number))
        fetch(cli)
        numbers = numbers[5:]
    seed(mail, [note(number, body="x" * 200_000) for number in numbers])

    for moment in range(8):
        run = start("fetch")
        await_growth(home, run, already=len(files(home)), more=moment)
        run.kill()
        run.wait()
    result = fetch(cli)

    assert sorted(rows(home)) == sorted((f"Plans {number}",) for number in range(60))
    assert len(files(home)) == 60
    assert not list((home / "data/mail/contact/INBOX/tmp").iterdir())
    assert result["new"] < len(numbers)  # what had come was not fetched again
    assert fetch(cli)["new"] == 0


def test_ctrl_c_ends_it_and_the_next_run_goes_on(cli, home, mail, account):
    account("one")
    account("two", user="bob")
    seed(mail, [note(number, body="x" * 200_000) for number in range(120)])

    run = start("fetch")
    await_growth(home, run, already=0, more=0, account="one")
    run.send_signal(signal.SIGINT)

    assert run.wait(timeout=30) == 130
    ok(cli("fetch"))
    assert len(files(home, account="one")) == len(rows(home)) == 120


def seed(mail, messages: list[bytes]) -> None:
    """Lay messages into alice's inbox over one connection."""
    with mail.imap("alice") as box:
        for raw in messages:
            box.append("INBOX", "", None, raw)


def await_growth(
    home: Path, run: subprocess.Popen[bytes], *, already: int, more: int, account: str = "contact"
) -> None:
    """Wait until a run has brought something, then a little longer each time."""
    deadline = time.monotonic() + 20
    while len(files(home, account=account)) == already and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(more * 0.004)
