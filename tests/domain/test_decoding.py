"""Text out of bytes: the charset that is meant, not always the one that is said; and nothing ever fails."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.decoding import (
    UTF8,
    any_moment,
    base64_bytes,
    believable,
    body_bytes,
    decode,
    header_text,
    message_id,
    message_ids,
    plain_moment,
    sent_at,
    strictly,
)


def outcome(function, *args):
    """What a function gives, or the kind of its exception."""
    try:
        return function(*args)
    except ValueError:
        return ValueError
    except OverflowError:
        return OverflowError


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        pytest.param("été".encode(), "utf-8", "été", id="UTF-8"),
        pytest.param("été".encode(), None, "été", id="UTF-8 that nobody declares"),
        pytest.param("été".encode(), "us-ascii", "été", id="UTF-8 that is called ASCII"),
        pytest.param("été".encode(), "iso-8859-1", "été", id="UTF-8 that is called Latin-1"),
        pytest.param("été".encode("latin-1"), "utf-8", "été", id="Latin-1 that is called UTF-8"),
        pytest.param("été".encode("latin-1"), None, "été", id="Latin-1 that nobody declares"),
        pytest.param("12 €".encode("cp1252"), "iso-8859-1", "12 €", id="Windows-1252 that is called Latin-1"),
        pytest.param("été".encode("latin-1"), "klingon-7", "été", id="an unknown charset"),
        pytest.param("été".encode("latin-1"), "base64", "été", id="a codec that is no charset"),
        pytest.param("привет".encode("koi8-r"), "koi8-r", "привет", id="KOI8-R"),
        pytest.param("日本".encode("iso-2022-jp"), "ISO-2022-JP", "日本", id="a charset with escapes"),
        pytest.param("①".encode("cp932"), "shift_jis", "①", id="Windows' letters in Shift_JIS"),
        pytest.param("镕".encode("gbk"), "gb2312", "镕", id="GBK that is called GB2312"),
        pytest.param("été".encode("latin-1"), "'iso-8859-1'", "été", id="quotes around the charset"),
        pytest.param("\ufeffété".encode(), "utf-8", "été", id="a byte order mark"),
        pytest.param("with é and à".encode()[:-1], "utf-8", "with é and \ufffd", id="cut in a letter"),
        pytest.param(b"", "utf-8", "", id="nothing"),
    ],
)  # fmt: skip
def test_bytes_become_the_text_that_was_meant(data, charset, text):
    assert decode(data, charset) == text


@given(
    st.binary(), st.one_of(st.none(), st.text(), st.sampled_from(["utf-7", "utf-16", "utf-32", "hz", "idna", "hex"]))
)
def test_any_bytes_in_any_charset_become_text_that_can_be_written(data, charset):
    decode(data, charset).encode()


@given(st.one_of(st.binary(), st.text().map(lambda text: b"\xef\xbb\xbf" + text.encode("utf-8", "replace"))))
def test_utf8_read_in_few_steps_is_what_its_codec_reads(data):
    assert outcome(strictly, data, UTF8) == outcome(data.decode, UTF8)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("Plans", "Plans", id="plain"),
        pytest.param("=?utf-8?q?=C3=A9t=C3=A9?=", "été", id="Q"),
        pytest.param("=?UTF-8?B?w6l0w6k=?=", "été", id="B"),
        pytest.param("=?utf-8?q?a?= =?utf-8?q?b?=", "ab", id="the space between two encoded words is none"),
        pytest.param("=?utf-8?q?a?= b", "a b", id="the one before plain text is"),
        pytest.param("=?utf-8?b?w6k?= =?utf-8?b?w6k=?=", "éé", id="padding is missing"),
        pytest.param("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é", id="a letter cut in two"),
        pytest.param("=?utf-8?q?=C3=A9?= =?iso-8859-1?q?=E9?=", "éé", id="two charsets"),
        pytest.param("=?utf-8*fr?q?=C3=A9?=", "é", id="a language"),
        pytest.param("Re:=?utf-8?q?=C3=A9?=x", "Re:éx", id="glued to plain text"),
        pytest.param("=?utf-8?q?a_b?=", "a b", id="an underscore is a space"),
        pytest.param("=?klingon?q?=E9?=", "é", id="an unknown charset"),
        pytest.param("=?utf-8?x?y?=", "=?utf-8?x?y?=", id="an unknown encoding stays"),
        pytest.param("\udcc3\udca9", "é", id="bare UTF-8"),
        pytest.param("\udce9", "é", id="bare Latin-1"),
        pytest.param("a\r\n b\0c", "a b c", id="one line whatever comes"),
        pytest.param("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x", id="an encoded line break breaks nothing"),
    ],
)
def test_a_header_becomes_one_line(value, text):
    assert header_text(value) == text


@given(st.text(alphabet="=?utf-8QqBb_ \t\n\x00Aé\udcff", max_size=200))
def test_any_header_becomes_a_line_that_can_be_written(value):
    text = header_text(value)

    text.encode("utf-8", "strict" if not any("\ud800" <= char <= "\udfff" for char in value) else "replace")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("data", "encoding", "content"),
    [
        pytest.param(b"w6k=", "base64", "é".encode(), id="base64"),
        pytest.param(b"w6\r\nk", " BASE64 ", "é".encode(), id="base64 in lines, without padding"),
        pytest.param(b"w!6*k=", "base64", "é".encode(), id="base64 with foreign letters"),
        pytest.param(b"=C3=A9=\r\nx", "quoted-printable", "éx".encode(), id="quoted-printable"),
        pytest.param(b"100=% =ZZ", "quoted-printable", b"100=% =ZZ", id="quoted-printable that is none"),
        pytest.param(b"begin 644 a\n#86)C\n`\nend\n", "x-uuencode", b"abc", id="uuencode"),
        pytest.param(b"as it is", "x-uuencode", b"as it is", id="uuencode that is none"),
        pytest.param(b"as it is", "7bit", b"as it is", id="7bit"),
        pytest.param(b"as it is", "what?", b"as it is", id="an unknown one"),
    ],
)
def test_a_body_comes_out_of_its_transfer_encoding(data, encoding, content):
    assert body_bytes(data, encoding) == content


@given(st.binary())
def test_any_bytes_come_out_of_base64(data):
    base64_bytes(data)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param("Mon, 2 Mar 2026 10:30:00 +0100", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), id="with a zone"),
        pytest.param("2 Mar 2026 09:30 GMT (x)", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), id="with a comment"),
        pytest.param("Mon, 2 Mar 2026 09:30:00 -0000", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), id="no zone known"),
        pytest.param("Mon, 2 Mar 26 09:30:00 +0000", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), id="with two digits"),
        pytest.param("yesterday", None, id="words"),
        pytest.param("", None, id="nothing"),
        pytest.param("Mon, 99 Mar 2026 99:99:99 +9999", None, id="impossible"),
        pytest.param("Thu, 1 Jan 1970 00:00:00 +0000", None, id="a clock that was never set"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 -1200", None, id="beyond all clocks"),
    ],
)  # fmt: skip
def test_a_date_is_the_moment_it_means(value, moment):
    assert sent_at(value) == moment


@given(
    st.from_regex(
        r"\A((mon|Tue|FRI|Foo)[,.]? ?)?\d{1,2} (jan|Feb|MAR|Apx|dec|feb) (\d{4}|19\d\d|20\d\d|9999|0001|1969|26) "
        r"\d\d:[0-6]\d(:[0-6]\d)? ([+-]\d{4}|[+-]0[0-9][0-9]0|GMT|)\Z",
    )
)
def test_a_date_that_is_written_as_it_should_be_is_what_any_reading_of_it_gives(value):
    moment = outcome(plain_moment, value)

    assert moment is None or moment == outcome(any_moment, value)


@pytest.mark.parametrize(
    "value",
    ["Mon, 2 Mar 2026 10:30:00 +0100", "02 mar 2026 10:30 -0730", "Mon, 2 Mar 2026 10:30:60 +0000",
     "Mon, 31 Feb 2026 10:30:00 +0000", "Mon, 2 Mar 2026 10:30:00 +2400", "Mon, 2 Mar 2026 10:30:00 -0000"],
)  # fmt: skip
def test_such_a_date_takes_the_short_way(value):
    moment = outcome(plain_moment, value)

    assert moment is not None
    assert moment == outcome(any_moment, value)


@given(st.text(alphabet="MonFeb 0123456789:+-,()GMTZ\x00\udcff", max_size=60))
def test_any_date_is_a_moment_or_none(value):
    moment = sent_at(value)

    assert moment is None or moment.tzinfo is UTC


def test_a_date_in_the_future_of_its_arrival_is_not_believed():
    received = datetime(2026, 3, 2, tzinfo=UTC)

    assert believable(received + timedelta(days=30), received=received) is None
    assert believable(received + timedelta(hours=12), received=received) == received + timedelta(hours=12)
    assert believable(received - timedelta(days=900), received=received) == received - timedelta(days=900)


def test_message_ids_keep_their_order():
    assert message_ids("<a@x>\r\n <b@x> junk <c@x>") == ("<a@x>", "<b@x>", "<c@x>")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(" <a@x> (comment)", "<a@x>", id="with a comment"),
        pytest.param("a@x", "a@x", id="without brackets"),
        pytest.param("", None, id="none"),
        pytest.param("<" + "a" * 2000 + ">", "<" + "a" * 997, id="longer than a line may be"),
    ],
)
def test_the_one_message_id(value, found):
    assert message_id(value) == found
