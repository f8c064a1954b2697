"""Messages from and for IMAP servers that misbehave: taken whole where they can be, and told where not."""

from datetime import UTC, datetime

import pytest

from mailctl.errors import (
    AlreadyExistsError,
    FolderNotFoundError,
    MessageRefusedError,
    ServerRefusedError,
    ServerUnreachableError,
)
from mailctl.remote.imap import open_imap
from mailctl.remote.imap_faults import CutShortError
from mailctl.remote.trace import Trace
from support.scripted_imap import HANG_UP, folder_of, literal, scripted_imap

SECRET = "hunter2 é"
NOTE = b"From: bob@mail.test\r\nMessage-ID: <1@mail.test>\r\nSubject: Plans\r\n\r\nHello\r\n"
PATIENT = 30.0


def opened(script, secret=SECRET, *, trace=None, **server):
    return open_imap(script.server(**server), secret, timeout=PATIENT, trace=trace)


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
    table = {"APPEND": b"+ go on\r\n", "": HANG_UP}
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
