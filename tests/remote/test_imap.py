"""An IMAP session with servers that misbehave: every answer ends in one of our errors, or does no harm."""

import pytest

from mailctl.domain.account import Security
from mailctl.errors import (
    FolderNotFoundError,
    LoginRefusedError,
    MailctlError,
    ProtocolError,
    ServerRefusedError,
    ServerUnreachableError,
    TemporaryError,
    TlsUnavailableError,
)
from mailctl.remote.imap import open_imap
from mailctl.remote.trace import Trace
from support.scripted_imap import EXAMINED, GREETING, HANG_UP, SILENCE, scripted_imap

SECRET = "hunter2 é"
NOTE = b"From: bob@mail.test\r\nMessage-ID: <1@mail.test>\r\nSubject: Plans\r\n\r\nHello\r\n"
QUICK, PATIENT = 1.0, 30.0  # seconds: for a server that keeps silent, and for one that may be slow


def opened(script, secret=SECRET, *, trace=None, silent=False, **server):
    return open_imap(script.server(**server), secret, timeout=QUICK if silent else PATIENT, trace=trace)


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
        pytest.param(SILENCE, ServerUnreachableError, "no answer within 1 seconds", id="silence"),
        pytest.param(b"* OK [CAPABILITY IMAP2] old\r\n", ProtocolError, "as we do", id="another version"),
        pytest.param(b"x" * 17_000_000, ProtocolError, "never ends its line", id="a line without end"),
    ],
)
def test_a_greeting_that_is_none_is_told_in_one_line(greeting, error, words):
    with scripted_imap(greeting=greeting) as script, pytest.raises(error, match=words) as caught:
        opened(script, silent=greeting is SILENCE)

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
        {"AUTHENTICATE PLAIN": b"+ \r\n", "": HANG_UP}, greeting=GREETING.replace(b" SASL-IR", b"")
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
        opened(script, silent=answer is SILENCE)

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
