"""What is known of servers: one entry each, of who logs in there."""

from datetime import UTC, datetime

from mailctl.domain.foresight import Foresight
from mailctl.local import foresights
from mailctl.local.index import Index

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ONE = Foresight(greeted="IMAP4REV1 IDLE", commands=('LIST "" "*"', 'STATUS "Entw\xe4" (UNSEEN)'))


def test_the_last_that_was_noted_is_known(tmp_path):
    index = Index(tmp_path / "index.sqlite")
    foresights.note(index, "a@b:993", Foresight(greeted="x"), NOW)
    foresights.note(index, "a@b:993", ONE, NOW)

    assert foresights.recalled(index, "a@b:993") == (ONE, NOW)
    assert foresights.recalled(index, "b@b:993") is None


def test_what_is_forgotten_is_not_known(tmp_path):
    index = Index(tmp_path / "index.sqlite")
    foresights.note(index, "a@b:993", Foresight(greeted="x"), NOW)
    foresights.forget(index, "a@b:993")

    assert foresights.recalled(index, "a@b:993") is None


def test_no_commands_are_none(tmp_path):
    index = Index(tmp_path / "index.sqlite")
    foresights.note(index, "a@b:993", Foresight(greeted=""), NOW)

    assert foresights.recalled(index, "a@b:993") == (Foresight(greeted=""), NOW)
