"""The search language: what each query means, and where it says nothing that can be meant."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.query import (
    After,
    All,
    Before,
    Either,
    HasAttachment,
    InFolder,
    Is,
    Larger,
    Not,
    OfAccount,
    Place,
    Smaller,
    State,
    Words,
    parse,
)
from mailctl.errors import UsageError


def word(text, place=Place.ANYWHERE, *, prefix=False):
    return Words(place, text, prefix)


A, B, C = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "term"),
    [
        pytest.param("plans", word("plans"), id="a word"),
        pytest.param("a b", All((A, B)), id="words stand together"),
        pytest.param("a AND b", All((A, B)), id="AND says the same"),
        pytest.param("a OR b", Either((A, B)), id="one of two"),
        pytest.param("a b OR c", Either((All((A, B)), C)), id="AND binds closer than OR"),
        pytest.param("a (b OR c)", All((A, Either((B, C)))), id="parentheses"),
        pytest.param("a(b)c", All((A, B, C)), id="parentheses without spaces"),
        pytest.param("NOT a", Not(A), id="NOT"),
        pytest.param("-a", Not(A), id="a minus"),
        pytest.param("-(a OR b)", Not(Either((A, B))), id="a minus before parentheses"),
        pytest.param("NOT NOT a", Not(Not(A)), id="NOT twice"),
        pytest.param("e-mail", word("e-mail"), id="a hyphen is no minus"),
        pytest.param("a - b", UsageError, id="a minus alone"),
        pytest.param("and or not", All((word("and"), word("or"), word("not"))), id="small letters are words"),
        pytest.param('"site plans"', word("site plans"), id="words that follow each other"),
        pytest.param('"a OR (b"', word("a OR (b"), id="quotes take everything"),
        pytest.param('-"a b"', Not(word("a b")), id="a minus before quotes"),
        pytest.param("plan*", word("plan", prefix=True), id="a word that goes on"),
        pytest.param('"site plan"*', word("site plan", prefix=True), id="words of which the last goes on"),
        pytest.param("from:anna", word("anna", Place.SENDER), id="a sender"),
        pytest.param("to:anna@firm.example", word("anna@firm.example", Place.RECIPIENTS), id="a recipient"),
        pytest.param('subject:"a  b"', word("a b", Place.SUBJECT), id="a subject"),
        pytest.param("body:x*", word("x", Place.BODY, prefix=True), id="a text"),
        pytest.param("in:Sent", InFolder("Sent"), id="a folder"),
        pytest.param('in:"Sent Items"', InFolder("Sent Items"), id="a folder with a space"),
        pytest.param("in:Clients/Lyon", InFolder("Clients/Lyon"), id="a folder in another"),
        pytest.param("account:contact", OfAccount("contact"), id="an account"),
        pytest.param("has:attachment", HasAttachment(), id="attachments"),
        pytest.param("has:attachments", HasAttachment(), id="attachments, in the plural"),
        pytest.param("is:unread", Is(State.UNREAD), id="unread"),
        pytest.param("is:Flagged", Is(State.FLAGGED), id="flagged, in another case"),
        pytest.param("before:2026-03-31", Before(date(2026, 3, 31)), id="before a day"),
        pytest.param("after:2026-3", After(date(2026, 3, 1)), id="from a month on"),
        pytest.param("after:2026", After(date(2026, 1, 1)), id="from a year on"),
        pytest.param("larger:10M", Larger(10_000_000), id="megabytes"),
        pytest.param("smaller:5kb", Smaller(5000), id="kilobytes"),
        pytest.param("smaller:5", Smaller(5), id="bytes"),
        pytest.param("http://a.example/?b=c", word("http://a.example/?b=c"), id="an address on the web is words"),
        pytest.param("10:30", word("10:30"), id="a time is words"),
        pytest.param("été", word("été"), id="letters with accents"),
    ],
)
def test_a_query_means(text, term):
    if term is UsageError:
        with pytest.raises(UsageError):
            parse(text)
    else:
        assert parse(text) == term


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "says nothing", id="nothing"),
        pytest.param("  ", "says nothing", id="spaces"),
        pytest.param("a OR", "column 5: a word is missing at the end", id="OR at the end"),
        pytest.param("OR a", "column 1: a word is missing before 'OR'", id="OR at the beginning"),
        pytest.param("a AND OR b", "column 7: a word is missing before 'OR'", id="AND and OR"),
        pytest.param("NOT", "column 4: a word is missing at the end", id="NOT alone"),
        pytest.param("a (b", "column 3: the parenthesis is never closed", id="an open parenthesis"),
        pytest.param("a b)", "column 4: the parenthesis was never opened", id="a closed one"),
        pytest.param("()", "column 2: a word is missing before ')'", id="nothing in parentheses"),
        pytest.param('a "b c', "column 3: the quotation mark is never closed", id="an open quotation"),
        pytest.param('subject:"b c', "column 9: the quotation mark is never closed", id="one behind a field"),
        pytest.param("a ???", "column 3: '???' holds no letter and no digit", id="nothing to look for"),
        pytest.param("from: anna", "column 1: 'from:' says nothing", id="a space behind a field"),
        pytest.param("a form:anna", "column 3: there is no field 'form:'", id="a field misspelt"),
        pytest.param("is:new", "'is:' takes unread, read, flagged, answered, not 'new'", id="an unknown state"),
        pytest.param("has:wings", "'has:' takes attachment", id="nothing mail can have"),
        pytest.param("before:yesterday", "'yesterday' is no day", id="no day"),
        pytest.param("after:2026-02-30", "'2026-02-30' is no day", id="a day no month has"),
        pytest.param("larger:big", "'big' is no size", id="no size"),
        pytest.param("(" * 40 + "a" + ")" * 40, "no more than 30 levels", id="too deep"),
        pytest.param("NOT " * 60 + "a", "no more than 30 levels", id="too often NOT"),
        pytest.param("a " * 101, "100 words at most", id="too many words"),
        pytest.param("a" * 2001, "2000 letters at most", id="too long"),
    ],
)
def test_what_says_nothing_is_refused_by_its_column(text, message):
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert message in str(caught.value)
    assert caught.value.hint


PIECES = st.sampled_from(
    ["a", "b*", '"c d"', "from:x", 'in:"y z"', "is:read", "AND", "OR", "NOT", "-", "(", ")", " ", '"', ":", "larger:1"]
)


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_a_query_or_is_refused(text):
    try:
        term = parse(text)
    except UsageError:
        return
    assert term == parse(f" {text} ")
