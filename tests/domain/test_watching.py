"""What holds for a watched account, and the hours in which nothing is told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ok
from mailctl.domain.watching import Checker, Day, Mode, Shows, Watching, hours, policy_of, quiet_until, seconds

WEEK = [Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI]


@pytest.mark.parametrize(("text", "length"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400), ("never", None)])
def test_a_duration_is_a_number_and_a_unit(text, length):
    assert seconds(text) == length


def test_an_account_goes_before_the_store():
    own = Checker(interval="1m", mode=Mode.POLL, folders=("INBOX", "Devis", "INBOX"), remind="never", content="count")

    policy = policy_of(own, Watching(interval="10m", remind="2h"))

    assert (policy.interval, policy.mode, policy.folders) == (60, Mode.POLL, ("INBOX", "Devis"))
    assert (policy.remind, policy.content) == (None, Shows.COUNT)


def test_what_an_account_leaves_out_the_store_says():
    policy = policy_of(Checker(), Watching(interval="10m", content=Shows.SENDER, quiet="20:00-07:30", days=tuple(WEEK)))

    assert (policy.interval, policy.remind, policy.content) == (600, 3600, Shows.SENDER)
    assert policy.quiet == hours("20:00-07:30")
    assert policy.days == frozenset(range(5))


@pytest.mark.parametrize(
    ("now", "until"),
    [  # the 24th of November 2026 is a Tuesday
        pytest.param("2026-11-24T12:00", None, id="noon"),
        pytest.param("2026-11-24T19:59", None, id="a minute before"),
        pytest.param("2026-11-24T20:00", "2026-11-25T07:30", id="the evening"),
        pytest.param("2026-11-25T07:29", "2026-11-25T07:30", id="the morning"),
        pytest.param("2026-11-25T07:30", None, id="its end"),
        pytest.param("2026-11-27T21:00", "2026-11-30T07:30", id="Friday evening, over the weekend"),
        pytest.param("2026-11-28T12:00", "2026-11-30T07:30", id="Saturday noon"),
    ],
)
def test_nights_and_weekends_are_quiet(now, until):
    policy = policy_of(Checker(), Watching(quiet="20:00-07:30", days=tuple(WEEK)))

    found = quiet_until(policy, datetime.fromisoformat(now))

    assert found == (datetime.fromisoformat(until) if until else None)


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda one: 1900 < one.year < 9000),
    st.from_regex(r"(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]-(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]", fullmatch=True),
    st.sets(st.sampled_from(list(Day)), min_size=1),
)
def test_no_quiet_is_without_end_and_at_its_end_one_may_tell(now, quiet, days):
    policy = policy_of(Checker(), Watching(quiet=quiet, days=tuple(days)))

    until = quiet_until(policy, now)

    if until is not None:
        assert now < until <= now + timedelta(days=9)
        assert quiet_until(policy, until) is None


@pytest.mark.parametrize(
    ("pair", "fault"),
    [
        ("checker.interval=5", "checker.interval"),
        ("checker.interval=never", "checker.interval"),
        ("checker.remind=soon", "checker.remind"),
        ("checker.mode=push", "one of auto, idle, poll"),
        ("checker.content=all", "one of count, sender, subject"),
    ],
)
def test_what_no_table_can_hold_is_refused(cli, firm, pair, fault):
    ran = cli("account", "set", "watch", pair)

    assert ran.status == 65
    assert fault in ran.err


def test_a_command_for_notifications_must_be_named(cli, firm):
    path = firm / "store.toml"
    path.write_text(path.read_text() + '\n[checker]\nnotify = "command"\n')

    ran = cli("store", "check")

    assert ran.status == 78
    assert "checker.notify: is 'command', and checker.command names none" in ran.out + ran.err


def test_the_keys_are_set_as_any_other(cli, firm):
    ok(cli("account", "set", "watch", "checker.interval=30s", "checker.folders=INBOX,Devis", "checker.enabled=no"))

    table = (firm / "accounts" / "watch.toml").read_text()
    assert '[checker]\nenabled = false\ninterval = "30s"\nfolders = [\n    "INBOX",\n    "Devis",\n]' in table
