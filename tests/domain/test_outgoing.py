"""What each answer of a server makes of a message on its way out."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from mailctl.domain import outgoing
from mailctl.domain.message import Delivery, DeliveryRefusedError, Refusal, State
from mailctl.domain.outgoing import Entry
from mailctl.errors import FateUnknownError, MessageRefusedError, TemporaryError

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
NEW = Entry(id=1, account="contact", message_id="<1@firm.example>", subject="Plans", sender="contact@firm.example",
            recipients=("a@x.example", "b@x.example"), size=10, created=NOW, next_attempt=NOW)  # fmt: skip
NO = Refusal(recipient="b@x.example", status=550, reply="550 unknown")
LATER = Refusal(recipient="b@x.example", status=451, reply="451 later")


def taken(*refused):
    accepted = tuple(one for one in NEW.recipients if one not in {other.recipient for other in refused})
    return Delivery(accepted=accepted, refused=refused, reply="250 taken")


def test_taken_for_all_it_only_owes_its_copy():
    after = outgoing.delivered(NEW, taken(), NOW)

    assert (after.state, after.owes_copy, after.is_done) == (State.SENT, True, False)
    assert replace(after, copied=True).is_done
    assert replace(after, copied=None).is_done


def test_who_was_refused_for_good_is_kept_and_not_tried_by_itself():
    after = outgoing.delivered(replace(NEW, copied=None), taken(NO), NOW)

    assert (after.state, after.refused, after.recipients) == (State.REFUSED, (NO,), ())
    assert not after.is_due(NOW + timedelta(days=9))
    assert after.last_reply == "550 unknown"


def test_who_was_asked_to_come_later_stays_alone():
    after = outgoing.delivered(NEW, taken(LATER), NOW)

    assert (after.state, after.recipients, after.accepted) == (State.QUEUED, ("b@x.example",), ("a@x.example",))
    assert after.is_due(NOW)


def test_a_copy_that_is_owed_is_due_even_when_somebody_was_refused():
    after = outgoing.delivered(NEW, taken(NO), NOW)

    assert after.is_due(NOW + timedelta(days=1))


def test_refused_as_a_whole_each_recipient_has_the_servers_words():
    error = DeliveryRefusedError("refused", delivery=Delivery(accepted=(), refused=(NO,), reply="550 unknown"))

    after = outgoing.rejected(replace(NEW, recipients=("b@x.example",)), error, NOW)

    assert (after.state, after.refused, after.owes_copy) == (State.REFUSED, (NO,), False)


def test_refused_before_the_server_was_asked_has_status_0():
    after = outgoing.rejected(NEW, MessageRefusedError("too large"), NOW)

    assert {(one.recipient, one.status) for one in after.refused} == {("a@x.example", 0), ("b@x.example", 0)}


def waits(entry, number, words="no network"):
    found = []
    for _ in range(number):
        entry = outgoing.postponed(entry, TemporaryError(words), NOW)
        found.append((entry.next_attempt - NOW).total_seconds() / 60)
    return found


def test_waits_grow_up_to_six_hours_and_each_is_a_little_shorter_than_it_might_be():
    most = [0, 5, 15, 60, 180, 360, 360, 360]

    assert all(0.8 * limit <= found <= limit for found, limit in zip(waits(NEW, 8), most, strict=True))


def test_no_two_messages_wait_equally_long():
    other = replace(NEW, message_id="<2@firm.example>")

    assert waits(NEW, 8)[1:] != waits(other, 8)[1:]


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("450 4.2.0 Greylisted, try again in 300 seconds", 300),
        ("451 4.7.1 Greylisted for 5 minutes", 300),
        ("450 please come back in 00:04:58", 298),
        ("421 too many, wait 1 hour", 3600),
        ("450 retry after 60s", 60),
        ("452 wait about 3 mins.", 180),
        ("450 in 999999999 hours", 86400),
        ("450 in 99999999999999999999 seconds", 0),
        ("451 try again later", 0),
        ("451 for 5 users", 0),
        ("cannot reach smtp.firm.example:587: no answer within 60 seconds", 0),
    ],
)
def test_a_server_that_says_how_long_is_obeyed_for_a_day_at_most(words, seconds):
    assert outgoing.back_off(words) == timedelta(seconds=seconds)


def test_what_a_server_asks_for_is_waited_even_at_first():
    assert waits(NEW, 2, "450 try again in 3600 seconds") == [60, 60]


def test_what_waits_for_a_day_is_old_unless_its_time_has_not_come():
    tomorrow = NOW + timedelta(days=2)

    assert NEW.is_old(tomorrow)
    assert replace(NEW, next_attempt=None, attempts=1).is_old(tomorrow)
    assert not NEW.is_old(NOW + timedelta(hours=23))
    assert not replace(NEW, next_attempt=tomorrow + timedelta(days=1)).is_old(tomorrow)


def test_an_unknown_fate_is_never_tried_within_the_same_minute_and_not_for_ever():
    entry, waits = NEW, []
    for _ in range(5):
        entry = outgoing.lost(entry, FateUnknownError("gone"), NOW)
        waits.append(entry.next_attempt and entry.next_attempt - NOW)

    assert entry.state is State.UNKNOWN
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] is None


def test_an_unknown_fate_stays_unknown_when_the_next_attempt_comes_to_nothing():
    entry = outgoing.lost(NEW, FateUnknownError("gone"), NOW)

    assert outgoing.postponed(entry, TemporaryError("no network"), NOW).state is State.UNKNOWN


def test_found_in_sent_it_is_done():
    entry = outgoing.lost(NEW, FateUnknownError("gone"), NOW)

    assert outgoing.found_sent(entry, NOW).is_done


@pytest.mark.parametrize(
    ("before", "state", "recipients"),
    [
        pytest.param(replace(NEW, recipients=(), refused=(NO,), state=State.REFUSED), State.QUEUED, ("b@x.example",),
                     id="refused"),
        pytest.param(replace(NEW, state=State.UNKNOWN, next_attempt=None), State.UNKNOWN, NEW.recipients, id="unknown"),
        pytest.param(replace(NEW, recipients=(), accepted=NEW.recipients, state=State.SENT), State.SENT, (),
                     id="only its copy is missing"),
    ],
)  # fmt: skip
def test_what_is_tried_again(before, state, recipients):
    after = outgoing.again(before, NOW)

    assert (after.state, after.recipients, after.refused) == (state, recipients, ())
    assert after.is_due(NOW)
