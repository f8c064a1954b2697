"""What is asked along with the login: answered a round trip earlier, and given up where a server stumbles over it."""

import base64

import pytest

from mailctl.domain.foresight import Foresight
from mailctl.errors import LoginRefusedError, ServerUnreachableError
from mailctl.remote import imap_ahead
from mailctl.remote.imap import open_imap
from mailctl.remote.trace import Trace
from support.scripted_imap import HANG_UP, SILENCE, scripted_imap

OFFERED = b"{tag} OK [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE LIST-STATUS] logged in\r\n"
INBOX = b'* LIST () "/" INBOX\r\n'
STATUS = b"* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1)\r\n"
PLAIN = 'LIST "" "*"'
COUNTING = f"{PLAIN} RETURN (SPECIAL-USE STATUS"
RICH = f"{COUNTING} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))"
SENT_OF_OLD = b'* LIST () "/" Sent\r\n'
SENT = b'* LIST (\\Sent) "/" Sent\r\n'
GREETED = "IMAP4REV1 SASL-IR AUTH=PLAIN"
KNOWN = Foresight(greeted=GREETED, commands=(RICH,))
BY_LOGIN = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"
TABLE = {"AUTHENTICATE PLAIN": OFFERED, "LOGIN": OFFERED, COUNTING: INBOX + STATUS + b"{tag} OK\r\n"}


def looked(script, foresight=KNOWN, *, secret="secret", trace=None, oauth=False):
    """The folders and their messages, and what is to be foreseen the next time."""
    with open_imap(script.server(oauth=oauth), secret, timeout=20.0, foresight=foresight, trace=trace) as session:
        names = [one.name for one in session.folders(counted=True)]
        return {name: one.messages for name, one in session.states(names).items()}, session.foresight


def only_together(script):
    """What a server says that lets nobody in before it was asked for the folders too."""
    return lambda _: script.tags[-2].encode() + OFFERED.removeprefix(b"{tag}") + TABLE[COUNTING]


def once(first, then):
    """Two answers: to the first time, and to all others."""
    answers = iter([first])
    return lambda _: next(answers, then)


@pytest.mark.parametrize(
    ("greeting", "greeted"),
    [
        pytest.param(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n", GREETED, id="AUTHENTICATE"),
        pytest.param(BY_LOGIN, "IMAP4REV1", id="LOGIN"),
    ],
)
def test_the_folders_are_asked_for_before_the_login_is_answered(greeting, greeted):
    with scripted_imap({"AUTHENTICATE PLAIN": b"", "LOGIN": b""}, greeting=greeting) as script:
        script.change({COUNTING: only_together(script)})
        counts, foresight = looked(script, Foresight(greeted=greeted, commands=(RICH,)))

    assert counts == {"INBOX": 3}
    assert foresight == Foresight(greeted=greeted, commands=(RICH,))
    assert len(script.commands("LIST")) == 1


def test_what_a_server_was_asked_first_is_told_for_the_next_time():
    with scripted_imap(TABLE) as script:
        assert looked(script, None) == ({"INBOX": 3}, KNOWN)


def test_a_poor_server_is_asked_for_all_at_once_too():
    table = {"AUTHENTICATE PLAIN": b"{tag} OK in\r\n", "STATUS": STATUS + b"{tag} OK\r\n"}
    with scripted_imap(table) as script:
        _, foresight = looked(script, None)
        script.change({"AUTHENTICATE PLAIN": b"", "CAPABILITY": b"", "LIST": b""})
        whole = b"%b OK in\r\n* CAPABILITY IMAP4rev1\r\n%b OK\r\n" + INBOX + b"%b OK\r\n" + STATUS + b"{tag} OK\r\n"
        script.change({"STATUS": lambda _: whole % tuple(one.encode() for one in script.tags[-4:-1])})

        assert looked(script, foresight) == ({"INBOX": 3}, foresight)

    assert [line.split()[0] for line in foresight.commands] == ["CAPABILITY", "LIST", "STATUS"]


def test_who_greets_otherwise_is_asked_when_the_login_is_answered():
    with scripted_imap(TABLE) as script:
        counts, foresight = looked(script, Foresight(greeted="IMAP4REV1 IDLE", commands=("LIST nothing",)))

    assert counts == {"INBOX": 3}
    assert foresight == KNOWN
    assert "LIST nothing" not in script.said


@pytest.mark.parametrize("end", [b"", HANG_UP], ids=["goes on", "hangs up"])
def test_a_refused_login_is_told_as_ever_and_tried_once(end):
    table = {
        "AUTHENTICATE PLAIN": b"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n" + end,
        "LIST": b"{tag} BAD log in first\r\n",
    }
    with scripted_imap(table) as script, pytest.raises(LoginRefusedError, match=r"login of 'alice': .*wrong"):
        looked(script)

    assert len(script.commands("AUTHENTICATE")) == 1


@pytest.mark.parametrize(
    "stumbling",
    [
        pytest.param(b"{tag} BAD one thing after the other\r\n", id="BAD to the login"),
        pytest.param(HANG_UP, id="hangs up"),
        pytest.param(b"* BYE too fast\r\n" + HANG_UP, id="BYE"),
        pytest.param(b"+ \r\n", id="asks on"),
    ],
)
def test_who_stumbles_is_asked_one_by_one_from_then_on(stumbling):
    with scripted_imap({**TABLE, "AUTHENTICATE PLAIN": once(stumbling, OFFERED)}) as script:
        counts, foresight = looked(script)

    assert counts == {"INBOX": 3}
    assert foresight == Foresight(greeted=GREETED)
    assert len(script.commands("AUTHENTICATE")) == 2


def test_who_forgets_what_came_along_is_asked_again(monkeypatch):
    monkeypatch.setattr(imap_ahead, "DEAF_SECONDS", 0.05)
    with scripted_imap({**TABLE, COUNTING: once(b"", TABLE[COUNTING])}) as script:
        counts, foresight = looked(script)

    assert counts == {"INBOX": 3}
    assert foresight == Foresight(greeted=GREETED)
    assert [line.split()[0] for line in script.said] == ["AUTHENTICATE", "LIST", "NOOP", "LIST", "LOGOUT"]


def test_who_is_only_slow_forgot_nothing(monkeypatch):
    monkeypatch.setattr(imap_ahead, "DEAF_SECONDS", 0.05)
    with scripted_imap({**TABLE, COUNTING: b""}) as script:
        late = lambda _: script.tags[-2].encode() + b" OK\r\n{tag} OK\r\n"  # noqa: E731
        script.change({"NOOP": lambda command: INBOX + STATUS + late(command)})

        assert looked(script) == ({"INBOX": 3}, KNOWN)

    assert len(script.commands("LIST")) == 1


def test_a_form_that_is_refused_now_is_asked_for_in_other_words():
    table = {**TABLE, COUNTING: b"{tag} BAD what?\r\n", "STATUS": STATUS + b"{tag} OK\r\n"}
    with scripted_imap(table) as script:
        counts, foresight = looked(script)

    assert counts == {"INBOX": 3}
    assert foresight.commands[0] == f"{PLAIN} RETURN (SPECIAL-USE)"


def test_who_can_do_other_things_now_is_asked_for_those_and_the_former_answers_pass():
    table = {**TABLE, "LIST": INBOX + SENT_OF_OLD + b"{tag} OK\r\n"}
    table[COUNTING] = INBOX + SENT + STATUS + b"{tag} OK\r\n"
    with (
        scripted_imap(table) as script,
        open_imap(script.server(), "x", timeout=20.0, foresight=Foresight(greeted=GREETED, commands=(PLAIN,))) as one,
    ):
        folders = one.folders(counted=True)
        foresight = one.foresight

    assert {folder.name: folder.attributes for folder in folders} == {"INBOX": frozenset(), "Sent": {"\\sent"}}
    assert foresight == KNOWN


def test_a_folder_that_came_or_went_meanwhile_is_heeded():
    table = {"AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n", "STATUS": STATUS + b"{tag} OK\r\n"}
    table['STATUS "Sent"'] = STATUS.replace(b"INBOX", b"Sent") + b"{tag} OK\r\n"
    table['STATUS "Gone"'] = b"{tag} NO it is gone\r\n"
    counts = "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"
    known = Foresight(greeted=GREETED, commands=(PLAIN, f'STATUS "Gone" {counts}', f'STATUS "INBOX" {counts}'))
    with scripted_imap({**table, "LIST": INBOX + SENT + b"{tag} OK\r\n"}) as script:
        found, foresight = looked(script, known)

    assert found == {"INBOX": 3, "Sent": 3}
    assert foresight.commands == (PLAIN, f'STATUS "INBOX" {counts}', f'STATUS "Sent" {counts}')
    assert len(script.commands("STATUS")) == 3


def test_a_password_that_needs_a_literal_goes_alone():
    known = Foresight(greeted="IMAP4REV1", commands=(RICH,))
    with scripted_imap({**TABLE, "LOGIN": b"+ go on\r\n"}, greeting=BY_LOGIN) as script:
        script.change({"": lambda _: script.tags[0].encode() + OFFERED.removeprefix(b"{tag}")})
        assert looked(script, known, secret="pä")[0] == {"INBOX": 3}

    assert [line.split()[0] for line in script.said if line] == ["LOGIN", "LIST", "LOGOUT"]


def test_a_token_goes_alone_for_its_refusal_is_a_question():
    greeting = b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n"
    known = Foresight(greeted="IMAP4REV1 SASL-IR AUTH=XOAUTH2", commands=(RICH,))
    with scripted_imap({"AUTHENTICATE XOAUTH2": b"+ e30=\r\n"}, greeting=greeting) as script:
        script.change({"": lambda _: script.tags[0].encode() + b" NO expired\r\n"})
        with pytest.raises(LoginRefusedError, match="expired"):
            looked(script, known, oauth=True)

    assert script.commands("LIST") == []


def test_who_knows_us_already_is_only_asked_for_the_folders():
    greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] welcome\r\n"
    with scripted_imap({**TABLE, "CAPABILITY": OFFERED.replace(b"{tag} OK [", b"* ").replace(b"] logged in", b"")
                        + b"{tag} OK\r\n"}, greeting=greeting) as script:  # fmt: skip
        assert looked(script)[0] == {"INBOX": 3}

    assert script.commands("AUTHENTICATE") == []


def test_the_trace_has_the_question_and_not_the_secret(tmp_path):
    path = tmp_path / "trace"
    with scripted_imap(TABLE) as script:
        looked(script, secret="opensesame", trace=Trace(path))

    text = path.read_text()
    assert RICH in text
    assert "opensesame" not in text
    assert base64.b64encode(b"\0alice\0opensesame").decode() not in text


def test_who_cannot_be_reached_one_by_one_either_is_told_as_unreachable():
    table = {**TABLE, "AUTHENTICATE PLAIN": HANG_UP}
    with scripted_imap(table) as script, pytest.raises(ServerUnreachableError, match="lost the connection"):
        looked(script)

    assert len(script.commands("AUTHENTICATE")) == 2


def test_who_keeps_silent_for_good_is_not_waited_for_twice(monkeypatch):
    monkeypatch.setattr(imap_ahead, "DEAF_SECONDS", 0.05)
    with scripted_imap({**TABLE, COUNTING: SILENCE}) as script:
        server = script.server()
        with pytest.raises(ServerUnreachableError), open_imap(server, "x", timeout=0.5, foresight=KNOWN) as session:
            session.folders(counted=True)
