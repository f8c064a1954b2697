"""Invitations, images of a page, priorities and passed-on mail, as they are written and as mail programs read them."""

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailctl.domain.address import parse
from mailctl.domain.compose import compose
from mailctl.domain.content import whole
from mailctl.domain.fields import typed_fields
from mailctl.domain.inline import cid_of
from mailctl.domain.message import Attachment, Draft, Forwarded, Priority
from mailctl.domain.signature import Rendered
from support.messages import names
from support.pieces import BORDERS, LINES, Pieces

ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:\xc3\xa9\r\nEND:VCALENDAR\r\n"
INVITATION = Attachment(filename="visit.ics", content=ICS, content_type="text/calendar; method=REQUEST")
LOGO = Attachment(filename="logo.png", content=b"\x89PNG 1", content_type="image/png")
PICTURE = Attachment(filename="logo.png", content=b"\x89PNG 2", content_type="image/png", cid="logo.png.0@page")
RICH = Rendered(text="Alice", html=f'<img src="cid:{cid_of("logo.png")}">', images=(LOGO,))


def raw_of(signature=None, **said):
    said.setdefault("to", (parse("bob@client.example"),))
    return compose(
        Draft(**said),
        sender=parse("contact@firm.example"),
        date=datetime(2026, 3, 1, tzinfo=UTC),
        message_id="<1.ab@firm.example>",
        signature=signature,
    )


def message_of(signature=None, **said):
    return email.message_from_bytes(raw_of(signature, **said), policy=email.policy.default)


def types_of(message):
    return [part.get_content_type() for part in message.walk()]


# -- invitations


def test_an_invitation_is_one_way_to_read_the_mail_and_a_file():
    message = message_of(body="Come.\n", attachments=(INVITATION,))

    assert types_of(message) == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/calendar", "text/calendar"
    ]  # fmt: skip
    offered, file = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    for part in (offered, file):
        assert part["Content-Type"].params["method"] == "REQUEST"
        assert part.get_content_charset() == "utf-8"
        assert part.get_payload(decode=True) == ICS
    assert (offered.get_filename(), file.get_filename()) == (None, "visit.ics")
    assert file.get_content_disposition() == "attachment"


def test_beside_a_page_it_comes_last():
    message = message_of(body="Come.", markdown=True, attachments=(INVITATION,))

    assert types_of(message)[1:5] == ["multipart/alternative", "text/plain", "text/html", "text/calendar"]


@pytest.mark.parametrize(
    "attachments",
    [
        pytest.param((Attachment(filename="a.ics", content=ICS, content_type="text/calendar"),), id="one for nothing"),
        pytest.param((INVITATION, INVITATION), id="two, of which neither is the mail's own"),
    ],
)
def test_other_calendars_are_mere_files(attachments):
    assert "multipart/alternative" not in types_of(message_of(attachments=attachments))


# -- images


def test_a_page_and_its_signature_may_each_have_a_logo_of_the_same_name():
    message = message_of(RICH, body="x", html='<body><img src="cid:logo.png.0@page"></body>', images=(PICTURE,))

    assert types_of(message)[2:] == ["multipart/related", "text/html", "image/png", "image/png"]
    page = message.get_body(("html",)).get_content()
    shown = {part["Content-ID"].strip("<>"): part.get_content() for part in message.walk() if part["Content-ID"]}
    assert set(shown.values()) == {b"\x89PNG 1", b"\x89PNG 2"}
    assert all(f"cid:{one}" in page for one in shown)


# -- priorities


@pytest.mark.parametrize(
    ("said", "written"),
    [
        pytest.param({"priority": Priority.HIGH}, ("high", "1"), id="high"),
        pytest.param({"priority": Priority.LOW}, ("low", "5"), id="low"),
        pytest.param({}, (None, None), id="none"),
        pytest.param({"priority": Priority.HIGH, "headers": (("x-priority", "2"),)}, ("high", "2"), id="one's own"),
    ],
)
def test_how_much_it_presses(said, written):
    message = message_of(**said)

    assert (message["Importance"], message["X-Priority"]) == written
    assert len(message.get_all("X-Priority") or []) <= 1


# -- passed on


PASSED = Forwarded(message_id="<2@x.example>", head="From: Éva <eva@x.example>", text="From here on\n.\n")


def test_what_is_passed_on_stands_below_the_signature():
    text = message_of(Rendered(text="Alice"), body="For you.\n", quoted=PASSED).get_content()

    assert text.replace("\r\n", "\n") == "For you.\n\n-- \nAlice\n\nFrom: Éva <eva@x.example>\n\nFrom here on\n.\n"


def test_a_message_within_has_its_eight_bits_told_all_the_way_up():
    inner = b"Subject: x\r\nContent-Type: text/plain; charset=latin-1\r\n\r\n\xe9\r\n"
    file = Attachment(filename="x.eml", content=inner, content_type="message/rfc822")

    message = message_of(body="é", attachments=(file,))

    assert message["Content-Transfer-Encoding"] == "8bit"
    [part] = message.iter_attachments()
    assert part["Content-Transfer-Encoding"] == "8bit"
    assert inner in raw_of(body="é", attachments=(file,))


# -- file names, as different programs read them


def as_outlook(fields):
    """The name in Content-Type, its encoded words decoded: what reads no RFC 2231 reads that."""
    [found] = re.findall(r'name="((?:[^"\\]|\\.)*)"', fields[0])
    return str(make_header(decode_header(found.replace("\r\n", ""))))


NAMES = st.one_of(
    st.text("abé漢 '\"%;=?*().-", min_size=1, max_size=200),
    st.sampled_from(["Plan d’étage – rez-de-chaussée.pdf", "漢" * 80 + ".pdf", "a" * 250 + ".pdf", "🏗️ chantier.pdf",
                     "=?utf-8?q?x?=.pdf", "50% (final); v2.pdf", "été.pdf"]),
).filter(lambda name: name.strip() == name and "\\" not in name)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_a_file_name_is_the_same_for_every_reader(name):
    fields = typed_fields("application/pdf", disposition="attachment", filename=name)

    whole = email.message_from_string("\r\n".join([*fields, "", ""]), policy=email.policy.default)
    assert whole.get_content_disposition() == "attachment"
    assert as_outlook(fields) == name
    assert all(len(line) <= 78 for field in fields for line in field.split("\r\n"))


@pytest.mark.parametrize("name", ["Plan d’étage – rez-de-chaussée.pdf", "漢" * 60 + ".pdf", "50% (final), v2.pdf"])
def test_our_own_reader_finds_it_too(name):
    assert names(raw_of(attachments=(Attachment(filename=name, content=b"x", content_type="application/pdf"),))) == [
        name
    ]


# -- files that are not held whole

KINDS = ("application/pdf", "text/plain", "message/rfc822", "text/calendar; method=REQUEST", "multipart/odd")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LINES | st.binary(max_size=300), BORDERS, st.sampled_from(KINDS)), min_size=1, max_size=3))
@example([(b"=_mixed_1abfirmexample", (5, 9), "message/rfc822")])
@example([(b"a\r\nFrom b\r\n", (3, 5), "message/rfc822"), ("é".encode(), (1,), "text/plain")])
def test_a_message_is_the_same_whether_its_files_are_held_whole_or_read_in_blocks(files):
    whole_ones = tuple(Attachment(filename="a", content=raw, content_type=kind) for raw, _, kind in files)
    in_blocks = tuple(
        Attachment(filename="a", content=Pieces(raw, borders), content_type=kind) for raw, borders, kind in files
    )

    found = raw_of(body="Hi\n", attachments=in_blocks)

    assert whole(found) == raw_of(body="Hi\n", attachments=whole_ones)
    assert len(found) == len(whole(found))


@pytest.mark.parametrize("kind", ["application/pdf", "message/rfc822"])
def test_a_large_file_arrives_byte_for_byte(kind):
    content = b"Subject: x\r\n\r\n" + b"0123456789abcde\r\n" * 100_000
    raw = raw_of(attachments=(Attachment(filename="a", content=content, content_type=kind),))

    [file] = email.message_from_bytes(whole(raw), policy=email.policy.SMTP).iter_attachments()

    assert file.get_content_type() == kind
    assert (file.get_content().as_bytes() if kind == "message/rfc822" else file.get_content()) == content


def test_a_message_with_a_line_without_an_end_is_no_message_to_be_passed_on_as_one():
    endless = Pieces(b"Subject: x\r\n\r\n" + b"x" * 5000, (100, 200, 3000))

    raw = whole(raw_of(attachments=(Attachment(filename="a.eml", content=endless, content_type="message/rfc822"),)))

    assert b"Content-Type: application/octet-stream" in raw
