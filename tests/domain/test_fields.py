"""A header holds what was said and nothing more: it is parsed back to what went in, whatever the letters."""

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.address import Address, parse
from mailctl.domain.fields import (
    address_field,
    date_field,
    encoded_words,
    own_field,
    refuse_controls,
    text_field,
    typed_fields,
    usable_ids,
)
from mailctl.errors import BadDataError

# The email package shows a tab as a space, and tidies spaces at both ends.
LETTERS = st.characters(blacklist_categories=["Cs"], blacklist_characters=[*map(chr, range(32)), "\x7f"])
TEXT = st.one_of(
    st.text(LETTERS, max_size=200), st.text(" abé=?_,;\"\\<>()'%…漢😀", max_size=120), st.text("abc ", max_size=300)
).map(str.strip)
FOLDED = settings(max_examples=300, deadline=None)


def parsed(*fields: str) -> email.message.EmailMessage:
    raw = "".join(f"{field}\r\n" for field in fields).encode() + b"\r\n"
    for line in raw.split(b"\r\n"):
        assert len(line) <= 998
        assert not {b"\r", b"\n"} & {bytes([byte]) for byte in line}
    return email.message_from_bytes(raw, policy=email.policy.default)


@FOLDED
@given(TEXT)
def test_a_subject_is_read_as_it_was_written(text):
    field = text_field("Subject", text)

    assert field.isascii()
    assert parsed(field)["Subject"] == text


@FOLDED
@given(TEXT)
def test_encoded_words_are_short_and_cut_no_letter(text):
    words = encoded_words(text)

    assert all(len(word) <= 75 for word in words)
    assert "".join(str(make_header(decode_header(word))) for word in words) == text


@FOLDED
@given(TEXT, TEXT)
def test_names_are_read_as_they_were_written(one, other):
    field = address_field("To", [Address("a", "x.example", one), Address("b", "x.example", other)])

    [(_, raw)] = parsed(field).raw_items()  # decoded, this version puts spaces between encoded words of a name
    pairs = [(str(make_header(decode_header(name))), address) for name, address in getaddresses([str(raw)])]
    assert pairs == [(one, "a@x.example"), (other, "b@x.example")]


@FOLDED
@given(TEXT.filter(lambda text: text[:1] not in '<"'))  # which the email package takes off
def test_file_names_are_read_as_they_were_written(name):
    fields = typed_fields("application/pdf", disposition="attachment", filename=name)

    message, older = parsed(*fields), email.message_from_string("\n".join(fields) + "\n\n")

    assert message.get_content_type() == "application/pdf"
    assert message.get_content_disposition() == "attachment"
    assert (message.get_filename() or "") == name
    assert (older.get_filename() or "") == name


def test_a_file_name_is_there_for_readers_of_rfc_2231_and_for_others():
    fields = typed_fields("application/pdf", disposition="attachment", filename="plan d’étage.pdf")

    assert fields == [
        "Content-Type: application/pdf;\r\n name=\"=?utf-8?q?plan_d=E2=80=99=C3=A9tage=2Epdf?=\"",
        "Content-Disposition: attachment;\r\n filename*=utf-8''plan%20d%E2%80%99%C3%A9tage.pdf",
    ]  # fmt: skip


def test_a_plain_file_name_is_written_plainly():
    [_, disposition] = typed_fields("application/pdf", disposition="attachment", filename="plan 2 (last).pdf")

    assert disposition == 'Content-Disposition: attachment;\r\n filename="plan 2 (last).pdf"'


def test_a_long_file_name_is_cut_between_letters():
    name = "é" * 80 + ".pdf"

    [_, disposition] = typed_fields("application/pdf", disposition="attachment", filename=name)

    assert "filename*0*=utf-8''%C3%A9" in disposition
    assert all(len(line) <= 76 and not line.endswith("%C3;") for line in disposition.split("\r\n"))
    assert parsed(disposition).get_filename() == name


@pytest.mark.parametrize(
    ("address", "written"),
    [
        pytest.param(Address("a", "x.example"), "a@x.example", id="none"),
        pytest.param(Address("a", "x.example", "Anna Martin"), "Anna Martin <a@x.example>", id="plain words"),
        pytest.param(Address("a", "x.example", "Martin, A."), '"Martin, A." <a@x.example>', id="a comma"),
        pytest.param(Address("a", "x.example", 'A "B" \\'), '"A \\"B\\" \\\\" <a@x.example>', id="quotes"),
        pytest.param(Address("a", "x.example", "Zoé"), "=?utf-8?q?Zo=C3=A9?= <a@x.example>", id="beyond ASCII"),
        pytest.param(Address("a", "x.example", "=?utf-8?q?x?="), "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= <a@x.example>",
                     id="what looks encoded"),
        pytest.param(Address("a", "bücher.example"), "a@xn--bcher-kva.example", id="a domain beyond ASCII"),
        pytest.param(Address("zoé", "bücher.example"), "zoé@bücher.example", id="a local part beyond ASCII"),
        pytest.param(Address('"a b"', "x.example"), '"a b"@x.example', id="a quoted local part"),
    ],
)  # fmt: skip
def test_how_an_address_is_written(address, written):
    assert address_field("To", [address]) == f"To: {written}"


def test_many_addresses_stand_in_short_lines():
    everybody = [Address(f"person{number}", "client.example", f"Person {number}") for number in range(200)]

    field = address_field("To", everybody)

    assert max(map(len, field.split("\r\n"))) <= 78
    assert [one.addr_spec for one in parsed(field)["To"].addresses] == [one.spec for one in everybody]


@pytest.mark.parametrize("letter", ["\r", "\n", "\r\n", "\0", "\x1b", "\x7f", "\ud800"])
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda text: text_field("Subject", text), id="subject"),
        pytest.param(lambda text: own_field("X-K", text), id="header"),
        pytest.param(lambda text: own_field(text, "v"), id="header name"),
        pytest.param(lambda text: address_field("To", [Address("a", "x.example", text)]), id="name"),
        pytest.param(lambda text: address_field("To", [Address(text, "x.example")]), id="local part"),
        pytest.param(lambda text: address_field("To", [Address("a", text)]), id="domain"),
        pytest.param(lambda text: typed_fields("a/b", disposition="inline", filename=text), id="file name"),
    ],
)
def test_what_would_end_a_line_is_refused(write, letter):
    with pytest.raises(BadDataError):
        write(f"a{letter}Bcc: x@y.example")


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a:", "é", "Bcc", "BCC", "from", "Content-Type", "content-anything", "Message-ID", "References",
     "MIME-Version", "Reply-To", "Sender", "Date", "x" * 77],
)  # fmt: skip
def test_a_header_that_is_no_name_or_is_ours_is_refused(name):
    with pytest.raises(BadDataError):
        own_field(name, "v")


def test_a_header_of_ones_own_keeps_long_words_whole():
    link = "<https://firm.example/" + "u" * 400 + ">"

    assert own_field("List-Unsubscribe", f" {link} ") == f"List-Unsubscribe: {link}"


def test_a_word_longer_than_a_line_is_encoded():
    assert parsed(own_field("X-K", "u" * 3000))["X-K"] == "u" * 3000


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        (timezone(timedelta(hours=1)), "Tue, 03 Nov 2026 13:05:09 +0100"),
        (timezone(-timedelta(hours=3, minutes=30)), "Tue, 03 Nov 2026 08:35:09 -0330"),
        (UTC, "Tue, 03 Nov 2026 12:05:09 +0000"),
        (timezone(timedelta(minutes=9, seconds=21)), "Tue, 03 Nov 2026 12:05:09 +0000"),
    ],
)
def test_a_date_tells_its_zone(zone, written):
    moment = datetime(2026, 11, 3, 12, 5, 9, tzinfo=UTC)

    field = date_field(moment.astimezone(zone))

    assert field == f"Date: {written}"
    assert parsedate_to_datetime(written) == moment


def test_ids_that_came_by_mail_are_used_once_and_only_if_they_are_some():
    hostile = ("<a@b>", None, "", "<c d@e>", "x@y", "<a@b>", "<é@b>", "<a@b>\r\nBcc: c@d", "<>", "<f@g>")

    assert usable_ids(hostile) == ("<a@b>", "<f@g>")


def test_a_tab_is_no_line_break():
    refuse_controls("a\tb", "Subject")
    assert "=09" in text_field("Subject", "a\tb")


def test_a_parsed_address_comes_back():
    shown = '"Martin, Zoé (firm)" <zoe.martin+plans@firm.example>'

    [found] = parsed(address_field("From", [parse(shown)]))["From"].addresses

    assert (found.display_name, found.addr_spec) == ("Martin, Zoé (firm)", "zoe.martin+plans@firm.example")
