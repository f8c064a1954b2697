"""`mailctl-sendmail -bs`: SMTP on standard input and output, as Symfony and Laravel call it."""

import smtplib
import socket
import subprocess
import sys

import pytest

from conftest import Ran
from mailctl import sendmail
from mailctl.domain.message import State
from mailctl.local.outbox import Outbox
from support.scripted_smtp import CLOSE, STALL, submission
from support.sending import PASSWORD, add_account, started

NOTE = "From: contact@firm.example\r\nSubject: x\r\n\r\nHello\r\n"
ENVELOPE = "EHLO client\r\nMAIL FROM:<contact@firm.example>\r\nRCPT TO:<anna@client.example>\r\n"
MESSAGE = f"DATA\r\n{NOTE}.\r\n"


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, the account `contact` on it, and what `root` stands for."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        add_account(cli, script)
        file = store / "store.toml"
        file.write_text(file.read_text() + '[sendmail]\naliases = { root = "admin@firm.example" }\n')
        yield script


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


@pytest.fixture
def talk(capfd, monkeypatch):
    """Say it all at once, as PIPELINING allows; what is answered is in `out`."""
    import io

    def call(text, *words):
        data = text if isinstance(text, bytes) else text.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        capfd.readouterr()
        status = sendmail.main(["-bs", *words])
        return Ran(status, *capfd.readouterr())

    return call


def codes(ran):
    return [line[:3] for line in ran.out.splitlines() if line[3] == " "]


class OverPipe(smtplib.SMTP):
    """smtplib, its connection the standard streams of a program."""

    def __init__(self, sock):
        self.ours = sock
        super().__init__("localhost", 25, timeout=30)

    def _get_socket(self, host, port, timeout):
        return self.ours


@pytest.fixture
def program(home):
    """The program in a process of its own, and the end of a socket that is its standard input and output."""
    ours, its = socket.socketpair()
    environ = {**PASSWORD, "MAILCTL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home.parent)}
    process = subprocess.Popen(
        [sys.executable, "-m", "mailctl.sendmail", "-bs"], stdin=its, stdout=its, stderr=subprocess.PIPE, env=environ
    )
    its.close()
    yield process, ours
    ours.close()
    process.communicate(timeout=30)


def test_a_client_library_sends_several_messages_over_it(server, program, outbox):
    process, ours = program
    with OverPipe(ours) as client:
        for number in range(3):
            client.sendmail("contact@firm.example", ["anna@client.example", "root"], f"{NOTE}{number}\n.\n.dot\n")

    assert process.wait(30) == 0
    assert process.stderr.read() == b""
    assert [one.recipients for one in server.taken] == [("anna@client.example", "admin@firm.example")] * 3
    assert server.taken[2].data.endswith(b"\r\n\r\nHello\r\n2\r\n.\r\n.dot\r\n")
    assert server.connections == 1
    assert outbox.entries() == ()


def test_a_client_library_hears_of_a_bad_recipient_and_the_other_gets_it(server, program):
    _, ours = program
    with OverPipe(ours) as client:
        refused = client.sendmail("contact@firm.example", ["anna@client.example", "nobody"], NOTE)

    assert refused["nobody"][0] == 553
    assert [one.recipients for one in server.taken] == [("anna@client.example",)]


def test_it_is_answered_once_the_message_is_in_the_outbox_and_before_it_is_delivered(server, program, outbox):
    server.at["greeting"] = STALL
    process, ours = program
    client = OverPipe(ours)

    client.sendmail("contact@firm.example", ["anna@client.example"], NOTE)

    assert server.reached.wait(20)
    assert server.taken == []
    assert [entry.recipients for entry in outbox.entries()] == [("anna@client.example",)]
    process.kill()
    client.close()
    assert [entry.state for entry in outbox.entries()] == [State.QUEUED]


def test_all_at_once_is_answered_in_order(talk, server):
    ran = talk(f"{ENVELOPE}{MESSAGE}{ENVELOPE}{MESSAGE}QUIT\r\n")

    assert (ran.status, ran.err) == (0, "")
    assert codes(ran) == ["220", "250", "250", "250", "354", "250", "250", "250", "250", "354", "250", "221"]
    assert len(server.taken) == 2
    assert server.taken[0].sender == "contact@firm.example"


@pytest.mark.parametrize(
    "end",
    [
        "",
        "DATA\r\n",
        f"DATA\r\n{NOTE}",
        f"DATA\r\n{NOTE}.",
        f"DATA\r\n{NOTE}\r\n.\n",
        "DATA",
        "RCPT TO:<x@x.exa",
    ],
)  # fmt: skip
def test_gone_in_the_middle_nothing_is_kept(talk, server, outbox, end):
    ran = talk(f"{ENVELOPE}{end}")

    assert ran.status == (65 if "DATA\r\n" in end else 0)
    assert outbox.entries() == ()
    assert server.connections == 0


def test_a_very_long_command_is_refused_and_the_next_is_heard(talk, server):
    ran = talk(f"EHLO x\r\n{'NOOP ' + 'x' * 1_000_000}\r\nNOOP\r\nQUIT\r\n")

    assert codes(ran) == ["220", "250", "500", "250", "221"]


def test_a_long_line_of_a_message_passes(talk, server):
    talk(f"{ENVELOPE}DATA\r\n{NOTE}{'x' * 100_000}\r\n.\r\nQUIT\r\n")

    assert server.taken[0].data.endswith(b"x" * 100_000 + b"\r\n")


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_large_message_arrives_as_it_was(talk, server, end):
    text = "0123456789\n..x\n" * 200_000

    ran = talk(f"{ENVELOPE}DATA\r\n{NOTE}{text}.\r\nQUIT\r\n".replace("\r\n", "\n").replace("\n", end))

    assert (ran.status, codes(ran)[-2:]) == (0, ["250", "221"])
    assert server.taken[0].data.endswith(
        b"\r\n\r\nHello\r\n" + text.replace("..x", ".x").replace("\n", "\r\n").encode()
    )


def test_a_large_message_that_cannot_be_kept_is_452_and_the_next_is_heard(talk, server, home):
    (home / "state").write_text("in the way")
    large = f"DATA\r\n{NOTE}" + f"{'x' * 70}\r\n" * 40_000 + ".\r\n"
    again = ENVELOPE.removeprefix("EHLO client\r\n")

    ran = talk(f"{ENVELOPE}{large}{again}{MESSAGE}QUIT\r\n")

    assert codes(ran) == ["220", "250", "250", "250", "354", "452", "250", "250", "354", "452", "221"]
    assert server.taken == []


@pytest.mark.parametrize("at", [{"greeting": CLOSE}, {"auth": "535 no"}, {"mail": "451 later"}, {"dot": CLOSE}])
def test_what_cannot_go_now_is_safe_and_answered_with_250(talk, server, outbox, at):
    server.at.update(at)

    ran = talk(f"{ENVELOPE}{MESSAGE}QUIT\r\n")

    assert (ran.status, codes(ran)[-2:]) == (0, ["250", "221"])
    assert len(outbox.entries()) == 1


def test_what_is_refused_later_is_kept_for_its_caller_has_his_answer(talk, server, outbox):
    server.at["dot"] = "554 never"

    ran = talk(f"{ENVELOPE}{MESSAGE}QUIT\r\n")

    assert (ran.status, codes(ran)[-2:]) == (0, ["250", "221"])
    assert "554 never; kept in the outbox as 1" in ran.err
    assert [entry.state for entry in outbox.entries()] == [State.REFUSED]


def test_what_cannot_be_kept_is_452(talk, server, home):
    (home / "state").write_text("in the way")

    ran = talk(f"{ENVELOPE}{MESSAGE}QUIT\r\n")

    assert codes(ran)[-2:] == ["452", "221"]
    assert server.taken == []


def test_an_address_of_an_account_one_may_not_use_is_550(talk, cli, server, outbox):
    assert cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example").status == 0

    ran = talk(f"{ENVELOPE}{MESSAGE}QUIT\r\n")

    assert codes(ran)[-2:] == ["550", "221"]
    assert outbox.entries() == ()


def test_queued_it_is_left_to_the_next_flush(talk, server, outbox):
    talk(f"{ENVELOPE}{MESSAGE}QUIT\r\n", "-odq")

    assert server.connections == 0
    assert len(outbox.entries()) == 1


def test_one_killed_in_the_middle_of_a_message_keeps_the_one_before(server, outbox, home):
    ours, its = socket.socketpair()
    environ = {**PASSWORD, "MAILCTL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home.parent)}
    words = [sys.executable, "-m", "mailctl.sendmail", "-bs", "-odq"]
    with subprocess.Popen(words, stdin=its, stdout=its, stderr=subprocess.PIPE, env=environ) as process:
        its.close()
        client = OverPipe(ours)
        client.sendmail("contact@firm.example", ["anna@client.example"], NOTE)
        client.mail("contact@firm.example")
        client.rcpt("ben@client.example")
        client.putcmd("data")
        client.getreply()
        client.send(b"Subject: half")
        process.kill()
        client.close()

    assert [entry.recipients for entry in outbox.entries()] == [("anna@client.example",)]


def test_two_conversations_at_once_disturb_each_other_in_nothing(server, home):
    processes = [
        started("mailctl.sendmail", "-bs", body=f"{ENVELOPE}{MESSAGE}QUIT\r\n".encode(), home=home) for _ in range(4)
    ]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b"")
        assert out.endswith(b"221 2.0.0 localhost says goodbye\r\n")

    assert len(server.taken) == 4
