"""Moments to come, as one says them."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.moment import moment
from mailctl.errors import BadDataError


@pytest.fixture
def now(monkeypatch):
    """A Monday afternoon in winter, in Paris."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # no machine need know of Paris
    time.tzset()
    yield datetime(2026, 3, 2, 14, 30, tzinfo=UTC).astimezone()
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("18:00", "2026-03-02T17:00"),
        ("8:00", "2026-03-03T07:00"),
        ("today 18:00", "2026-03-02T17:00"),
        ("tomorrow 8:00", "2026-03-03T07:00"),
        ("Tomorrow at  08:05", "2026-03-03T07:05"),
        ("monday 15:31", "2026-03-02T14:31"),
        ("monday 9:30", "2026-03-09T08:30"),
        ("sunday 9:30", "2026-03-08T08:30"),
        ("+2h", "2026-03-02T16:30"),
        ("+2h30m", "2026-03-02T17:00"),
        ("+90min", "2026-03-02T16:00"),
        ("+1d", "2026-03-03T14:30"),
        ("2026-04-01T09:00:00Z", "2026-04-01T09:00"),
        ("2026-04-01T09:00:00+05:30", "2026-04-01T03:30"),
        ("2026-04-01 09:00", "2026-04-01T07:00"),  # summer by then
    ],
)
def test_a_moment_is_understood(now, said, meant):
    found = moment(said, now)

    assert found.tzinfo is UTC
    assert f"{found:%Y-%m-%dT%H:%M}" == meant


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "no moment"),
        ("soon", "no moment"),
        ("25:00", "no moment"),
        ("8:60", "no moment"),
        ("someday 8:00", "no moment"),
        ("+", "no moment"),
        ("+m", "no moment"),
        ("2026-04-01", "no moment"),
        ("today 8:00", "past"),
        ("2020-01-01T00:00:00Z", "past"),
        ("+9999d", "too far off"),
        ("9999-12-31T23:59:59Z", "too far off"),
    ],
)
def test_what_is_none_or_past_is_refused(now, said, why):
    with pytest.raises(BadDataError, match=why) as caught:
        moment(said, now)

    assert "tomorrow 8:00" in caught.value.hint


@given(st.text(max_size=30))
def test_whatever_is_said_is_a_moment_to_come_or_refused(said):
    now = datetime.now(UTC).astimezone()

    try:
        assert moment(said, now) >= now
    except BadDataError:
        return
