"""The table of faults: what a server, a name or a mailbox does wrong, and what the user has then."""

import pytest

from conftest import ok
from mailctl.domain.message import State
from support.scripted_imap import scripted_imap
from support.scripted_smtp import CLOSE, submission
from support.sending import add_account

SEND = ("send", "anna@client.example", "-s", "Plans")
LONG = "550-" + "x" * 4000
FLOOD = "\r\n".join([LONG] * 2600)  # ten megabytes of a reply that goes on
LINE = "550 " + "x" * 10_000_000  # and one without an end


def one_line(ran):
    """The error, which is one line, with a hint on another."""
    errors = [line for line in ran.err.splitlines() if not line.startswith("mailctl: warning: ")]
    assert errors[0].startswith("mailctl: error: ")
    assert len(errors) <= 2
    assert "Traceback" not in ran.err
    assert all(len(line) < 1000 for line in errors)
    return errors[0]


@pytest.mark.parametrize(
    ("step", "reply", "status", "state"),
    [
        ("greeting", "421 busy", 75, State.QUEUED),
        ("greeting", "554 go away", 75, State.QUEUED),
        ("ehlo", "421 busy", 75, State.QUEUED),
        ("ehlo", "502 what", 75, State.QUEUED),
        ("auth", "454 not now", 75, State.QUEUED),
        ("auth", "535 no", 77, State.QUEUED),
        ("auth", "421 closing", 75, State.QUEUED),
        ("mail", "421 closing", 75, State.QUEUED),
        ("mail", "451 later", 75, State.QUEUED),
        ("mail", "552 too large", 76, State.REFUSED),
        ("mail", "553 not you", 76, State.REFUSED),
        ("rcpt", "421 closing", 75, State.QUEUED),
        ("rcpt", "450 later", 75, State.QUEUED),
        ("rcpt", "550 nobody", 76, State.REFUSED),
        ("data", "421 closing", 75, State.QUEUED),
        ("data", "451 later", 75, State.QUEUED),
        ("data", "554 no", 76, State.REFUSED),
        ("dot", "421 closing", 75, State.QUEUED),
        ("dot", "452 full", 75, State.QUEUED),
        ("dot", "554 spam", 76, State.REFUSED),
        ("dot", "552 over quota", 76, State.REFUSED),
        ("dot", CLOSE, 75, State.UNKNOWN),
        ("greeting", "rubbish", 76, State.QUEUED),
        ("greeting", FLOOD, 76, State.QUEUED),
        ("greeting", LINE, 76, State.QUEUED),
        ("ehlo", FLOOD, 76, State.QUEUED),
        ("auth", LINE, 76, State.QUEUED),
        ("mail", FLOOD, 76, State.QUEUED),
        ("rcpt", LINE, 76, State.QUEUED),
        ("data", "\x00\x1b[2J", 76, State.QUEUED),
        ("dot", FLOOD, 75, State.UNKNOWN),
        ("dot", LINE, 75, State.UNKNOWN),
        ("dot", "rubbish", 75, State.UNKNOWN),
        ("dot", "354 what", 75, State.UNKNOWN),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else "",
)
def test_each_answer_at_each_step(cli, server, outbox, step, reply, status, state):
    server.at[step] = reply
    server.takes_silently = False

    ran = cli(*SEND, input="Hello")

    assert ran.status == status, ran.err
    assert "in the outbox as 1" in one_line(ran)
    assert "\x1b" not in ran.err
    [entry] = outbox.entries()
    assert entry.state is state
    assert server.taken == []
    if state is State.QUEUED:
        server.at.clear()
        ok(cli("outbox", "flush"))
        ok(cli("outbox", "flush"))
        assert len(server.taken) == 1
        assert outbox.entries() == ()


def test_a_reply_without_its_line_end_before_the_connection_closes_is_none(cli, server, outbox, monkeypatch):
    from support.scripted import Peer

    server.takes_silently = False
    original = Peer.say

    def cut_short(peer, *lines):
        if lines == ("250 taken",):
            peer.send(b"250 tak")
            peer.cut()
            raise ConnectionAbortedError
        original(peer, *lines)

    monkeypatch.setattr(Peer, "say", cut_short)
    assert cli(*SEND, input="Hello").status == 75
    assert outbox.entries()[0].state is State.UNKNOWN


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".example", "xn--.example"])
def test_a_host_there_is_none_of_keeps_the_message(cli, server, outbox, host):
    ok(cli("account", "set", "contact", f"outgoing.host={host}", "outgoing.allow_plaintext=true"))

    ran = cli(*SEND, input="Hello")

    assert ran.status == 75
    assert "there is no host of that name" in one_line(ran)
    assert outbox.entries()[0].state is State.QUEUED


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_that_does_not_speak_tls_gets_nothing_in_clear(cli, server, outbox, security):
    ok(cli("account", "set", "contact", f"outgoing.security={security}"))

    ran = cli(*SEND, input="Hello")

    assert ran.status == 69
    assert "the message is safe in the outbox as 1" in one_line(ran)
    assert not any("AUTH" in line or "MAIL" in line for line in server.heard)
    assert outbox.entries()[0].state is State.QUEUED


def test_larger_than_the_server_takes_is_refused_in_its_figure_before_it_is_sent(cli, server, outbox):
    server.features = ("SIZE 100000",)

    ran = cli(*SEND, input="x" * 200_000)

    assert ran.status == 76
    assert "takes 100,000 at most" in one_line(ran)
    assert not any(line.startswith("MAIL") for line in server.heard)
    assert outbox.entries()[0].state is State.REFUSED


def test_an_address_that_the_server_cannot_write_is_refused_clearly(cli, server, outbox):
    server.features = ("8BITMIME",)

    ran = cli("send", "andré@client.example", "-s", "Plans", input="Hello")

    assert ran.status == 76
    assert "it lacks SMTPUTF8" in one_line(ran)


@pytest.mark.parametrize("features", [(), ("8BITMIME", "SMTPUTF8"), ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8")])
def test_whatever_a_server_lacks_the_text_arrives_as_it_was(cli, server, features):
    from email import message_from_bytes, policy

    server.features = features

    ok(cli(*SEND, input="Où est-il ?\n.\nFrom here\n"))

    message = message_from_bytes(server.taken[0].data, policy=policy.default)
    assert message.get_content().replace("\r\n", "\n") == "Où est-il ?\n.\nFrom here\n"
    assert server.taken[0].data.isascii() or "8BITMIME" in features


# -- the copy in Sent


def listing(*more):
    return b"".join((b'* LIST () "/" INBOX\r\n', *more, b"{tag} OK listed\r\n"))


SENT = b'* LIST (\\Sent) "/" Sent\r\n'
NOT_THERE = {"LIST": listing(SENT), "UID SEARCH": b"* SEARCH\r\n{tag} OK none\r\n"}


@pytest.fixture
def mailbox(cli, store, monkeypatch):
    """An account that files its own copies, on a mailbox told what to answer; and the server that takes its mail."""
    monkeypatch.setenv("FIRM_PASSWORD", "secret")
    with submission() as server, scripted_imap(NOT_THERE) as imap:
        add_account(cli, server, "--no-discover", imap_port=imap.port)
        ok(cli("account", "unset", "contact", "provider"))
        yield server, imap


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param({"APPEND": b"{tag} NO [OVERQUOTA] Quota exceeded\r\n"}, "Quota exceeded", id="over quota"),
        pytest.param({"APPEND": b"{tag} NO [READ-ONLY] not yours\r\n"}, "not yours", id="read-only"),
        pytest.param({"APPEND": b"{tag} NO [NOPERM] Permission denied\r\n"}, "Permission denied", id="no right"),
        pytest.param({"APPEND": b"{tag} NO [TRYCREATE] no such mailbox\r\n"}, "no such mailbox", id="gone meanwhile"),
        pytest.param({"EXAMINE": b"{tag} NO [NONEXISTENT] no such mailbox\r\n"}, "Sent", id="cannot be opened"),
        pytest.param({"LIST": listing(), "CREATE": b"{tag} NO not allowed\r\n"}, "not allowed", id="cannot be made"),
        pytest.param({"UID SEARCH": b"{tag} BAD what\r\n"}, "what", id="cannot be searched"),
        pytest.param({"APPEND": b"{tag} BAD what\r\n"}, "what", id="not understood"),
        pytest.param(
            {"AUTHENTICATE PLAIN": b"{tag} NO wrong\r\n", "LOGIN": b"{tag} NO wrong\r\n"}, "login", id="login"
        ),
        pytest.param({"APPEND": b"(hang up)"}, "closed the connection", id="cut within the copy"),
    ],
)
def test_a_copy_that_cannot_be_made_is_a_warning_and_made_up_for(cli, mailbox, outbox, later, answers, said):
    server, imap = mailbox
    before = {name: imap.answers.get(name, b"{tag} BAD unknown\r\n") for name in answers}
    imap.change(answers)

    ran = ok(cli(*SEND, "--json", input="Hello"))

    assert (ran.json["sent"], ran.json["copied"], ran.json["outbox"]) == (True, False, 1)
    [warning] = [line for line in ran.err.splitlines() if line.startswith("mailctl: warning: ")]
    assert warning.startswith("mailctl: warning: sent, but there is no copy in Sent yet: ")
    assert said in warning
    [entry] = outbox.entries()
    assert (entry.state, entry.owes_copy) == (State.SENT, True)

    imap.change({**before, "LIST": listing(SENT), "UID SEARCH": b"* SEARCH 2\r\n{tag} OK it is there\r\n"})
    later(minutes=10)
    ok(cli("outbox", "flush"))
    assert len(server.taken) == 1
    assert outbox.entries() == ()
