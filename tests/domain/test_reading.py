"""A message's bytes as a head and as a reading: what is odd in real mail, and that nothing ever fails."""

import time
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.reading import head_of
from support.messages import LOGO, PDF, PLAIN, RICH, message, multipart, names, part, reading

# -- the head


def test_the_head_has_what_a_list_shows():
    raw = message(
        "From: =?utf-8?q?Ren=C3=A9e?= Martin <renee@client.example>",
        "To: Firm <contact@firm.example>, b@firm.example",
        "Subject: =?utf-8?q?D=C3=A9vis?=\n for us",
        "Date: Mon, 2 Mar 2026 10:30:00 +0100",
        "Message-ID: <1@client.example>",
        body="Hello",
    )

    head = head_of(raw)

    assert head.sender == "Renée Martin <renee@client.example>"
    assert head.to == "Firm <contact@firm.example>, b@firm.example"
    assert head.subject == "Dévis for us"
    assert head.date == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert head.message_id == "<1@client.example>"
    assert not head.has_attachment


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n\r\n", id="empty lines"),
        pytest.param(b"just a text\n", id="no header"),
        pytest.param(b"\xff\xfe\x00" * 50, id="no text"),
    ],
)
def test_what_is_no_message_has_an_empty_head(raw):
    head = head_of(raw)

    assert (head.sender, head.to, head.subject, head.date, head.message_id) == ("", "", "", None, None)
    assert not head.has_attachment


@pytest.mark.parametrize(
    ("raw", "has_attachment"),
    [
        pytest.param(multipart("mixed", PLAIN, PDF), True, id="a file"),
        pytest.param(multipart("mixed", PLAIN, part("text/plain", "x", "Content-Disposition: attachment")), True,
                     id="a text that is attached"),
        pytest.param(multipart("mixed", PLAIN, part('text/plain; name="n.txt"', "x")), True, id="a text with a name"),
        pytest.param(multipart("mixed", PLAIN, part("message/rfc822", "Subject: x\n\ny")), True, id="a message"),
        pytest.param(part("application/pdf", "x"), True, id="nothing but a file"),
        pytest.param(multipart("alternative", PLAIN, part("text/calendar", "BEGIN:VCALENDAR")), True, id="invited"),
        pytest.param(multipart("alternative", PLAIN, RICH), False, id="text twice"),
        pytest.param(multipart("related", RICH, LOGO), False, id="a logo"),
        pytest.param(multipart("signed", PLAIN, part("application/pgp-signature", "x")), False, id="a signature"),
        pytest.param(multipart("mixed", PLAIN, PLAIN), False, id="two texts"),
        pytest.param('Content-Type: text/plain; name="body.txt"\n\nx', False, id="the only text has a name"),
        pytest.param("Content-Type: multipart/mixed; boundary=b\n\nno parts", False, id="a multipart without parts"),
    ],
)  # fmt: skip
def test_an_attachment_is_what_was_attached(raw, has_attachment):
    assert head_of(raw.encode()).has_attachment is has_attachment


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_both_line_ends_are_read(ending):
    raw = (b"Subject: a\n b\n" + multipart("mixed", PLAIN, PDF).encode()).replace(b"\n", ending.encode())

    found = reading(raw)

    assert (found.subject, found.text, names(raw)) == ("a b", "plain", ["plan.pdf"])


def test_an_mbox_line_and_a_field_without_a_space_are_forgiven():
    raw = b"From x@y Mon Mar  2 2026\nSubject:a\n>From x@y\nTo : b@x\n\nText"

    assert (head_of(raw).subject, head_of(raw).to, reading(raw).text) == ("a", "b@x", "Text")


def test_a_header_without_an_end_ends_where_the_text_begins():
    found = reading(b"Subject: a\nThis is text.\n\nMore.")

    assert (found.subject, found.text) == ("a", "This is text.\n\nMore.")


def test_the_first_of_several_subjects_counts_and_all_recipients_do():
    raw = message("Subject: a", "Subject: b", "To: a@x", "To: b@x", body="")

    assert (head_of(raw).subject, head_of(raw).to) == ("a", "a@x, b@x")


def test_a_huge_field_is_cut_in_the_index_and_whole_for_the_reader():
    raw = message("Subject: " + "a" * 100_000, body="")

    assert len(head_of(raw).subject) == 2000
    assert len(reading(raw).subject) == 100_000


# -- the text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(multipart("alternative", PLAIN, RICH), "plain", id="plain text before HTML"),
        pytest.param(multipart("alternative", part("text/plain", " \n"), RICH), "rich", id="HTML before nothing"),
        pytest.param(multipart("alternative", RICH), "rich", id="HTML alone"),
        pytest.param(multipart("alternative", RICH, PLAIN), "plain", id="in the wrong order"),
        pytest.param(multipart("mixed", PLAIN, PDF, part("text/plain", "more")), "plain\n\nmore", id="around a file"),
        pytest.param(multipart("mixed", multipart("alternative", PLAIN, multipart("related", RICH, LOGO, boundary="d"),
                     boundary="c"), PDF), "plain", id="nested as mail programs nest"),
        pytest.param(multipart("related", RICH, LOGO), "rich", id="HTML with its images"),
        pytest.param(multipart("related", LOGO, part("text/html", "root", "Content-ID: <r>"), more='; start="<r>"'),
                     "root", id="the root is not the first"),
        pytest.param(multipart("signed", PLAIN, part("application/pgp-signature", "x")), "plain", id="signed"),
        pytest.param(multipart("unheard-of", PLAIN, PDF), "plain", id="an unknown multipart"),
        pytest.param(multipart("mixed", "\nno header"), "no header", id="a part without a header"),
        pytest.param("Content-Type: text\n\nx", "x", id="a type that is none"),
        pytest.param("Content-Type: multipart/mixed; boundary=z\n\n--b\n\nx", "--b\n\nx", id="no boundary"),
        pytest.param("Content-Type: multipart/mixed\n\n--b\n\nx\n--b--", "x", id="a boundary that is not named"),
        pytest.param("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--bb\ny", "x\n--bb\ny",
                     id="a boundary that is longer is none, and a last one is not missed"),
        pytest.param("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\t \n\nx\n--b--\nepilogue", "x",
                     id="what stands around the parts is left out"),
        pytest.param("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nw6k=", "é", id="base64"),
        pytest.param("Content-Type: text/html; charset=utf-8\n\n&eacute;", "é", id="HTML with references"),
    ],
)  # fmt: skip
def test_the_text_is_what_its_writer_meant_to_be_read(raw, text):
    assert reading(raw).text.strip("\n") == text


def test_html_says_that_it_was_html():
    assert reading(multipart("alternative", RICH)).is_html
    assert not reading(multipart("alternative", PLAIN, RICH)).is_html


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("text/plain; charset=iso-8859-1", "été".encode("latin-1"), id="declared"),
        pytest.param("text/plain; charset=utf-8", "été".encode("latin-1"), id="wrong"),
        pytest.param("text/plain", "été".encode("latin-1"), id="missing"),
        pytest.param("text/plain; charset=x-unknown", "été".encode(), id="unknown"),
    ],
)
def test_the_charset_is_found(content_type, body):
    assert reading(f"Content-Type: {content_type}\n\n".encode() + body).text == "été"


@pytest.mark.parametrize(
    "meta", ['<meta charset="koi8-r">', "<meta http-equiv=x content='text/html; charset = koi8-r'>"]
)
def test_html_may_name_its_charset_itself(meta):
    raw = b"Content-Type: text/html\n\n" + f"{meta}<p>привет".encode("koi8-r")

    assert reading(raw).text == "привет"


@pytest.mark.parametrize(
    ("more", "body", "text"),
    [
        pytest.param("", "a \nb\nc", "a b\nc", id="paragraphs are whole again"),
        pytest.param("; delsp=yes", "a \nb", "ab", id="the space was added"),
        pytest.param("", "> a \n> b\n>> c", "> a b\n>> c", id="quotations too"),
        pytest.param("", "a \n> b", "a\n> b", id="and never mixed"),
        pytest.param("", "a \n-- \nAlice", "a\n-- \nAlice", id="the signature stays apart"),
        pytest.param("", " From us\n >x", "From us\n>x", id="the space that protected a line is gone"),
    ],
)
def test_flowed_text_flows(more, body, text):
    assert reading(f"Content-Type: text/plain; format=flowed{more}\n\n{body}").text == text


@pytest.mark.parametrize(
    ("raw", "note"),
    [
        pytest.param(multipart("encrypted", part("application/pgp-encrypted", "Version: 1"),
                               part("application/octet-stream", "x"), more='; protocol="application/pgp-encrypted"'),
                     "encrypted (OpenPGP)", id="OpenPGP"),
        pytest.param("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx", "encrypted (S/MIME)",
                     id="S/MIME"),
        pytest.param("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx", "signed (S/MIME), its text",
                     id="signed around the text"),
        pytest.param(multipart("signed", PLAIN, part("application/pgp-signature", "x"),
                               more='; protocol="application/pgp-signature"'), "signed (OpenPGP): ", id="signed"),
        pytest.param("\n-----BEGIN PGP MESSAGE-----\n", "encrypted (OpenPGP, in the text)", id="in the text"),
        pytest.param("\n-----BEGIN PGP SIGNED MESSAGE-----\nx", "signed (OpenPGP, in the text)", id="signed in it"),
        pytest.param(multipart("mixed", PLAIN, part("application/ms-tnef", "x")), "winmail.dat is Outlook's",
                     id="winmail.dat"),
    ],
)  # fmt: skip
def test_what_mailctl_cannot_open_says_what_it_is(raw, note):
    [said] = reading(raw).notes

    assert said.startswith(note)


def test_an_ordinary_message_has_no_notes():
    assert reading(multipart("mixed", PLAIN, PDF)).notes == ()


# -- what an answer needs


def test_an_answer_finds_what_it_needs():
    found = reading(
        message(
            "From: a@x.example", "Reply-To: List <list@x.example>", "To: b@x.example", "Cc: c@x.example",
            "Message-ID: <3@x>", "In-Reply-To: <2@x>", "References: <1@x>\n <2@x>", "Delivered-To: quotes@firm.example",
        )
    )  # fmt: skip

    assert (found.reply_to, found.to, found.cc) == ("List <list@x.example>", "b@x.example", "c@x.example")
    assert (found.message_id, found.in_reply_to, found.references) == ("<3@x>", "<2@x>", ("<1@x>", "<2@x>"))
    assert ("Delivered-To", "quotes@firm.example") in found.headers


def test_without_from_the_sender_counts():
    assert reading(message("Sender: a@x.example")).sender == "a@x.example"


# -- whatever the bytes

PIECES = [b"\n", b"\r\n", b"\n\n", b"--b", b"--b--", b"Content-Type: ", b"multipart/mixed; boundary=b", b"text/html",
          b"multipart/related", b"message/rfc822", b"Content-Disposition: attachment; filename*0*=utf-8''%ff", b'"',
          b"=?utf-8?q?", b"?=", b"From: ", b"<a@b>", b"(", b"\xff", b"\0", b"<p>", b"charset=utf-7", b"Date: ", b";",
          b"Content-Transfer-Encoding: ", b"base64", b" ", b"x"]  # fmt: skip


@given(st.one_of(st.binary(), st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)))
def test_any_bytes_have_a_head_and_a_reading(raw):
    head = head_of(raw)
    found = reading(raw)

    assert msgspec.json.encode(head)
    assert msgspec.json.encode(found)
    assert head.has_attachment == any(not one.inline for one in found.attachments)
    assert (head.date, head.message_id) == (found.date, found.message_id)


NESTED = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2000))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 200_000, id="parts without end"),
        pytest.param(NESTED.encode(), id="multiparts in multiparts"),
        pytest.param(b"Content-Type: multipart/mixed\n\n" + b"--" * 200_000, id="dashes"),
        pytest.param(b"To: " + b'"\\' * 100_000, id="quotes"),
        pytest.param(b"To: " + b"(" * 200_000, id="comments in comments"),
        pytest.param(b"From: " + b"[" * 200_000, id="brackets"),
        pytest.param(b"Subject: " + b"=?utf-8?q?" * 40_000, id="encoded words that never end"),
        pytest.param(b"Content-Type: a/b" + b'; a="' * 50_000, id="parameters"),
        pytest.param(b"A: b\n" * 100_000, id="fields"),
        pytest.param(b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 200_000, id="one paragraph"),
    ],
)
def test_no_message_takes_long(raw):
    start = time.process_time()

    head_of(raw)
    reading(raw)

    assert time.process_time() - start < 20


@pytest.mark.parametrize("levels", [1, 50, 95])
def test_a_text_is_found_however_many_parts_lie_around_it(levels):
    raw = "Content-Type: text/plain\n\nthe innermost\n"
    for level in range(levels):
        raw = f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{raw}\n--b{level}--\n"

    assert reading(raw).text.strip() == "the innermost"


def test_parts_beyond_the_limit_of_depth_are_kept_as_they_are():
    [one] = reading(NESTED + "\ntext").attachments

    assert one.content_type == "multipart/mixed"
