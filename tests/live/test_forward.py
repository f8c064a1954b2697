"""Passing real mail on: its attachments with it or whole, and the mark that it was."""

import pytest

from conftest import ok
from support.office import fetched, parsed

pytestmark = pytest.mark.live

PDF = bytes(range(256)) * 30
TEXT = "On Monday at nine, in the café.\n-- \nAlice\n"


def mail_with_files():
    """A mail as Outlook would write it: text, page with a logo, a plan with a French name, an invitation."""
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Cc"] = (
        "Alice Martin <alice@mail.test>",
        "billing@mail.test",
        "u1@mail.test",
    )
    message["Subject"], message["Message-ID"] = "Fwd: RE: Visit", "<2@client.example>"
    message["Date"], message["References"] = "Sun, 1 Mar 2026 09:00:00 +0000", "<1@client.example>"
    message.set_content(TEXT)
    message.add_alternative('<p>On Monday <img src="cid:logo"></p>', subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo>", filename="logo.png")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="Plan d’étage.pdf")
    message.add_attachment(b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n", "text", "calendar",
                           filename="visit.ics")  # fmt: skip
    return bytes(message)


def test_a_mail_is_passed_on_with_its_files_from_the_address_it_came_to(cli, office):
    number = fetched(cli, office, mail_with_files())

    ok(cli("forward", number, "bob@mail.test", "-c", "u2@mail.test", input="For you.\n"))

    message = parsed(office.await_messages("bob")[0])
    assert (message["From"], message["Subject"]) == ("The Firm <billing@mail.test>", "Fwd: Re: Visit")
    assert (message["To"], message["Cc"]) == ("bob@mail.test", "u2@mail.test")
    assert message["In-Reply-To"] is None
    assert message["References"].split() == ["<1@client.example>", "<2@client.example>"]
    text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.startswith(
        "For you.\n\n---------- Forwarded message ----------\nFrom: Alice Martin <alice@mail.test>\n"
    )
    assert (
        "\nSubject: Fwd: RE: Visit\nTo: billing@mail.test\nCc: u1@mail.test\n\nOn Monday at nine, in the café.\n"
        in text
    )
    files = {part.get_filename(): part for part in message.iter_attachments()}
    assert set(files) == {"logo.png", "Plan d’étage.pdf", "visit.ics"}
    assert files["Plan d’étage.pdf"].get_content() == PDF
    assert "text/calendar" not in [part.get_content_type() for part in message.walk() if part.get_filename() is None]


def test_a_mail_passed_on_as_a_file_is_the_same_byte_for_byte(cli, office):
    raw = (
        mail_with_files().replace(b"Content-Transfer-Encoding: base64\r\n", b"X-Odd: \t x  \r\n", 0) + b".\r\n\xe9\r\n"
    )
    number = fetched(cli, office, raw)

    ok(cli("forward", number, "bob@mail.test", "--as-attachment", input="For you.\n"))

    arrived = office.await_messages("bob")[0]
    message = parsed(arrived)
    assert message.get_body(("plain",)).get_content().strip() == "For you."
    [file] = message.iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("message/rfc822", "Fwd RE Visit.eml")
    assert raw in arrived


def test_it_is_marked_as_passed_on_on_the_server(cli, office):
    number = fetched(cli, office, mail_with_files())

    ok(cli("forward", number, "bob@mail.test", input=""))

    assert "$Forwarded" in office.flags("contact")[0]


def test_one_that_lies_in_the_outbox_is_not_marked(cli, office):
    number = fetched(cli, office, mail_with_files())

    ok(cli("forward", number, "bob@mail.test", "--queue", input=""))

    assert office.flags("contact") == [frozenset()]


def test_it_takes_the_right_to_read_and_the_right_to_send(cli, office):
    number = fetched(cli, office, mail_with_files())
    ok(cli("collaborator", "add", "ben", "--name", "Ben", "--email", "ben@mail.test"))
    for right in ("read", "send"):
        ok(cli("rights", "grant", "contact", "ben", right))

        ran = cli("--as", "ben", "forward", number, "bob@mail.test", input="")

        assert ran.status == 77
        ok(cli("rights", "revoke", "contact", "ben"))
    ok(cli("rights", "grant", "contact", "ben", "read,send"))
    ok(cli("--as", "ben", "forward", number, "bob@mail.test", input=""))
    assert len(office.await_messages("bob")) == 1
    assert office.flags("contact") == [frozenset()]  # that takes `organize`


def test_without_recipients_it_says_how(cli, office):
    number = fetched(cli, office, mail_with_files())

    ran = cli("forward", number, input="")

    assert ran.status == 2
    assert f"mailctl forward {number} anna@firm.example" in ran.err
