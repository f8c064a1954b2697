"""Addresses beyond ASCII, from the command line to a real Postfix; reports that it sends."""

import pytest

from conftest import ok
from support.office import parsed

pytestmark = pytest.mark.live


def log_of(office):
    office.drain()
    return (office.home / "log/postfix.log").read_text()


def test_a_domain_beyond_ascii_goes_in_its_ascii_form(cli, office):
    ok(cli("send", "Zoé <zoe@bücher.test>", "-a", "contact", "-s", "Été", input="Héllo"))

    assert "to=<zoe@xn--bcher-kva.test>" in log_of(office)
    [copy] = office.messages("contact", "Sent")
    assert copy.isascii()
    assert parsed(copy)["To"] == "Zoé <zoe@xn--bcher-kva.test>"


def test_an_address_beyond_ascii_goes_with_smtputf8_and_its_copy_is_kept(cli, office):
    ok(cli("send", "Zoé <zoé@bücher.test>", "-a", "contact", "-s", "Été", "--dsn", "failure", input="Héllo"))

    assert "to=<zoé@bücher.test>" in log_of(office)
    [copy] = office.messages("contact", "Sent")
    assert "To: =?utf-8?q?Zo=C3=A9?= <zoé@bücher.test>\r\n".encode() in copy


def test_a_ready_made_message_with_letters_in_clear_goes_with_smtputf8(cli, office):
    raw = "From: contact@mail.test\nTo: zoé@bücher.test\nSubject: Été\n\nHéllo\n"

    ok(cli("send", "--raw", "-", input=raw))

    assert "to=<zoé@bücher.test>" in log_of(office)
    assert "Subject: Été\r\n".encode() in office.messages("contact", "Sent")[0]


def test_a_draft_for_such_an_address_goes_too(cli, office):
    draft = ok(cli("send", "zoé@bücher.test", "-b", "Éva <éva@bücher.test>", "-a", "contact", "-s", "Été", "--draft",
                   "--json", input="x")).json  # fmt: skip

    sent = ok(cli("draft", "send", str(draft["id"]), "-a", "contact", "--json")).json

    assert sent["recipients"] == ["zoé@bücher.test", "éva@bücher.test"]


def test_a_report_of_delivery_comes_and_calls_the_message_by_its_id(cli, office):
    sent = ok(cli("send", "alice@mail.test", "-a", "contact", "-s", "x", "--dsn", "success", "--json", input="x")).json

    [report] = office.await_messages("contact")
    fields = b"".join(part.as_bytes() for part in parsed(report).walk() if part.get_content_maintype() == "message")
    assert f"Original-Envelope-Id: {sent['message_id'].strip('<>')}".encode() in fields
    assert b"Original-Recipient: rfc822;alice@mail.test" in fields


@pytest.mark.parametrize(("words", "told"), [((), True), (("--dsn", "never"), False)])
def test_who_wants_no_report_gets_none(cli, office, words, told):
    before = len(log_of(office))
    raw = "From: contact@mail.test\nTo: alice@mail.test\nSubject: Été\n\nHéllo\n"  # Dovecot's LMTP lacks SMTPUTF8

    ok(cli("send", "--raw", "-", *words, input=raw))

    log = log_of(office)[before:]
    assert "status=bounced" in log
    assert ("sender non-delivery notification" in log) is told
