"""Answering real mail: to whom, from which address, in which thread; and the original is marked as answered."""

from email import message_from_bytes, policy

import pytest

from conftest import ok

pytestmark = pytest.mark.live

NOTE = (
    "From: {sender}\r\nTo: {to}\r\nCc: {cc}\r\nSubject: {subject}\r\nDate: Sun, 1 Mar 2026 09:00:00 +0000\r\n"
    "Message-ID: <2@client.example>\r\nReferences: <1@client.example>\r\n\r\nWhen do you come?\r\nAlice\r\n"
)


@pytest.fixture
def received(cli, store, mail, monkeypatch):
    """Deliver a note to the account `contact`, fetch it, and give its number."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--display-name", "The Firm",
           "--imap-host", mail.host, "--imap-port", str(mail.imaps_port), "--imap-security", "tls",
           "--smtp-host", mail.host, "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls",
           "--ca-file", str(mail.ca_file), "--password-env", "CONTACT_PASSWORD", "--no-discover",
           "--alias", "billing@mail.test"))  # fmt: skip

    def deliver(sender="Alice Martin <alice@mail.test>", to="contact@mail.test", cc="bob@mail.test", subject="Visit"):
        mail.deliver("contact", NOTE.format(sender=sender, to=to, cc=cc, subject=subject).encode())
        ok(cli("fetch", "-a", "contact"))
        return str(ok(cli("list", "--json")).json[0]["id"])

    return deliver


def parsed(raw):
    return message_from_bytes(raw, policy=policy.default)


def test_an_answer_goes_to_the_author_in_the_thread_with_what_is_answered(cli, mail, received):
    number = received()

    ok(cli("reply", number, input="On Monday.\n"))

    message = parsed(mail.await_messages("alice")[0])
    assert (message["To"], message["Cc"]) == ("Alice Martin <alice@mail.test>", None)
    assert (message["Subject"], message["From"]) == ("Re: Visit", "The Firm <contact@mail.test>")
    assert message["In-Reply-To"] == "<2@client.example>"
    assert message["References"].split() == ["<1@client.example>", "<2@client.example>"]
    text = message.get_content().replace("\r\n", "\n")
    assert text.startswith("On Monday.\n")
    assert "Alice Martin wrote:\n> When do you come?\n> Alice" in text


def test_the_original_is_marked_as_answered_on_the_server_and_here(cli, mail, received):
    number = received()

    ok(cli("reply", number, input="On Monday.\n"))

    assert "\\Answered" in mail.flags("contact")[0]
    assert ok(cli("list", "--json")).json[0]["answered"] is True


def test_to_all_means_the_others_but_not_oneself(cli, received):
    number = received(to="billing@mail.test, u1@mail.test", cc="bob@mail.test, CONTACT@mail.test, alice@mail.test")

    message = parsed(ok(cli("reply", number, "--all", "--dry-run", input="Hi\n")).out.encode())

    assert message["To"] == "Alice Martin <alice@mail.test>, u1@mail.test"
    assert message["Cc"] == "bob@mail.test"


def test_the_alias_that_was_written_to_answers(cli, mail, received):
    number = received(to="Billing <billing@mail.test>")

    ok(cli("reply", number, input="Hi\n"))

    assert parsed(mail.await_messages("alice")[0])["From"] == "The Firm <billing@mail.test>"


def test_an_alias_that_only_receives_does_not_answer(cli, received):
    ok(cli("account", "set", "contact", 'aliases=[{address="billing@mail.test",send=false}]'))
    number = received(to="billing@mail.test")

    assert "From: The Firm <contact@mail.test>" in ok(cli("reply", number, "--dry-run", input="Hi\n")).out


@pytest.mark.parametrize("subject", ["Visit", "Re: Visit", "RE: Re: Visit", "AW: Visit", "Re[2]: Visit", "RE : Visit"])
def test_re_stands_once_before_the_subject(cli, received, subject):
    number = received(subject=subject)

    assert "\nSubject: Re: Visit\n" in ok(cli("reply", number, "--dry-run", input="Hi\n")).out


def test_reply_to_comes_before_from(cli, received):
    number = received(sender="alice@mail.test\r\nReply-To: Office <office@client.example>")

    assert "\nTo: Office <office@client.example>\n" in ok(cli("reply", number, "--dry-run", input="Hi\n")).out


def test_who_may_read_but_not_send_does_not_answer(cli, received):
    number = received()
    ok(cli("collaborator", "add", "ben", "--name", "Ben", "--email", "ben@mail.test"))
    ok(cli("rights", "grant", "contact", "ben", "read"))

    assert cli("--as", "ben", "reply", number, input="Hi\n").status == 77
    ok(cli("rights", "revoke", "contact", "ben"))
    ok(cli("rights", "grant", "contact", "ben", "send"))
    assert cli("--as", "ben", "reply", number, input="Hi\n").status == 77


def test_who_may_not_organize_answers_and_leaves_the_mark(cli, mail, received):
    number = received()
    ok(cli("collaborator", "add", "ben", "--name", "Ben", "--email", "ben@mail.test"))
    ok(cli("rights", "grant", "contact", "ben", "read,send"))

    ok(cli("--as", "ben", "reply", number, input="Hi\n"))

    assert len(mail.await_messages("alice")) == 1
    assert "\\Answered" not in mail.flags("contact")[0]


def test_a_message_there_is_none_of_is_67(cli, received):
    received()

    assert cli("reply", "999", input="Hi\n").status == 67


def test_an_answer_to_the_list_goes_to_the_list(cli, received):
    number = received(cc="u2@mail.test\r\nList-Post: <mailto:u3@mail.test>")

    message = parsed(ok(cli("reply", number, "--list", "--dry-run", input="Hi\n")).out.encode())

    assert (message["To"], message["Cc"]) == ("u3@mail.test", None)


def test_what_came_through_no_list_has_none_to_answer(cli, received):
    number = received()

    ran = cli("reply", number, "--list", input="Hi\n")

    assert ran.status == 2
    assert f"mailctl reply {number} --all" in ran.err
    assert cli("reply", number, "--list", "--all", input="Hi\n").status == 2


def test_oneself_in_any_form_gets_no_answer_to_all(cli, received):
    number = received(to="contact+visit@mail.test, Billing+x@MAIL.test", cc="bob@mail.test")

    message = parsed(ok(cli("reply", number, "--all", "--dry-run", input="Hi\n")).out.encode())

    assert (message["To"], message["Cc"]) == ("Alice Martin <alice@mail.test>", "bob@mail.test")


@pytest.fixture
def answered(cli, received, mail):
    """The text of the answer to a mail of these bytes."""
    received()

    def answer(header, body):
        raw = f"From: alice@mail.test\r\nTo: contact@mail.test\r\nMessage-ID: <3@x.example>\r\n{header}\r\n{body}"
        mail.deliver("contact", raw.encode())
        ok(cli("fetch", "-a", "contact"))
        [new] = [one for one in ok(cli("list", "--json")).json if one["message_id"] == "<3@x.example>"]
        return parsed(ok(cli("reply", str(new["id"]), "--dry-run", input="Yes.\n")).out.encode()).get_content()

    return answer


def test_what_is_a_page_only_is_quoted_as_text(answered):
    text = answered("Content-Type: text/html\r\n", "<p>When do <b>you</b> come?</p><p>-- <br>Alice</p>")

    assert "\n> When do you come?\n" in text.replace("**", "").replace("*", "")
    assert "<p>" not in text


def test_what_has_no_text_is_not_quoted(answered):
    assert answered("Content-Type: application/pdf; name=a.pdf\r\n", "x") == "Yes.\n"


def test_the_signature_of_who_is_answered_is_not_quoted_and_ones_own_stands_above(cli, answered):
    ok(cli("signature", "set", "contact", "--text", "-", input="The Firm\n"))

    text = answered("", "When?\n-- \nAlice\n\nOn Monday, Bob wrote:\n> Soon?\n")

    assert text.startswith("Yes.\n\n-- \nThe Firm\n\nalice@mail.test wrote:\n> When?\n")
    assert text.endswith("> On Monday, Bob wrote:\n>> Soon?\n")
    assert "Alice" not in text
