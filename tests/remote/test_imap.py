"""An IMAP session with servers that misbehave: every answer ends in one of our errors, or does no harm."""

from datetime import UTC, datetime

import pytest

from mailctl.domain.account import Security
from mailctl.errors import (
    AlreadyExistsError,
    FolderNotFoundError,
    LoginRefusedError,
    MailctlError,
    MessageRefusedError,
    ProtocolError,
    ServerRefusedError,
    ServerUnreachableError,
    TemporaryError,
    TlsUnavailableError,
)
from mailctl.remote.imap import open_imap
from mailctl.remote.imap_faults import CutShortError
from mailctl.remote.trace import Trace
from support.scripted_imap import EXAMINED, GREETING, HANG_UP, SILENCE, folder_of, literal, scripted_imap

SECRET = "hunter2 é"
NOTE = b"From: bob@mail.test\r\nMessage-ID: <1@mail.test>\r\nSubject: Plans\r\n\r\nHello\r\n"
QUICK = 0.4


def opened(script, secret=SECRET, *, trace=None, **server):
    return open_imap(script.server(**server), secret, timeout=QUICK, trace=trace)


# -- greeting and TLS


@pytest.mark.parametrize(
    ("greeting", "error", "words"),
    [
        pytest.param(b"* BYE go away\r\n" + HANG_UP, ServerUnreachableError, "does not talk to us: go away", id="BYE"),
        pytest.param(b"* BYE [UNAVAILABLE] down\r\n" + HANG_UP, TemporaryError, "come later", id="BYE, unavailable"),
        pytest.param(b"* BYE Too many connections\r\n" + HANG_UP, TemporaryError, "come later", id="BYE, too many"),
        pytest.param(
            b"HTTP/1.1 400 Bad Request\r\n" + HANG_UP, ProtocolError, "does not speak IMAP", id="a web server"
        ),
        pytest.param(b"220 mail.test ESMTP\r\n", ProtocolError, "does not speak IMAP", id="a submission server"),
        pytest.param(b"\x00\xff\xfe\r\n", ProtocolError, "does not speak IMAP", id="rubbish"),
        pytest.param(HANG_UP, ServerUnreachableError, "closed the connection", id="nothing at all"),
        pytest.param(b"* OK half" + HANG_UP, ServerUnreachableError, "closed the connection", id="half a line"),
        pytest.param(SILENCE, ServerUnreachableError, "no answer within 0.4 seconds", id="silence"),
        pytest.param(b"* OK [CAPABILITY IMAP2] old\r\n", ProtocolError, "as we do", id="another version"),
        pytest.param(b"x" * 17_000_000, ProtocolError, "never ends its line", id="a line without end"),
    ],
)
def test_a_greeting_that_is_none_is_told_in_one_line(greeting, error, words):
    with scripted_imap(greeting=greeting) as script, pytest.raises(error, match=words) as caught:
        opened(script)

    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "greeting",
    [
        pytest.param(GREETING, id="not offered"),
        pytest.param(b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome\r\n", id="logged in already, so never to be"),
    ],
)
def test_without_tls_the_password_is_not_said(greeting):
    with scripted_imap(greeting=greeting) as script, pytest.raises(TlsUnavailableError, match="no STARTTLS"):
        opened(script, security=Security.STARTTLS)

    assert script.commands("AUTHENTICATE") == script.commands("LOGIN") == []


def test_what_is_slipped_in_before_tls_is_refused():
    answer = b"{tag} OK go on\r\n* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] injected\r\n"
    with (
        scripted_imap({"STARTTLS": answer}, greeting=GREETING.replace(b"SASL-IR", b"STARTTLS")) as script,
        pytest.raises(ProtocolError, match="between STARTTLS and TLS"),
    ):
        opened(script, security=Security.STARTTLS)


# -- login


def test_login_takes_one_round_trip_and_tells_the_capabilities():
    with scripted_imap() as script, opened(script) as session:
        assert session.capabilities == {"IMAP4REV1"}

        assert len(script.said) == 1


def test_a_server_without_initial_response_is_asked_first():
    with scripted_imap(
        {"AUTHENTICATE PLAIN": b"+ \r\n", "": b""}, greeting=GREETING.replace(b" SASL-IR", b"")
    ) as script:
        with pytest.raises(ServerUnreachableError):
            opened(script)

        assert script.said[0] == "AUTHENTICATE PLAIN"
        assert len(script.said) == 2


def test_a_server_without_plain_gets_login_with_quotes_and_literals():
    table = {"LOGIN": lambda command: b"+ go on\r\n" if command.endswith("}") else b"{tag} OK in\r\n"}
    greeting = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"
    with scripted_imap(table, greeting=greeting) as script, opened(script, 'a"b\\c', login="alice"):
        assert script.said == ['LOGIN "alice" "a\\"b\\\\c"']


def test_letters_beyond_ascii_travel_as_a_literal_where_there_is_only_login():
    def table(command):
        return b"+ go on\r\n"

    with scripted_imap({"LOGIN": table}, greeting=b"* OK [CAPABILITY IMAP4rev1] ready\r\n") as script:
        with pytest.raises(MailctlError):
            opened(script, "é")

        assert script.said[0] == 'LOGIN "alice" {2}'


def test_where_login_is_disabled_it_is_not_tried():
    with (
        scripted_imap(greeting=b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n") as script,
        pytest.raises(LoginRefusedError, match="takes no password"),
    ):
        opened(script)

    assert script.commands("LOGIN") == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"{tag} NO [AUTHENTICATIONFAILED] no\r\n", LoginRefusedError, id="wrong password"),
        pytest.param(b"{tag} NO no\r\n", LoginRefusedError, id="no reason"),
        pytest.param(b"{tag} NO [UNAVAILABLE] LDAP is down\r\n", TemporaryError, id="unavailable"),
        pytest.param(b"{tag} NO [INUSE] locked\r\n", TemporaryError, id="in use"),
        pytest.param(b"{tag} NO [ALERT] Maximum number of connections\r\n", TemporaryError, id="too many"),
        pytest.param(b"{tag} BAD what?\r\n", ProtocolError, id="not understood"),
        pytest.param(b"* BYE shutting down\r\n" + HANG_UP, ServerUnreachableError, id="BYE"),
        pytest.param(HANG_UP, ServerUnreachableError, id="closed"),
        pytest.param(SILENCE, ServerUnreachableError, id="silence"),
        pytest.param(b"rubbish\r\n", ProtocolError, id="rubbish"),
        pytest.param(b"* OK {99999999999999}\r\n", ProtocolError, id="a literal without end"),
    ],
)
def test_a_login_ends_in_the_error_that_says_what_to_do(answer, error):
    with scripted_imap({"AUTHENTICATE PLAIN": answer}) as script, pytest.raises(error) as caught:
        opened(script)

    assert type(caught.value) is error
    assert script.commands("LOGIN") == []  # one try, no second one in another way


def test_a_server_that_quotes_the_password_does_not_get_it_into_the_message(tmp_path):
    def echo(command):
        return f"{{tag}} BAD I do not know '{command}' nor '{SECRET}'\r\n".encode()

    with scripted_imap({"AUTHENTICATE PLAIN": echo}) as script, pytest.raises(ProtocolError) as caught:
        opened(script, trace=Trace(tmp_path / "trace"))

    written = (tmp_path / "trace").read_text()
    secret_forms = [SECRET, script.said[0].split()[-1]]
    assert not any(form in text for form in secret_forms for text in (str(caught.value), written))
    assert "AUTHENTICATE PLAIN … " in written


def test_a_refused_token_is_answered_as_the_protocol_asks():
    greeting = GREETING.replace(b"PLAIN", b"XOAUTH2")
    table = {"AUTHENTICATE XOAUTH2": b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n", "": b"A NO refused\r\n"}
    with scripted_imap(table, greeting=greeting) as script:
        with pytest.raises(MailctlError):
            opened(script, oauth=True)

        assert script.said[1:] == [""]


# -- answers


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"* LIST (\\Sent\r\n{tag} OK\r\n", id="an open parenthesis"),
        pytest.param(b"* LIST\r\n{tag} OK\r\n", id="nothing"),
        pytest.param(b'* LIST () "/" NIL\r\n{tag} OK\r\n', id="no name"),
        pytest.param(b"* LIST " + b"(" * 5000 + b"\r\n{tag} OK\r\n", id="nested deep"),
        pytest.param(b'* LIST () "/" "open\r\n{tag} OK\r\n', id="an open string"),
        pytest.param(b"* LIST 5 6 7\r\n{tag} OK\r\n", id="numbers"),
    ],
)
def test_a_folder_that_cannot_be_read_is_passed_over(answer):
    listed = answer.replace(b"{tag}", b'* LIST () "/" INBOX\r\n{tag}')
    with scripted_imap({"LIST": listed}) as script, opened(script) as session:
        assert [folder.name for folder in session.folders()] == ["INBOX"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param(b'"&AMk-l&AOk-ments envoy&AOk-s"', "Éléments envoyés", id="modified UTF-7"),
        pytest.param('"Éléments"'.encode(), "Éléments", id="UTF-8"),
        pytest.param(b"{3}\r\na b", "a b", id="a literal"),
        pytest.param(b'"a\\"b"', 'a"b', id="a quote"),
        pytest.param(b"2026", "2026", id="a number"),
        pytest.param(b'"A &- B"', "A & B", id="an ampersand"),
        pytest.param(b'"&broken"', "&broken", id="broken UTF-7"),
        pytest.param(b"inbox", "INBOX", id="inbox in lower case"),
    ],
)
def test_a_folder_is_asked_for_as_the_server_wrote_its_name(written, name):
    with scripted_imap({"LIST": b'* LIST () "/" %b\r\n{tag} OK\r\n' % written}) as script, opened(script) as session:
        assert [folder.name for folder in session.folders()] == [name]
        session.examine(name)

    plain = written.partition(b"\r\n")[2] or written.strip(b'"')
    assert script.commands("EXAMINE") == [f'EXAMINE "{plain.decode()}"']


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"{tag} NO Mailbox doesn't exist: x\r\n", FolderNotFoundError, id="Dovecot's words"),
        pytest.param(b"{tag} NO [NONEXISTENT] no\r\n", FolderNotFoundError, id="its code"),
        pytest.param(b"{tag} NO [NOPERM] no\r\n", ServerRefusedError, id="not allowed"),
        pytest.param(b"{tag} NO [INUSE] no\r\n", TemporaryError, id="in use"),
        pytest.param(b"{tag} BAD no\r\n", ProtocolError, id="not understood"),
        pytest.param(b"* x EXISTS\r\n{tag} OK\r\n", ProtocolError, id="no number"),
        pytest.param(b"* OK [UIDVALIDITY x] ?\r\n{tag} OK\r\n", ProtocolError, id="no validity"),
        pytest.param(b"* BYE see you\r\n" + HANG_UP, ServerUnreachableError, id="BYE"),
        pytest.param(b"nonsense\r\n{tag} OK\r\n", ProtocolError, id="nonsense"),
        pytest.param(b"* 1 EXISTS {5}\r\nab" + HANG_UP, ServerUnreachableError, id="closed in a literal"),
    ],
)
def test_a_folder_that_does_not_open_is_one_of_our_errors(answer, error):
    with scripted_imap({"EXAMINE": answer}) as script, opened(script) as session, pytest.raises(error) as caught:
        session.examine("x")

    assert type(caught.value) is error


def test_a_folder_without_uidnext_is_asked_for_its_last_message():
    table = {
        "EXAMINE": EXAMINED.replace(b"* OK [UIDNEXT 2] next\r\n", b""),
        "UID FETCH * ": b"* 1 FETCH (FLAGS (\\Seen) UID 9)\r\n{tag} OK\r\n",
    }
    with scripted_imap(table) as script, opened(script) as session:
        assert session.examine("INBOX").uidnext == 10


def test_folders_are_counted_with_one_wait_and_one_that_is_refused_is_left_out():
    def status(command):
        if "gone" in command:
            return b"{tag} NO no\r\n"
        return b"* STATUS x (MESSAGES 3 UIDNEXT 8 UIDVALIDITY 7 UNSEEN 2)\r\n{tag} OK\r\n"

    with scripted_imap({"STATUS": status}) as script, opened(script) as session:
        states = session.states(["x", "gone"])

    assert list(states) == ["x"]
    assert (states["x"].messages, states["x"].unseen, states["x"].highestmodseq) == (3, 2, None)


@pytest.mark.parametrize(
    ("numbers", "error"),
    [
        pytest.param(b"1:4294967295", ProtocolError, id="four billion"),
        pytest.param(b"x", None, id="no set"),
        pytest.param(b"1:", ProtocolError, id="an open range"),
    ],
)
def test_a_set_that_is_a_trap_is_refused(numbers, error):
    table = {
        "AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1 ESEARCH] in\r\n",
        "UID SEARCH": b'* ESEARCH (TAG "x") UID ALL %b\r\n{tag} OK\r\n' % numbers,
    }
    with scripted_imap(table) as script, opened(script) as session:
        session.examine("INBOX")
        if error is None:
            assert session.uids() == frozenset()
            return
        with pytest.raises(error):
            session.uids()


# -- messages


def bodies(script, batches=((1,),)):
    with opened(script) as session:
        session.examine("INBOX")
        return list(session.bodies(batches))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(b"* 1 FETCH (UID 1 BODY[] %b)\r\n" % literal(NOTE), id="as usual"),
        pytest.param(b"* 1 FETCH (BODY[] %b UID 1)\r\n" % literal(NOTE), id="the UID behind"),
        pytest.param(b"* 1 FETCH (BODY[] %b FLAGS () UID 1)\r\n" % literal(NOTE), id="flags too"),
        pytest.param(b"* 1 fetch (uid 1 body[] %b)\r\n" % literal(NOTE), id="in lower case"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[] %b)\n" % literal(NOTE), id="a bare line feed"),
        pytest.param(
            b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[] %b)\r\n* 2 EXISTS\r\n" % literal(NOTE),
            id="with other news",
        ),
    ],
)
def test_a_message_is_taken_however_its_answer_is_arranged(written):
    with scripted_imap({"UID FETCH": written + b"{tag} OK\r\n"}) as script:
        [batch] = bodies(script)

    [body] = batch.bodies
    assert (body.uid, body.raw, body.odd) == (1, NOTE, "")


def test_a_short_message_may_be_a_quoted_string():
    with scripted_imap({"UID FETCH": b'* 1 FETCH (UID 1 BODY[] "UID 7 \\"x\\")")\r\n{tag} OK\r\n'}) as script:
        [batch] = bodies(script)

    assert batch.bodies[0].raw == b'UID 7 "x")'


@pytest.mark.parametrize("missing", [1, 3, 9, 40])
def test_a_literal_longer_than_announced_is_kept_whole_and_the_next_one_too(missing):
    def give(uid, raw):
        size = len(raw) - (missing if uid == 1 else 0)
        return b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (uid, uid, size, raw)

    with scripted_imap(folder_of([NOTE, NOTE], body=give)) as script:
        [batch] = bodies(script, [(1, 2)])

    first, second = batch.bodies
    assert "longer than announced" in first.odd
    assert first.raw.rstrip() == NOTE.rstrip()
    assert (second.raw, second.odd) == (NOTE, "")


def test_a_connection_that_ends_within_a_message_tells_what_came_of_it():
    cut = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%b" % (len(NOTE), NOTE[:40]) + HANG_UP
    with scripted_imap({"UID FETCH": cut}) as script, pytest.raises(CutShortError) as caught:
        bodies(script)

    assert (caught.value.body.uid, caught.value.body.raw) == (1, NOTE[:40])


def test_a_message_that_the_server_refuses_is_told_with_its_words():
    with scripted_imap({"UID FETCH": b"{tag} NO cannot be converted\r\n"}) as script:
        [batch] = bodies(script)

    assert batch.bodies == ()
    assert "cannot be converted" in batch.refusal


def test_the_next_batch_is_asked_for_before_the_last_one_is_dealt_with():
    with scripted_imap(folder_of([NOTE, NOTE, NOTE])) as script, opened(script) as session:
        session.examine("INBOX")
        arriving = session.bodies([(1,), (2,), (3,)])
        next(arriving)

        assert len(script.await_commands("UID FETCH", 2)) == 2
        assert len(list(arriving)) == 2


# -- messages put there


def test_a_message_is_appended_with_crlf_and_stays_out_of_the_trace(tmp_path):
    table = {"APPEND": b"+ go on\r\n", "": b""}
    when = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with (
        scripted_imap(table) as script,
        opened(script, trace=Trace(tmp_path / "trace")) as session,
        pytest.raises(ServerUnreachableError),
    ):
        session.append("Sent", b"Subject: x\n\nsecret plans\n", flags=frozenset({"\\Seen"}), when=when)

    assert script.commands("APPEND") == ['APPEND "Sent" (\\Seen) "02-Mar-2026 09:00:00 +0000" {28}']
    assert "secret plans" not in (tmp_path / "trace").read_text()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"{tag} NO [TRYCREATE] no\r\n", FolderNotFoundError, id="no such folder"),
        pytest.param(b"{tag} NO [OVERQUOTA] full\r\n", ServerRefusedError, id="full"),
        pytest.param(b"{tag} NO [ALREADYEXISTS] there\r\n", AlreadyExistsError, id="there already"),
    ],
)
def test_what_the_server_will_not_do_says_why(answer, error):
    with (
        scripted_imap({"CREATE": answer}) as script,
        opened(script) as session,
        pytest.raises(error, match="refused to"),
    ):
        session.create("Büro")

    assert script.commands("CREATE") == ['CREATE "B&APw-ro"']


def test_a_message_larger_than_the_server_takes_is_not_sent():
    table = {"AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1 APPENDLIMIT=10] in\r\n"}
    with (
        scripted_imap(table) as script,
        opened(script) as session,
        pytest.raises(MessageRefusedError, match="10 bytes"),
    ):
        session.append("Sent", NOTE, flags=frozenset(), when=datetime(2026, 3, 2, tzinfo=UTC))

    assert script.commands("APPEND") == []


def test_a_line_break_in_a_folder_name_is_no_second_command():
    with scripted_imap() as script, opened(script) as session:
        session.examine('x"\r\nA1 DELETE "INBOX')

    assert script.commands("DELETE") == []
    assert len(script.commands("EXAMINE")) == 1


@pytest.mark.parametrize(
    ("answer", "prefix"),
    [
        pytest.param(b'* NAMESPACE (("INBOX." ".")) NIL NIL\r\n{tag} OK\r\n', "INBOX.", id="Courier's"),
        pytest.param(b'* NAMESPACE (("" "/")) NIL NIL\r\n{tag} OK\r\n', "", id="none"),
        pytest.param(b"* NAMESPACE NIL NIL NIL\r\n{tag} OK\r\n", "", id="nil"),
        pytest.param(b"* NAMESPACE rubbish\r\n{tag} OK\r\n", "", id="rubbish"),
    ],
)
def test_the_prefix_of_ones_own_folders(answer, prefix):
    table = {"AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1 NAMESPACE] in\r\n", "NAMESPACE": answer}
    with scripted_imap(table) as script, opened(script) as session:
        assert session.personal_prefix() == prefix


def test_what_comes_before_its_turn_is_kept_for_its_batch():
    def give(uid, raw):
        early = b"* 2 FETCH (UID 2 BODY[] %b)\r\n" % literal(NOTE.replace(b"Plans", b"early")) if uid == 1 else b""
        return b"" if uid == 2 else b"* %d FETCH (UID %d BODY[] %b)\r\n%b" % (uid, uid, literal(raw), early)

    with scripted_imap(folder_of([NOTE, NOTE, NOTE], body=give)) as script:
        batches = bodies(script, [(1,), (2,), (3,)])

    assert [[body.uid for body in batch.bodies] for batch in batches] == [[1], [2], [3]]
    assert b"early" in batches[1].bodies[0].raw


def test_counts_that_come_in_another_order_are_each_folders_own():
    def status(command):
        if '"a"' in command:
            return b""
        told = b"* STATUS b (MESSAGES 2 UIDNEXT 8 UIDVALIDITY 7)\r\n* STATUS a (MESSAGES 1 UIDNEXT 8 UIDVALIDITY 7)\r\n"
        return told + f"{script.tags[-2]} OK\r\n".encode() + b"{tag} OK\r\n"

    with scripted_imap({"STATUS": status}) as script, opened(script) as session:
        states = session.states(["a", "b"])

    assert {name: state.messages for name, state in states.items()} == {"a": 1, "b": 2}
