"""What every way of notifying must do; a way's test gives `notifier` and `shown`."""

import pytest

from mailctl.domain.announce import TROUBLE, Notice, Unread, Urgency

PLANS = Notice(
    tag="contact", account="contact", title="contact: 1 new message", body="Bob: Plans", unread=1, fresh=(Unread("a"),)
)
FAILING = Notice(tag=TROUBLE, title="cannot look at contact", body="connection refused", urgency=Urgency.CRITICAL)
HOSTILE = {
    "an option": "--wait",
    "an option with a value": "--action=x=y",
    "NUL": "a\0b",
    "control characters": "\x1b]0;title\x07\x9b31m",
    "turned text": "\u202etxt.exe",
    "half a letter": "\ud800",
    "markup": "<b>bold</b> & <a href='x'>y</a>",
    "an unclosed tag": "<b",
    "a shell's words": "$(touch /tmp/x); `id` | 'x' \"",
    "very long": "x" * 100_000,
    "many lines": "\n" * 1000,
    "nothing": "",
    "other scripts": "日本語 العربية 🎉",
}


class NotifierSuite:
    """Every notifier; `shown()` gives title and body of what was displayed, the oldest first."""

    def test_shows_a_notice(self, notifier, shown):
        notifier.show(PLANS)

        [(title, _)] = shown()
        assert title == "contact: 1 new message"

    def test_shows_one_that_is_about_no_account(self, notifier, shown):
        notifier.show(FAILING)

        assert shown()[-1][0] == "cannot look at contact"

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
    def test_shows_whatever_came_by_mail(self, notifier, shown, text):
        notifier.show(Notice(tag="contact", account="contact", title=f"contact: {text}", body=text, unread=1))

        [(title, body)] = shown()
        assert title.startswith("contact: ")
        assert len(title) <= 200
        assert not any(letter in title + body for letter in "\0\x1b\x07\x9b\u202e")

    def test_takes_back_what_it_showed_and_what_it_never_showed(self, notifier, shown):
        notifier.show(PLANS)

        notifier.withdraw("contact")
        notifier.withdraw("contact")
        notifier.withdraw("never")

    def test_can_be_closed_twice_and_shows_again_afterwards(self, notifier, shown):
        notifier.close()
        notifier.close()
        notifier.show(PLANS)

        assert len(shown()) == 1

    def test_heeds_answers_when_there_are_none(self, notifier):
        notifier.heed()
        notifier.show(PLANS)
        notifier.heed()
