"""Text out of bytes that came by mail, whatever is wrong with them: charsets, encoded words, transfer encodings."""

import binascii
import codecs
import re
from datetime import UTC, datetime, timedelta, timezone

# 'idna' and 'punycode' take quadratic time, the others are no charsets of mail.
NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
UTF8 = "utf-8-sig"
# What is declared → what is meant, as browsers have it.
WINDOWS = {"iso8859-1": "cp1252", "ascii": UTF8, "utf-8": UTF8, "iso8859-9": "cp1254", "shift_jis": "cp932",
           "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}  # fmt: skip
WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?]*)\?=")
ADJACENT = re.compile(r"(?<=\?=)[ \t\r\n]+(?==\?[^?\s]{1,64}\?[bBqQ]\?[^?]*\?=)")
NO_BYTE = re.compile("[^\0-\x7f\udc80-\udcff]")
MESSAGE_ID = re.compile(r"<[^<>\s]+>")
LONGEST_ID = 998  # a line's limit (RFC 5322, 2.1.1)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A date as RFC 5322, 3.3 has it, with nothing else in it; \d would take digits of other scripts.
DATE = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun), ?)?([0-9]{1,2}) (" + "|".join(MONTHS) + r") ([1-9][0-9]{3}) "
    r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))? ([+-][0-9]{2})([0-9]{2})",
    re.ASCII | re.IGNORECASE,
)
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)


def decode(data: bytes, charset: str | None = None) -> str:
    """Bytes as text: in their charset where it is known and fits, else UTF-8, else Windows-1252; never fails.

    What is UTF-8 and called Latin-1 is UTF-8: many say so who never looked.
    """
    named = codec_of(charset) or UTF8
    for name in (UTF8, named) if named == "cp1252" else (named, UTF8):
        try:
            return strictly(data, name)
        except (ValueError, LookupError):
            continue
    nearly = data.decode(UTF8, "replace")
    lost = nearly.count("\N{REPLACEMENT CHARACTER}")
    if lost <= len(data) - len(nearly):  # as many letters of several bytes as faults: UTF-8, cut or mixed
        return nearly
    return data.decode("cp1252", "replace")


def strictly(data: bytes, codec: str) -> str:
    """Bytes as text in one codec.

    Raises:
        ValueError, LookupError: they are none.
    """
    if codec == UTF8:
        return data.removeprefix(codecs.BOM_UTF8).decode()  # a quarter of the time that the codec takes
    return data.decode(codec).encode("utf-8", "replace").decode()  # UTF-7 can make lone surrogates


def codec_of(charset: str | None) -> str | None:
    """Python's name of a charset; None for one that mail has no use for."""
    if charset is None:
        return None
    name = charset.strip().strip("'\"").partition("*")[0]  # a language may follow (RFC 2231, 5)
    if not name or not name.isascii():
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if found in NO_CHARSETS else WINDOWS.get(found, found)


def header_text(value: str) -> str:
    """A header's value as one line of text: encoded words (RFC 2047) and bare 8-bit letters decoded.

    Args:
        value: as the email package has it: bytes beyond ASCII as surrogates.
    """
    if "=?" not in value and value.isascii():
        return " ".join(value.replace("\0", " ").split())
    plain = value if value.isascii() or has_letters(value) else decode(value.encode("ascii", "surrogateescape"))
    text = decode_words(plain) if "=?" in plain else plain
    return " ".join(text.replace("\0", " ").split())


def has_letters(value: str) -> bool:
    """Whether a text holds letters that cannot be bytes in disguise."""
    return NO_BYTE.search(value) is not None


def decode_words(text: str) -> str:
    """Encoded words decoded; those side by side in one charset are joined first, since some cut letters in two."""
    pieces: list[str] = []
    pending, charset, end = b"", "", 0
    joined = ADJACENT.sub("", text)
    for word in WORD.finditer(joined):
        data = word_bytes(word[2], word[3])
        between = joined[end : word.start()]
        if pending and (between or word[1].casefold() != charset):
            pieces.append(decode(pending, charset))
            pending = b""
        pieces.append(between)
        pending, charset, end = pending + data, word[1].casefold(), word.end()
    return "".join([*pieces, decode(pending, charset) if pending else "", joined[end:]])


def word_bytes(encoding: str, text: str) -> bytes:
    """The bytes of one encoded word."""
    data = text.encode("utf-8", "replace")
    return base64_bytes(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def base64_bytes(data: bytes) -> bytes:
    """Base64 decoded as far as it can be, its padding and foreign letters forgiven."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        usable = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def body_bytes(data: bytes, encoding: str) -> bytes:
    """A part's body without its transfer encoding (RFC 2045, 6); an unknown one leaves it as it is."""
    match encoding.strip().lower():
        case "base64":
            return base64_bytes(data)
        case "quoted-printable":
            return binascii.a2b_qp(data)
        case "x-uuencode" | "uuencode" | "uue" | "x-uue":
            return uu_bytes(data)
        case _:
            return data


def uu_bytes(data: bytes) -> bytes:
    """The first file of a uuencoded text; the text itself where it is none."""
    lines = data.splitlines()
    begin = next((number for number, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if begin is None:
        return data
    found = bytearray()
    for line in lines[begin + 1 :]:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            found += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return bytes(found)


def message_ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in a header, in their order."""
    if not value:
        return ()
    return tuple(found[:LONGEST_ID] for found in MESSAGE_ID.findall(header_text(value)))


def message_id(value: str) -> str | None:
    """The one Message-ID of a message; one without its brackets is taken as it stands; None where there is none."""
    ids = message_ids(value)
    return ids[0] if ids else (header_text(value)[:LONGEST_ID] or None)


def sent_at(value: str) -> datetime | None:
    """The moment of a Date header, in UTC; None where it says none that a clock could show."""
    try:
        moment = plain_moment(value) or any_moment(value)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
    return moment if moment >= EARLIEST else None


def plain_moment(value: str) -> datetime | None:
    """The moment of a date that is written as it should be, in half the time; None for another."""
    found = DATE.fullmatch(value)
    if found is None:
        return None
    day, month, year, hour, minute, second, hours, minutes = found.groups()
    zone = timedelta(hours=int(hours), minutes=int(hours[0] + minutes))
    place = MONTHS.index(month.lower()) + 1
    shown = datetime(int(year), place, int(day), int(hour), int(minute), int(second or 0), tzinfo=timezone(zone))
    return shown.astimezone(UTC)


def any_moment(value: str) -> datetime:
    """The moment of a date however it is written; one without a zone is UTC.

    Raises:
        ValueError, TypeError, OverflowError, IndexError, AttributeError: it is none.
    """
    from email.utils import parsedate_to_datetime

    found = parsedate_to_datetime(header_text(value))
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def believable(date: datetime | None, *, received: datetime) -> datetime | None:
    """A message's own date, unless it lies in the future of its arrival: such mail would stand first for ever."""
    return None if date is None or date > received + timedelta(days=1) else date
