"""What is told when: tables of moments, then long histories of whatever can happen to a mailbox."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.announce import GROUPING, Mark, Trouble, Unread, decide, decide_trouble
from mailctl.domain.watching import Checker, Shows, Watching, policy_of

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday
POLICY = policy_of(Checker(), Watching(remind="1h"))
PLANS = Unread("a", "Bob Roux", "Plans")
QUOTE = Unread("b", "Anna", "Devis")
HOUR = timedelta(hours=1)


def told(unread, mark=None, *, at=START, elsewhere=(), policy=POLICY):
    return decide("contact", unread, mark or Mark(), elsewhere=elsewhere, now=at, local=at, policy=policy)


def test_one_mail_is_one_line_at_once():
    decision = told([PLANS])

    assert (decision.notice.title, decision.notice.body) == ("contact: 1 new message", "Bob Roux: Plans")
    assert decision.mark.told == decision.mark.shown == ("a",)
    assert decision.again == START + HOUR


@pytest.mark.parametrize(
    ("content", "body"),
    [(Shows.COUNT, ""), (Shows.SENDER, "Bob Roux"), (Shows.SUBJECT, "Bob Roux: Plans")],
)
def test_only_what_was_asked_for_is_shown_of_a_mail(content, body):
    assert told([PLANS], policy=policy_of(Checker(content=content), Watching())).notice.body == body


def test_what_was_told_is_not_told_again():
    decision = told([PLANS], told([PLANS]).mark, at=START + HOUR / 2)

    assert (decision.notice, decision.withdraw) == (None, False)


def test_it_is_said_again_while_it_stays_unread():
    mark = told([PLANS]).mark

    again = told([PLANS], mark, at=START + HOUR)

    assert again.notice.title == "contact: 1 unread message"
    assert again.notice.fresh == ()
    assert told([PLANS], again.mark, at=START + HOUR * 1.5).notice is None
    assert told([PLANS], again.mark, at=START + HOUR * 2).notice is not None


def test_with_never_it_is_said_once():
    policy = policy_of(Checker(remind="never"), Watching())
    first = told([PLANS], policy=policy)

    assert first.again is None
    assert told([PLANS], first.mark, at=START + 100 * HOUR, policy=policy).notice is None


def test_what_is_read_elsewhere_is_taken_back():
    decision = told([], told([PLANS]).mark, at=START + HOUR)

    assert (decision.withdraw, decision.notice, decision.again) == (True, None, None)
    assert told([], decision.mark, at=START + HOUR).withdraw is False


def test_older_unread_mail_keeps_no_notification_of_read_mail():
    mark = Mark(told=("a", "b"), shown=("b",), last=START)

    assert told([PLANS], mark, at=START + HOUR / 2).withdraw


def test_mail_that_follows_at_once_is_told_together_with_it_after_a_moment():
    first = told([PLANS])

    early = told([PLANS, QUOTE], first.mark, at=START + timedelta(seconds=1))
    later = told([PLANS, QUOTE], early.mark, at=early.again)

    assert early.notice is None
    assert early.again == START + GROUPING
    assert later.notice.title == "contact: 2 new messages"
    assert later.notice.body == "Anna: Devis\nBob Roux: Plans"
    assert later.notice.fresh == (QUOTE,)


def test_a_first_run_on_five_thousand_unread_is_one_notification():
    many = [Unread(str(number), "Bob", f"No {number}") for number in range(5000)]

    first = told(many)

    assert first.notice.title == "contact: 5000 new messages"
    assert first.notice.body.splitlines() == [f"Bob: No {4999 - n}" for n in range(5)] + ["and 4995 more"]
    assert told(many, first.mark, at=START + HOUR / 2).notice is None


def test_the_same_mail_in_two_accounts_is_told_by_the_first():
    decision = told([PLANS], elsewhere={"a"})

    assert decision.notice is None
    assert decision.mark.passed == ("a",)
    assert told([PLANS], decision.mark, at=START + 2 * HOUR).notice is None, "the other account was removed since"


def test_nothing_is_told_at_night_and_all_of_it_in_the_morning():
    policy = policy_of(Checker(), Watching(quiet="20:00-07:30"))
    night = START.replace(hour=23)

    decision = told([PLANS], at=night, policy=policy)
    morning = told([PLANS], decision.mark, at=decision.again, policy=policy)

    assert decision.notice is None
    assert decision.again == START.replace(day=25, hour=7, minute=30)
    assert morning.notice.title == "contact: 1 new message"


def test_a_notification_is_taken_back_at_night_too():
    policy = policy_of(Checker(), Watching(quiet="20:00-07:30"))

    assert told([], Mark(told=("a",), shown=("a",), last=START), at=START.replace(hour=23), policy=policy).withdraw


def test_a_mail_marked_as_unread_again_is_not_new():
    mark = told([], told([PLANS]).mark, at=START + HOUR / 4).mark

    assert told([PLANS], mark, at=START + HOUR / 2).notice is None


def test_a_clock_set_back_by_a_year_delays_no_mail():
    mark = told([PLANS]).mark

    assert told([PLANS, QUOTE], mark, at=START - timedelta(days=365)).notice is not None


def test_what_is_remembered_of_read_mail_has_a_limit_and_unread_mail_is_never_forgotten():
    read = tuple(f"old{number}" for number in range(9000))

    mark = told([PLANS], Mark(told=("a", *read))).mark

    assert len(mark.told) < 2100
    assert "a" in mark.told


# -- accounts that fail


def test_an_account_that_fails_for_long_is_told_once_and_so_is_its_recovery():
    troubles = {"contact": Trouble(since=START, why="connection refused")}

    early = decide_trouble(troubles, (), well=(), now=START + HOUR / 4, patience=1800)
    late = decide_trouble(troubles, early.told, well=(), now=early.again, patience=1800)
    still = decide_trouble(troubles, late.told, well=(), now=START + 9 * HOUR, patience=1800)
    well = decide_trouble({}, still.told, well={"contact"}, now=START + 10 * HOUR, patience=1800)

    assert early.notice is still.notice is None
    assert (late.notice.title, late.notice.body) == ("cannot look at contact", "connection refused")
    assert well.notice.title == "reached again: contact"
    assert decide_trouble({}, well.told, well={"contact"}, now=START + 11 * HOUR, patience=1800).notice is None


def test_a_refused_login_is_told_at_once():
    troubles = {"contact": Trouble(since=START, why="refused", is_final=True)}

    assert decide_trouble(troubles, (), well=(), now=START, patience=1800).notice is not None


def test_a_thousand_accounts_that_fail_are_one_notification():
    troubles = {f"a{number:04}": Trouble(since=START, why="no network") for number in range(1000)}

    decision = decide_trouble(troubles, (), well=(), now=START + HOUR, patience=1800)

    assert decision.notice.title == "cannot look at a0000, a0001, a0002, a0003, a0004 and 995 more"
    assert len(decision.told) == 1000


def test_with_never_no_failure_is_told():
    troubles = {"contact": Trouble(since=START, why="x")}

    assert decide_trouble(troubles, (), well=(), now=START + 99 * HOUR, patience=None).notice is None


# -- histories

ACCOUNTS = ("contact", "billing")
HAPPENINGS = st.one_of(
    st.tuples(st.just("comes"), st.sampled_from([("contact",), ("billing",), ACCOUNTS])),
    st.tuples(st.just("read"), st.integers(0, 30)),
    st.tuples(st.just("unread again"), st.integers(0, 30)),
    st.tuples(st.just("renumbered"), st.none()),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("passes"), st.sampled_from([1, 4, 6, 60, 3600, 40000])),
)


class Desk:
    """Two mailboxes, and the checker that looks at them after whatever happened."""

    def __init__(self, policy):
        self.policy = policy
        self.now = START
        self.number = 0
        self.boxes = {name: {} for name in ACCOUNTS}
        self.marks = {name: Mark() for name in ACCOUNTS}
        self.fresh = []
        self.shown = {}

    def happens(self, what, more):
        match what:
            case "comes":
                self.number += 1
                for account in more:
                    self.boxes[account][f"m{self.number}"] = True
            case "read" | "unread again":
                for box in self.boxes.values():
                    if f"m{more}" in box:
                        box[f"m{more}"] = what == "unread again"
            case "renumbered":
                self.boxes = {name: dict(reversed(box.items())) for name, box in self.boxes.items()}
            case "passes":
                self.now += timedelta(seconds=more)

    def look(self):
        for account in ACCOUNTS:
            unread = [Unread(key, "x", "y") for key, is_unread in self.boxes[account].items() if is_unread]
            elsewhere = {key for name, mark in self.marks.items() if name != account for key in mark.told}
            decision = decide(account, unread, self.marks[account], elsewhere=elsewhere, now=self.now, local=self.now,
                              policy=self.policy)  # fmt: skip
            self.marks[account] = decision.mark
            if decision.withdraw:
                self.shown.pop(account, None)
            if decision.notice:
                self.shown[account] = decision.mark.shown
                self.fresh += [mail.key for mail in decision.notice.fresh]
                assert decision.notice.unread == len(unread) or not decision.notice.fresh
            assert decision.again is None or decision.again >= self.now

    def settle(self):
        """Let time pass until everything may be told that is due."""
        for _ in range(4):
            self.now += timedelta(days=2)
            self.now = self.now.replace(hour=12)
            self.look()


@settings(max_examples=300)
@given(st.lists(HAPPENINGS, max_size=60), st.sampled_from([None, "20:00-07:30"]), st.sampled_from(["1h", "never"]))
def test_every_mail_is_told_once_whatever_happens(happenings, quiet, remind):
    desk = Desk(policy_of(Checker(), Watching(quiet=quiet, remind=remind)))

    for what, more in happenings:
        desk.happens(what, more)
        desk.look()
    desk.settle()

    assert len(desk.fresh) == len(set(desk.fresh)), "told twice"
    unread = {key for box in desk.boxes.values() for key, is_unread in box.items() if is_unread}
    assert unread <= set(desk.fresh), "never told"
    for account, shown in desk.shown.items():
        assert any(desk.boxes[account][key] for key in shown), "a notification for mail that is read"
