"""Fixtures of the tests that send: a submission server that can fail, the outbox, and a clock."""

from datetime import UTC, datetime, timedelta

import pytest

from mailctl.local.outbox import Outbox
from support.scripted_smtp import submission
from support.sending import PASSWORD, add_account


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, and the account `contact` on it."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        add_account(cli, script)
        yield script


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


@pytest.fixture
def later(monkeypatch):
    """Let so much time pass."""

    def pass_by(**time):
        now = datetime.now(UTC) + timedelta(**time)
        monkeypatch.setattr("mailctl.cli.session.datetime", Clock(now))

    return pass_by


class Clock:
    """The clock as the command line reads it."""

    def __init__(self, moment):
        self.moment = moment

    def now(self, zone):
        return self.moment.astimezone(zone)
