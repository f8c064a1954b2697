"""Sending through a real Postfix, with the copy in a real Dovecot's Sent."""

import threading
import time
from email import message_from_bytes, policy

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox
from support.scripted import serving
from support.scripted_smtp import CLOSE, submission
from support.sending import started

pytestmark = pytest.mark.live

TO_ALICE = ("send", "alice@mail.test", "-a", "contact", "-s", "Plans")


@pytest.fixture
def contact(cli, store, mail, monkeypatch):
    """Add the account `contact`, over TLS; options given come on top."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    monkeypatch.setenv("WRONG_PASSWORD", "wrong")

    def add(security="tls", *, smtp_port=None, ca=True, env="CONTACT_PASSWORD", imap_port=None):
        port = smtp_port or (mail.smtps_port if security == "tls" else mail.submission_port)
        authority = ("--ca-file", str(mail.ca_file)) if ca else ()
        ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--display-name", "The Firm",
               "--imap-host", mail.host, "--imap-port", str(imap_port or mail.imaps_port), "--imap-security", "tls",
               "--smtp-host", mail.host, "--smtp-port", str(port), "--smtp-security", security, *authority,
               "--password-env", env, "--no-discover"))  # fmt: skip

    return add


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


def parsed(raw):
    return message_from_bytes(raw, policy=policy.default)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_arrives_and_its_copy_lies_read_in_sent(cli, mail, contact, outbox, security):
    contact(security)

    sent = ok(cli(*TO_ALICE, "--json", input="Héllo\n.\nFrom here\n")).json

    [arrived] = mail.await_messages("alice")
    message = parsed(arrived)
    assert (message["From"], message["Subject"]) == ("The Firm <contact@mail.test>", "Plans")
    assert message.get_content().replace("\r\n", "\n") == "Héllo\n.\nFrom here\n"
    [copy] = mail.messages("contact", "Sent")
    assert parsed(copy)["Message-ID"] == message["Message-ID"] == sent["message_id"]
    assert mail.flags("contact", "Sent") == [{"\\Seen"}]
    assert (sent["sent"], sent["copied"], sent["outbox"]) == (True, True, None)
    assert outbox.entries() == ()


def test_bcc_gets_it_and_no_header_tells(cli, mail, contact):
    contact()

    ok(cli(*TO_ALICE, "-b", "bob@mail.test", input="Hello"))

    [to_bob] = mail.await_messages("bob")
    assert b"bob@mail.test" not in to_bob.partition(b"\r\nDate:")[2]
    assert b"bob" not in mail.messages("contact", "Sent")[0]


def test_attachments_arrive_as_they_were(cli, mail, contact, tmp_path):
    contact()
    plan = tmp_path / "Plan d’étage é.pdf"
    plan.write_bytes(bytes(range(256)) * 40)

    ok(cli(*TO_ALICE, "--attach", str(plan), input="The plan is attached"))

    [attachment] = parsed(mail.await_messages("alice")[0]).iter_attachments()
    assert attachment.get_filename() == plan.name
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == plan.read_bytes()


def test_an_alias_stands_in_from(cli, mail, contact):
    contact()
    ok(cli("account", "set", "contact", 'aliases=[{address = "billing@mail.test", display_name = "Billing"}]'))

    ok(cli(*TO_ALICE, "--from", "billing@mail.test", input="Hello"))

    assert parsed(mail.await_messages("alice")[0])["From"] == "Billing <billing@mail.test>"


def test_refused_for_good_is_76_and_kept(cli, mail, contact, outbox):
    contact()

    ran = cli("send", "x@refused.test", "-s", "Plans", input="Hello")

    assert ran.status == 76
    assert "550" in ran.err
    assert [entry.state for entry in outbox.entries()] == ["refused"]
    assert mail.messages("contact", "Sent") == []


def test_refused_for_now_is_75_and_goes_later(cli, mail, contact, outbox):
    contact()

    ran = cli("send", "x@later.test", "alice@mail.test", "-s", "Plans", input="Hello")

    assert ran.status == 75
    [entry] = outbox.entries()
    assert (entry.state, entry.recipients, entry.copied) == ("queued", ("x@later.test",), True)
    assert len(mail.await_messages("alice")) == 1
    assert cli("outbox", "flush").status == 1
    assert len(mail.messages("contact", "Sent")) == 1
    assert len(mail.messages("alice")) == 1


def test_some_refused_the_others_get_it(cli, mail, contact):
    contact()

    ran = cli("send", "x@refused.test", "alice@mail.test", "-s", "Plans", "--json", input="Hello")

    assert ran.status == 76
    assert [one["recipient"] for one in ran.json["refused"]] == ["x@refused.test"]
    assert ran.json["copied"] is True
    assert len(mail.await_messages("alice")) == 1
    assert len(mail.messages("contact", "Sent")) == 1


def test_a_wrong_password_is_77_and_the_message_is_kept(cli, mail, contact, outbox):
    contact(env="WRONG_PASSWORD")

    ran = cli(*TO_ALICE, input="Hello")

    assert ran.status == 77
    assert "refused the login of 'contact@mail.test'" in ran.err
    ok(cli("account", "set", "contact", "auth.env=CONTACT_PASSWORD"))
    ok(cli("outbox", "flush"))
    assert len(mail.await_messages("alice")) == 1
    assert outbox.entries() == ()


def test_an_unknown_authority_is_69_and_the_message_is_kept(cli, contact, outbox):
    contact(ca=False)

    ran = cli(*TO_ALICE, input="Hello")

    assert ran.status == 69
    assert "the message is safe in the outbox as 1" in ran.err
    assert [entry.state for entry in outbox.entries()] == ["queued"]


def test_a_copy_that_fails_is_a_warning_and_made_up_for(cli, mail, contact, outbox):
    contact(imap_port=1)

    ran = ok(cli(*TO_ALICE, "--json", input="Hello"))

    assert (ran.json["state"], ran.json["sent"], ran.json["copied"], ran.json["outbox"]) == ("sent", True, False, 1)
    assert "warning: sent, but there is no copy in Sent yet" in ran.err
    assert len(mail.await_messages("alice")) == 1
    ok(cli("account", "set", "contact", f"incoming.port={mail.imaps_port}"))
    ok(cli("outbox", "flush"))
    assert len(mail.messages("contact", "Sent")) == 1
    assert len(mail.messages("alice")) == 1
    assert outbox.entries() == ()


def test_a_copy_that_the_server_filed_is_not_made_twice(cli, mail, contact, outbox):
    contact()
    message = ok(cli(*TO_ALICE, "--queue", "--json", input="Hello")).json
    mail.deliver("contact", f"Message-ID: {message['message_id']}\r\n\r\nHello\r\n".encode(), folder="Sent")

    ok(cli("outbox", "flush"))

    assert len(mail.messages("contact", "Sent")) == 1
    assert outbox.entries() == ()


@pytest.mark.parametrize("reachable", [True, False])
def test_many_are_copied_once_each_also_those_that_the_server_filed(cli, mail, contact, outbox, reachable):
    contact(imap_port=None if reachable else 1)
    sent = [ok(cli("send", "alice@mail.test", "-s", str(number), "--queue", "--json", input="Hello")).json
            for number in range(55)]  # fmt: skip

    ok(cli("outbox", "flush"))
    if not reachable:
        filed = f"Message-ID: {sent[7]['message_id']}\r\nSubject: 7\r\n\r\nHello\r\n".encode()
        mail.deliver("contact", filed, folder="Sent")
        ok(cli("account", "set", "contact", f"incoming.port={mail.imaps_port}"))
        ok(cli("outbox", "flush"))

    copies = sorted(int(parsed(raw)["Subject"]) for raw in mail.messages("contact", "Sent"))
    assert copies == list(range(55))
    assert set(mail.flags("contact", "Sent")) >= {frozenset({"\\Seen"})}
    assert len(mail.await_messages("alice", 55)) == 55
    assert outbox.entries() == ()


def test_the_folder_that_the_account_names_gets_the_copy(cli, mail, contact):
    contact()
    mail.deliver("contact", b"Subject: old\r\n\r\nx\r\n", folder="Elsewhere")
    ok(cli("account", "set", "contact", "folders.sent=Elsewhere"))

    ok(cli(*TO_ALICE, input="Hello"))

    assert len(mail.messages("contact", "Elsewhere")) == 2
    assert mail.messages("contact", "Sent") == []


def test_a_named_folder_that_is_missing_is_a_warning_and_no_second_sent_is_made(cli, mail, contact):
    contact()
    ok(cli("account", "set", "contact", "folders.sent=Missing"))

    ran = ok(cli(*TO_ALICE, input="Hello"))

    assert "no copy in Sent yet" in ran.err
    with mail.imap("contact") as box:
        assert not [line for line in box.list()[1] if b"Missing" in line]


@pytest.fixture
def silent(cli, mail, contact, monkeypatch):
    """A scripted submission server that takes a message and dies, and the account on it, its IMAP server real."""
    contact()
    with submission(dot=CLOSE) as server:
        for key in (f"outgoing.port={server.port}", "outgoing.security=none"):
            ok(cli("account", "set", "contact", key))
        yield server


def test_an_unknown_fate_found_in_sent_is_not_sent_again(cli, mail, silent, outbox):
    ran = cli(*TO_ALICE, "--json", input="Hello")
    assert (ran.status, ran.json["state"], ran.json["sent"]) == (75, "unknown", False)
    identity = ran.json["message_id"]
    mail.deliver("contact", f"Message-ID: {identity}\r\n\r\nHello\r\n".encode(), folder="Sent")
    silent.at.clear()

    ok(cli("outbox", "retry", "1"))

    assert len(silent.taken) == 1
    assert outbox.entries() == ()


def test_an_unknown_fate_not_in_sent_is_sent_again_with_the_same_message_id(cli, mail, silent, outbox):
    assert cli(*TO_ALICE, input="Hello").status == 75
    silent.at.clear()

    ok(cli("outbox", "retry", "1"))

    first, second = (parsed(one.data)["Message-ID"] for one in silent.taken)
    assert first == second
    assert len(mail.messages("contact", "Sent")) == 1
    assert outbox.entries() == ()


def test_killed_while_the_copy_is_made_it_is_copied_later_and_not_sent_again(cli, mail, contact, outbox, home):
    reached = threading.Event()

    def stall(peer):
        reached.set()
        peer.wait()

    with serving(stall) as silent_imap:
        contact(imap_port=silent_imap.port)
        process = started("mailctl", *TO_ALICE, body=b"Hello", home=home, CONTACT_PASSWORD=mail.password)
        assert reached.wait(60), process.communicate(timeout=20)
        deadline = time.monotonic() + 60
        while [entry.state for entry in outbox.entries()] != ["sent"]:  # both servers are called at the same time
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, outbox.entries()
            time.sleep(0.02)
        process.kill()
        process.communicate(timeout=20)

    [entry] = outbox.entries()
    assert (entry.state, entry.owes_copy) == ("sent", True)
    ok(cli("account", "set", "contact", f"incoming.port={mail.imaps_port}"))
    ok(cli("outbox", "flush"))
    assert len(mail.await_messages("alice")) == 1
    assert len(mail.messages("contact", "Sent")) == 1
    assert outbox.entries() == ()
