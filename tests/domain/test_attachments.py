"""Attachments: found wherever they are, under the names their senders gave them, made safe and distinct."""

import pytest

from mailctl.domain.reading import attachments
from support.messages import LOGO, PDF, PLAIN, RICH, multipart, names, part, reading


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        pytest.param('Content-Disposition: attachment; filename="a b.pdf"', "a b.pdf", id="quoted"),
        pytest.param("Content-Disposition: attachment; filename=a b.pdf", "a b.pdf", id="not quoted"),
        pytest.param('Content-Disposition: attachment; filename="a;b\\"c.pdf"', "a;bc.pdf", id="odd letters"),
        pytest.param("Content-Disposition: attachment; filename*=utf-8'fr'%C3%A9t%C3%A9.pdf", "été.pdf", id="RFC 2231"),
        pytest.param("Content-Disposition: attachment;\n filename*0*=utf-8''%C3%A9t;\n filename*1*=%C3%A9;\n"
                     ' filename*2=".pdf"', "été.pdf", id="RFC 2231 in pieces"),
        pytest.param('Content-Disposition: attachment; filename*1="b.pdf"; filename*0="a"', "ab.pdf",
                     id="pieces in another order"),
        pytest.param('Content-Disposition: attachment; filename="x.pdf"; filename*=utf-8\'\'%C3%A9.pdf', "é.pdf",
                     id="both forms"),
        pytest.param('Content-Disposition: attachment; filename="=?utf-8?q?=C3=A9.pdf?="', "é.pdf",
                     id="RFC 2047, as it should not be"),
        pytest.param('Content-Disposition: attachment; filename="=?utf-8?b?w6k=?=\n =?utf-8?b?w6kucGRm?="', "éé.pdf",
                     id="RFC 2047 in pieces"),
        pytest.param('Content-Disposition: attachment; filename="été.pdf"', "été.pdf", id="bare UTF-8"),
        pytest.param("Content-Disposition: attachment; filename*=klingon''%E9.pdf", "é.pdf", id="an unknown charset"),
        pytest.param('Content-Disposition: attachment; filename="..\\..\\evil.exe"', "evil.exe", id="a path"),
        pytest.param("Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fevil", "evil", id="a path, encoded"),
        pytest.param('Content-Disposition: attachment; filename=""', "attachment.pdf", id="an empty name"),
        pytest.param("Content-Disposition: attachment", "attachment.pdf", id="no name"),
        pytest.param('Content-Disposition: attachment; filename="cut.pdf', "cut.pdf", id="a quote not closed"),
    ],
)  # fmt: skip
def test_an_attachment_is_called_what_its_sender_calls_it(fields, name):
    assert names(multipart("mixed", PLAIN, part("application/pdf", "x", fields))) == [name]


def test_attachments_of_one_name_get_numbers():
    assert names(multipart("mixed", PLAIN, PDF, PDF, PDF)) == ["plan.pdf", "plan-1.pdf", "plan-2.pdf"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param("application/ms-tnef", "winmail.dat", id="Outlook's wrapping"),
        pytest.param("text/calendar", "invitation.ics", id="an invitation"),
        pytest.param("image/jpeg", "attachment.jpg", id="an image"),
        pytest.param("x/y", "attachment.bin", id="anything"),
    ],
)
def test_a_part_without_a_name_is_called_what_it_is(kind, name):
    assert names(multipart("mixed", PLAIN, part(kind, "x"))) == [name]


def test_a_message_in_a_message_is_an_attachment_named_by_its_subject():
    inner = "Subject: =?utf-8?q?Devis_n=C2=B0_3/4?=\n\nInner text"
    raw = multipart("mixed", PLAIN, part("message/rfc822", inner))

    [one] = reading(raw).attachments

    assert (one.filename, one.content_type, one.size) == ("Devis n° 3-4.eml", "message/rfc822", len(inner))
    assert reading(raw).text == "plain"


def test_the_parts_of_a_digest_are_messages():
    assert names(multipart("digest", "\nSubject: a\n\nx", "\nSubject: b\n\ny")) == ["a.eml", "b.eml"]


def test_a_logo_is_inline_and_a_file_is_not():
    raw = multipart("mixed", multipart("related", RICH, LOGO, boundary="c"), PDF)

    assert [(one.filename, one.inline) for one in reading(raw).attachments] == [("logo.png", True), ("plan.pdf", False)]


def test_the_content_comes_without_its_transfer_encoding():
    raw = multipart("mixed", part("application/pdf", "JVBE\nRg==", "Content-Transfer-Encoding: base64"))

    [(found, node)] = attachments(raw.encode())

    assert (node.content, found.size) == (b"%PDF", 4)


def test_a_report_of_non_delivery_is_its_words_and_two_files():
    status = part("message/delivery-status", "Status: 5.1.1")
    raw = multipart("report", PLAIN, status, part("text/rfc822-headers", "Subject: x"))

    assert reading(raw).text == "plain"
    assert names(raw) == ["delivery-status.txt", "headers.txt"]
