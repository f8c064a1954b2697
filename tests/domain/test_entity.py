"""What is sent along arrives byte for byte, and parts nest without getting into each other's way."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.entity import attached, encoded_text, multipart, text
from mailctl.domain.message import Attachment


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=500), st.sampled_from(["text/plain", "application/pdf", "text/html; charset=latin-1"]))
def test_a_file_arrives_byte_for_byte(content, kind):
    part = parsed(attached(Attachment(filename="a.bin", content=content, content_type=kind)).raw)

    assert part.get_payload(decode=True) == content
    assert part["Content-Type"].content_type == kind.partition(";")[0]


MAIL = b"Subject: hi\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(MAIL, "message/rfc822", id="plain"),
        pytest.param(MAIL + "é\r\n".encode(), "message/rfc822", id="8 bits"),
        pytest.param(MAIL + b".\r\n\x1b$B4A\x1b(B\r\n", "message/rfc822", id="a lone dot, and an old Japanese text"),
        pytest.param(MAIL + b"\0\r\n", "application/octet-stream", id="NUL"),
        pytest.param(MAIL.replace(b"\r\n", b"\n"), "application/octet-stream", id="other line ends"),
        pytest.param(MAIL + b"From here on\r\n", "application/octet-stream", id="a line a mailbox would change"),
        pytest.param(MAIL + b"x" * 2000, "application/octet-stream", id="a long line"),
    ],
)
def test_a_message_goes_as_one_only_where_it_arrives_as_it_is(content, kind):
    part = attached(Attachment(filename="a.eml", content=content, content_type="message/rfc822"))

    found = parsed(multipart("mixed", (text("hi\n", "plain"), part), seed="x").raw)
    [file] = found.iter_attachments()
    assert file.get_content_type() == kind
    if kind == "message/rfc822":
        assert part.body == content
        assert file.get_content()["Subject"] == "hi"
    else:
        assert file.get_payload(decode=True) == content


@pytest.mark.parametrize(
    ("given", "announced"),
    [
        ("application/pdf", "application/pdf"),
        ("Application/PDF", "Application/PDF"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv; charset=latin-1", "text/csv; charset=latin-1"),
        ("multipart/mixed", "application/octet-stream"),
        ("message/partial", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("a/b\r\nBcc: x@y.example", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_the_type_that_is_announced(given, announced):
    part = attached(Attachment(filename="", content="é".encode(), content_type=given))

    assert part.fields[0] == f"Content-Type: {announced}"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param(b"plain\r\n", "7bit", id="ASCII"),
        pytest.param(b"x" * 997, "7bit", id="a line that fits"),
        pytest.param(b"x" * 998, "quoted-printable", id="one that does not"),
        pytest.param("un café\r\n".encode(), "quoted-printable", id="mostly Latin"),
        pytest.param("漢字".encode(), "base64", id="not Latin"),
        pytest.param(b"a\0b", "quoted-printable", id="NUL"),
        pytest.param(b"a\r\n.\r\nb", "quoted-printable", id="a dot alone"),
        pytest.param(b"From me", "quoted-printable", id="From"),
    ],
)
def test_the_encoding_that_suits(data, encoding):
    assert encoded_text(data)[0] == encoding


def test_a_boundary_that_a_part_holds_is_not_taken():
    first = multipart("mixed", (text("--=_mixed_x\n--=_mixed1_x--\n", "plain"),), seed="x")

    found = parsed(first.raw)
    assert not found.defects
    assert [part.get_content() for part in found.iter_parts()] == ["--=_mixed_x\r\n--=_mixed1_x--\r\n"]
