"""What an SMTP server answers to each line, and which messages come of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain import dialogue
from mailctl.domain.dialogue import Dialogue, Handed, Wanted
from mailctl.domain.dsn import Dsn, Notify, Return
from mailctl.errors import BadDataError

ENVELOPE = ("MAIL FROM:<a@firm.example>", "RCPT TO:<b@x.example>")


class Text(list):
    """The lines of a message."""

    write = list.append

    def content(self):
        return b"".join(self)


class Talk:
    """A conversation, and what was handed in."""

    def __init__(self):
        self.handed = []
        self.dialogue = Dialogue("here", check=self.check, begin=Text, take=self.take)

    def check(self, address):
        if "@" not in address:
            raise BadDataError(f"'{address}' is a\nlocal name")

    def take(self, handed):
        self.handed.append(handed)
        return "250 kept"

    def say(self, *lines, end=b"\r\n"):
        """The codes of the replies, of the last line of each."""
        replies = [self.dialogue.answer((one if isinstance(one, bytes) else one.encode()) + end) for one in lines]
        return [reply.split("\n")[-1][:3] for reply in replies if reply]


@pytest.fixture
def talk():
    made = Talk()
    assert made.say("EHLO client") == ["250"]
    return made


def test_a_message_is_handed_over_with_its_envelope(talk):
    codes = talk.say(*ENVELOPE, "RCPT TO:<c@x.example>", "DATA", "Subject: x", "", "..dot", ".", "QUIT")

    assert codes == ["250", "250", "250", "354", "250", "221"]
    assert talk.handed == [
        Handed(sender="a@firm.example", recipients=("b@x.example", "c@x.example"), raw=b"Subject: x\r\n\r\n.dot\r\n")
    ]
    assert talk.dialogue.wanted is Wanted.NOTHING


def test_what_is_offered_is_what_is_understood(talk):
    offered = talk.dialogue.answer(b"EHLO [127.0.0.1]\r\n").split("\n")

    assert [line[4:] for line in offered] == [
        "here", "PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "HELP"
    ]  # fmt: skip


def test_several_messages_follow_one_another(talk):
    for number in range(3):
        assert talk.say(*ENVELOPE, "DATA", f"Subject: {number}", ".") == ["250", "250", "354", "250"]

    assert [one.raw for one in talk.handed] == [b"Subject: %d\r\n" % number for number in range(3)]
    assert {one.recipients for one in talk.handed} == {("b@x.example",)}


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        pytest.param(("RCPT TO:<b@x.example>",), ["503"], id="RCPT before MAIL"),
        pytest.param(("DATA",), ["503"], id="DATA before MAIL"),
        pytest.param((ENVELOPE[0], "DATA"), ["250", "503"], id="DATA before RCPT"),
        pytest.param((ENVELOPE[0], ENVELOPE[0]), ["250", "503"], id="MAIL twice"),
        pytest.param((*ENVELOPE, "RSET", "DATA"), ["250", "250", "250", "503"], id="after RSET"),
        pytest.param((*ENVELOPE, "EHLO again", "DATA"), ["250", "250", "250", "503"], id="after EHLO"),
        pytest.param(("MAIL FROM a@x",), ["501"], id="MAIL without its colon"),
        pytest.param(("MAIL FROM:<a@x",), ["501"], id="no end of the address"),
        pytest.param(("MAIL FROM:",), ["501"], id="no address"),
        pytest.param((ENVELOPE[0], "RCPT TO:<>"), ["250", "501"], id="nobody as recipient"),
        pytest.param((ENVELOPE[0], "RCPT TO:<root>"), ["250", "553"], id="a recipient that is none"),
        pytest.param(("MAIL FROM:<a@x> SIZE=999999999999",), ["552"], id="too large, said beforehand"),
        pytest.param(("MAIL FROM:<a@x> SIZE=many",), ["501"], id="a size that is none"),
        pytest.param(("MAIL FROM:<a@x> BODY=BINARYMIME",), ["501"], id="a body that is not offered"),
        pytest.param(("MAIL FROM:<a@x> X-ODD=1",), ["555"], id="a parameter there is none of"),
        pytest.param((ENVELOPE[0], "RCPT TO:<b@x> NOTIFY=SOMETIMES"), ["250", "501"], id="a report there is none of"),
        pytest.param((*ENVELOPE, "DATA now"), ["250", "250", "501"], id="DATA with more"),
        pytest.param(("XYZZY",), ["500"], id="no such command"),
        pytest.param(("",), ["500"], id="nothing"),
        pytest.param(("EXPN list", "STARTTLS", "AUTH PLAIN"), ["502", "502", "502"], id="what is not done here"),
        pytest.param(
            ("NOOP", "noop x", "VRFY a@x", "VRFY", "HELP"), ["250", "250", "252", "501", "214"], id="small talk"
        ),
        pytest.param((b"MAIL FROM:<\xff@x>",), ["500"], id="not in UTF-8"),
        pytest.param(("MAIL FROM:<" + "a" * 3000 + "@x>",), ["500"], id="a line too long"),
        pytest.param(("MAIL FROM:<>", ENVELOPE[1]), ["250", "250"], id="the null sender"),
        pytest.param(("mail from: a@x", "Rcpt To:b@x"), ["250", "250"], id="without brackets, in any case"),
        pytest.param(
            ("MAIL FROM:<@relay:a@x> BODY=8BITMIME SMTPUTF8",), ["250"], id="an old route, and what is offered"
        ),
    ],
)
def test_each_line_gets_its_answer_and_no_message_comes_of_a_bad_one(talk, lines, codes):
    assert talk.say(*lines) == codes
    assert talk.handed == []


def test_before_a_greeting_nothing_begins():
    assert Talk().say(ENVELOPE[0]) == ["503"]


def test_helo_will_do():
    talk = Talk()

    assert talk.say("HELO client", *ENVELOPE, "DATA", "x", ".") == ["250", "250", "250", "354", "250"]


def test_the_reports_that_are_wanted_are_handed_on(talk):
    talk.say(
        "MAIL FROM:<a@x> RET=HDRS ENVID=QQ+2B1", "RCPT TO:<b@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@x", "DATA", "."
    )

    assert talk.handed[0].dsn == Dsn(notify=(Notify.SUCCESS, Notify.DELAY), returned=Return.HEADERS, id="QQ+1")


def test_a_message_too_large_is_refused_as_a_whole(talk, monkeypatch):
    monkeypatch.setattr(dialogue, "LARGEST", 100)

    assert talk.say(*ENVELOPE, "DATA", *(["x" * 20] * 10), ".")[-1] == "552"
    assert talk.handed == []
    assert talk.say(*ENVELOPE, "DATA", "x", ".")[-1] == "250"


def test_whom_it_refuses_the_message_goes_without(talk):
    assert talk.say(*ENVELOPE, "RCPT TO:<root>", "DATA", "x", ".") == ["250", "250", "553", "354", "250"]
    assert talk.handed[0].recipients == ("b@x.example",)


def test_a_reply_is_one_line_whatever_the_failure_says(talk):
    talk.say(ENVELOPE[0])

    assert talk.dialogue.answer(b"RCPT TO:<root>\r\n") == "553 5.1.3 'root' is a local name"


@pytest.mark.parametrize("inner", [b"\n.\n", b"\n.\r\n", b"\r.\r\n"])
def test_what_a_message_quotes_does_not_end_it_for_who_ends_lines_with_crlf(talk, inner):
    talk.say(*ENVELOPE, "DATA")
    for line in (b"x" + inner + b"MAIL FROM:<evil@x>\r\n").splitlines(keepends=True):
        talk.dialogue.answer(line)

    assert talk.handed == []
    assert talk.say(".") == ["250"]
    assert b"evil" in talk.handed[0].raw


def test_who_ends_lines_with_lf_is_understood(talk):
    assert talk.say(*ENVELOPE, "DATA", "..x", ".", end=b"\n") == ["250", "250", "354", "250"]
    assert talk.handed[0].raw == b".x\n"


WORDS = [b"EHLO x", b"MAIL FROM:<a@x>", b"RCPT TO:<b@x>", b"DATA", b".", b"RSET", b"QUIT", b"x"]


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(WORDS)), max_size=20))
def test_whatever_is_said_there_is_an_answer_and_a_message_has_an_envelope(lines):
    talk = Talk()

    for line in lines:
        was_text = talk.dialogue.wanted is Wanted.TEXT
        reply = talk.dialogue.answer(line + b"\r\n")
        assert reply[:3].isdigit() or (was_text and reply == "")
        assert "\r" not in reply

    assert all(one.recipients and one.sender is not None for one in talk.handed)
