"""Words entered from the Maildir alone: wherever it is stopped, the next run goes on, and none is there twice."""

from datetime import UTC, datetime

import pytest

from conftest import LOGIN
from mailctl.local import words
from mailctl.local.rebuilding import forget_words
from mailctl.services import indexing
from mailctl.services.context import Context
from mailctl.store.paths import paths


@pytest.fixture
def machine(keep, home):
    """A context on this machine, and twelve messages nobody looked at yet; `told` is the progress it was told."""
    for number in range(12):
        keep("contact", f"Subject: Plans {number}\n\nText\n".encode())
    told = []
    context = Context(paths=paths({"MAILCTL_HOME": str(home)}), environ={}, login=LOGIN, acting_as=None,
                      now=lambda: datetime.now(UTC), say=told.append, warn=told.append,
                      progress=lambda _, done, total: told.append((done, total)))  # fmt: skip
    context.told = told
    yield context
    context.index.close()


def counted(machine):
    [row] = machine.index.rows(
        "SELECT (SELECT count(*) FROM words), (SELECT count(*) FROM messages WHERE ancestors IS NULL)"
    )
    return tuple(row)


@pytest.mark.parametrize("after", range(5))
def test_stopped_anywhere_and_begun_again_all_words_are_there_once(machine, monkeypatch, after):
    monkeypatch.setattr(indexing, "AT_ONCE", 3)
    entered, real = [], words.enter_words

    def interrupted(index, found):
        if len(entered) == after:
            raise KeyboardInterrupt
        real(index, found)
        entered.append(1)

    monkeypatch.setattr(words, "enter_words", interrupted)
    if after < 4:
        with pytest.raises(KeyboardInterrupt):
            indexing.enter_words(machine, "contact")
    else:
        indexing.enter_words(machine, "contact")
    assert counted(machine) == (3 * after, 12 - 3 * after)

    monkeypatch.setattr(words, "enter_words", real)
    indexing.enter_words(machine, "contact")

    assert counted(machine) == (12, 0)


def test_what_is_over_leaves_the_rest_to_the_next_time(machine, monkeypatch):
    monkeypatch.setattr(indexing, "AT_ONCE", 5)
    asked = iter([False, True])

    assert indexing.enter_words(machine, "contact", is_over=lambda: next(asked)) == 5
    assert indexing.enter_words(machine, "contact") == 7
    assert machine.told[-1] == (7, 7)


def test_large_messages_are_entered_a_few_at_once(machine, monkeypatch):
    monkeypatch.setattr(indexing, "GULP", 1)

    assert indexing.enter_words(machine, "contact") == 12
    assert counted(machine) == (12, 0)


def test_a_message_whose_file_is_gone_is_looked_at_once(machine):
    for path in machine.maildir("contact", "INBOX").keys().values():
        path.unlink()

    assert indexing.enter_words(machine, "contact") == 12
    assert indexing.enter_words(machine, "contact") == 0


def test_made_anew_the_words_are_those_of_the_files(machine):
    indexing.enter_words(machine, "contact")
    [folder] = machine.index.folders("contact")
    [first, *_] = machine.maildir("contact", "INBOX").keys().values()
    first.unlink()

    indexing.enter_anew(machine, folder)
    forget_words(machine.index)
    indexing.enter_all_words(machine)

    assert counted(machine) == (11, 0)
    assert machine.index.folder("contact", "INBOX").clean is False
