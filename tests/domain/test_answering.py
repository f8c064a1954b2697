"""To whom an answer goes, whatever stands in the header of what is answered."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.account import Account, Alias
from mailctl.domain.answering import (
    Whom,
    attribution,
    forwarded,
    is_own,
    quoted,
    recipients,
    subject_of_answer,
    subject_of_forward,
    usable,
    written_to,
)
from mailctl.domain.message import Reading

MINE = ("contact@firm.example", "quotes@firm.example")
ACCOUNT = Account(
    name="contact",
    address="contact@firm.example",
    aliases=(Alias(address="quotes@firm.example"), Alias(address="in@firm.example", send=False)),
)


def reading(**values):
    given = {
        "id": 1, "account": "contact", "folder": "INBOX", "sender": "Anna <anna@client.example>", "reply_to": "",
        "to": "contact@firm.example", "cc": "", "subject": "Visit", "date": datetime(2026, 3, 1, 9, tzinfo=UTC),
        "message_id": "<2@client.example>", "in_reply_to": None, "references": (), "text": "Hello", "is_html": False,
        "attachments": (),
    }  # fmt: skip
    return Reading(**{**given, **values})


def specs(pair):
    return tuple([one.spec for one in addresses] for addresses in pair)


@pytest.mark.parametrize(
    ("values", "everybody", "expected"),
    [
        pytest.param({}, False, (["anna@client.example"], []), id="the author"),
        pytest.param({"reply_to": "office@client.example"}, False, (["office@client.example"], []), id="Reply-To"),
        pytest.param({"to": "contact@firm.example, ben@x.example", "cc": "carl@x.example, QUOTES@firm.example"}, True,
                     (["anna@client.example", "ben@x.example"], ["carl@x.example"]), id="all but oneself"),
        pytest.param({"to": "ANNA@client.example"}, True, (["anna@client.example"], []), id="each once"),
        pytest.param({"sender": "Firm <contact@firm.example>", "to": "ben@x.example", "cc": "carl@x.example"}, False,
                     (["ben@x.example"], []), id="one's own mail: who got it"),
        pytest.param({"sender": "Firm <contact@firm.example>", "to": "ben@x.example", "cc": "carl@x.example"}, True,
                     (["ben@x.example"], ["carl@x.example"]), id="one's own mail: all who got it"),
        pytest.param({"sender": "somebody"}, False, ([], []), id="no address"),
        pytest.param({"to": "undisclosed, ben@x.example"}, True, (["anna@client.example", "ben@x.example"], []),
                     id="one that is no address"),
    ],
)  # fmt: skip
def test_an_answer_goes_to(values, everybody, expected):
    assert specs(recipients(reading(**values), MINE, Whom.EVERYBODY if everybody else Whom.AUTHOR)) == expected


@pytest.mark.parametrize(
    ("values", "alias"),
    [
        pytest.param({"to": "quotes@firm.example"}, "quotes@firm.example", id="an alias in To"),
        pytest.param({"to": "x@x.example", "cc": "Quotes@firm.example"}, "quotes@firm.example", id="an alias in Cc"),
        pytest.param({"to": "contact@firm.example", "cc": "quotes@firm.example"}, None, id="the address before"),
        pytest.param({"to": "in@firm.example"}, None, id="an alias that only receives"),
        pytest.param({"to": "list@x.example", "headers": (("Delivered-To", "quotes@firm.example"),)},
                     "quotes@firm.example", id="Delivered-To"),
        pytest.param({"to": ""}, None, id="nothing"),
    ],
)  # fmt: skip
def test_it_comes_from_what_was_written_to(values, alias):
    assert written_to(reading(**values), ACCOUNT) == alias


@pytest.mark.parametrize(
    "subject", ["Visit", "Re: Visit", "RE:RE: Visit", "Aw: re: Visit", "Re[3]: Visit", "RE : Visit"]
)
def test_re_stands_once(subject):
    assert subject_of_answer(subject) == "Re: Visit"


@pytest.mark.parametrize("subject", ["Regarding: Visit", "Red: a colour", "R: a language"])
def test_other_words_with_a_colon_stay(subject):
    assert subject_of_answer(subject) == f"Re: {subject}"


def test_the_thread_goes_on_from_references_else_from_in_reply_to():
    assert quoted(reading(references=("<0@x>", "<1@x>"), in_reply_to="<1@x>")).references == ("<0@x>", "<1@x>")
    assert quoted(reading(in_reply_to="<1@x>")).references == ("<1@x>",)
    assert quoted(reading()).references == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"date": None}, "Anna wrote:"),
        ({"date": None, "sender": "anna@client.example"}, "anna@client.example wrote:"),
        ({"date": None, "sender": "Undisclosed"}, "Undisclosed wrote:"),
        ({"date": None, "sender": ""}, "somebody wrote:"),
    ],
)
def test_who_is_quoted(values, expected):
    assert attribution(reading(**values)) == expected


def test_when_is_said_in_local_time():
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC).astimezone()

    assert attribution(reading()) == f"On {moment:%Y-%m-%d at %H:%M}, Anna wrote:"


def test_what_is_no_address_is_left_out():
    assert [one.spec for one in usable('"A, B" <a@x.example>, nonsense, <b@x.example>, c@')] == [
        "a@x.example", "b@x.example"
    ]  # fmt: skip


# -- lists, and all the ways of being oneself


LIST = (("List-Post", "<mailto:plans@lists.example?subject=x>, <https://lists.example/post>"),)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(LIST, ["plans@lists.example"], id="by mail or on the web"),
        pytest.param((("LIST-POST", "<mailto:a%2Bb@lists.example>"),), ["a+b@lists.example"], id="percent-encoded"),
        pytest.param((("List-Post", "NO"),), [], id="one that takes no mail"),
        pytest.param((("List-Post", "<mailto:nonsense>"),), [], id="nonsense"),
        pytest.param((), [], id="no list"),
    ],
)
def test_an_answer_to_the_list_goes_where_it_takes_mail(headers, expected):
    assert specs(recipients(reading(headers=headers), MINE, Whom.LIST)) == (expected, [])


def test_an_answer_to_all_goes_where_its_author_asks_for():
    asks = reading(headers=(("Mail-Followup-To", "plans@lists.example, Contact+x@firm.example"),), cc="x@x.example")

    assert specs(recipients(asks, MINE, Whom.EVERYBODY)) == (["plans@lists.example"], [])
    assert specs(recipients(asks, MINE, Whom.AUTHOR)) == (["anna@client.example"], [])


@pytest.mark.parametrize(
    ("spec", "own"),
    [
        pytest.param("CONTACT@Firm.example", True, id="in another case"),
        pytest.param("contact+visit@firm.example", True, id="with a tag"),
        pytest.param("z@XN--BCHER-KVA.example", True, id="the domain in ASCII"),
        pytest.param("news+firm@x.example", True, id="a tag that is part of it"),
        pytest.param("news@x.example", False, id="without the tag that is part of it"),
        pytest.param("news+other@x.example", False, id="with another one"),
        pytest.param("contact@firm.example.org", False, id="a longer domain"),
        pytest.param("xcontact@firm.example", False, id="a longer name"),
    ],
)
def test_what_is_ones_own(spec, own):
    assert is_own(spec, ("contact@firm.example", "z@bücher.example", "news+firm@x.example")) is own


def test_a_tagged_alias_answers_as_the_alias():
    assert written_to(reading(to="Quotes+lycee@firm.example"), ACCOUNT) == "quotes@firm.example"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SV: Re: VS: Visit", "Re: Visit"),
        ("回复：Visit", "Re: Visit"),
        ("Re: [plans] Re: Visit", "Re: [plans] Visit"),
        ("[plans] Visit", "Re: [plans] Visit"),
        ("Fwd: Visit", "Re: Fwd: Visit"),
        ("", "Re:"),
    ],
)
def test_marks_of_answers_are_not_piled_up(before, after):
    assert subject_of_answer(before) == after
    assert subject_of_answer(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Visit", "Fwd: Visit"),
        ("Fwd: Visit", "Fwd: Visit"),
        ("TR : WG: Fw: Visit", "Fwd: Visit"),
        ("Re: Visit", "Fwd: Re: Visit"),
        ("Fwd: AW: Re: Visit", "Fwd: Re: Visit"),
        ("Forward: march", "Fwd: Forward: march"),
        ("", "Fwd:"),
    ],
)
def test_fwd_stands_once(before, after):
    assert subject_of_forward(before) == after
    assert subject_of_forward(after) == after


@given(st.text(max_size=60))
def test_marking_twice_changes_nothing(subject):
    for mark in (subject_of_answer, subject_of_forward):
        assert mark(mark(subject)) == mark(subject)


def test_what_is_passed_on_is_told_by_what_it_says_itself():
    head = forwarded(reading(date=None, cc="ben@x.example", subject=""), text="x").head

    assert head.splitlines() == [
        "---------- Forwarded message ----------", "From: Anna <anna@client.example>", "To: contact@firm.example",
        "Cc: ben@x.example",
    ]  # fmt: skip


def test_what_is_answered_is_quoted_without_its_authors_signature():
    assert quoted(reading(text="Hello\n-- \nAnna\n")).text == "Hello\n"
    assert quoted(reading(text="Hello\n--\nAnna\n", is_html=True)).text == "Hello\n"


def test_control_characters_that_came_by_mail_do_not_go_out_again():
    odd = reading(sender="An\x1bna <anna@client.example>", subject="Vi\x1b[1msit\x07\x00")

    assert [str(one) for one in recipients(odd, MINE)[0]] == ["Anna <anna@client.example>"]
    assert subject_of_answer(odd.subject) == "Re: Vi[1msit"
    assert subject_of_forward(odd.subject) == "Fwd: Vi[1msit"
