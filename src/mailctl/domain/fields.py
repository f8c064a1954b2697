"""Header fields, written: folded, encoded, and closed to whatever would end a line (RFC 5322, 2047, 2231, 6532)."""

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from mailctl.domain.address import Address
from mailctl.errors import BadDataError

WIDTH = 76
LONGEST_WORD = 900  # a line has 998 bytes at most (RFC 5322, 2.1.1)
LONGEST_PHRASE = 60
# What ends a line or hides one, and what UTF-8 cannot say; a tab is written encoded.
FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
FILE_NAME = re.compile(r"[A-Za-z0-9!#$&'()+,.;=@^_`{}~-](?:[ A-Za-z0-9!#$&'()+,.;=@^_`{}~-]{0,60}[A-Za-z0-9_)-])?")
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,76}")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
FRAME = len("=?utf-8?q??=")
LONGEST_SECTION = 56
# What mailctl sets from a draft; everything that begins with Content- too.
OWN = frozenset(
    ["from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "sender", "in-reply-to",
     "references", "reply-to"]
)  # fmt: skip
# All letters that any place allows in an encoded word (RFC 2047, 5(3)); `_` is a space.
Q = {byte: chr(byte) if chr(byte).isalnum() or chr(byte) in "!*+-/" else f"={byte:02X}" for byte in range(128)}
Q |= {byte: f"={byte:02X}" for byte in range(128, 256)} | {0x20: "_"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def refuse_controls(text: str, what: str) -> None:
    """Refuse a text that would not stay in its line.

    Raises:
        BadDataError: it holds CR, LF, NUL or another control character, or half a letter.
    """
    found = FORBIDDEN.search(text)
    if found:
        kind = "a line break" if found[0] in "\r\n" else f"the character U+{ord(found[0]):04X}"
        raise BadDataError(f"{what} holds {kind}", hint="a header is one line of text in UTF-8")


def text_field(name: str, value: str) -> str:
    """A field of free text, such as Subject."""
    refuse_controls(value, name)
    words = value.split(" ")
    if value and not (PLAIN.fullmatch(value) and "=?" not in value and max(map(len, words)) <= LONGEST_WORD):
        words = encoded_words(value, first=WIDTH - len(name) - 2)
    return folded(name, words)


def address_field(name: str, addresses: Iterable[Address]) -> str:
    """A field of addresses, such as To."""
    mailboxes = [mailbox(one, name) for one in addresses]
    words = [word for one in mailboxes[:-1] for word in (*one[:-1], f"{one[-1]},")]
    return folded(name, [*words, *mailboxes[-1]])


def mailbox(address: Address, field: str) -> list[str]:
    """The words of one address: its name, and `<local@domain>`, the domain in ASCII where it can be."""
    refuse_controls(address.name, f"{field}: the name {address.name!r}")
    refuse_controls(address.spec, f"{field}: the address {address.spec!r}")
    if not address.name:
        return [address.wire]
    return [*phrase(address.name), f"<{address.wire}>"]


def phrase(name: str) -> list[str]:
    """A name to show, as words (RFC 5322, 3.2.5)."""
    is_short = name.isascii() and "\t" not in name and "=?" not in name and len(name) <= LONGEST_PHRASE
    if not is_short:
        return encoded_words(name, first=LONGEST_PHRASE)
    if ATOMS.fullmatch(name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def folded(name: str, words: Iterable[str]) -> str:
    """A field of lines no wider than its words need; a line is never only white (RFC 5322, 2.2.3)."""
    text, width = f"{name}:", len(name) + 1
    for number, word in enumerate(words):
        is_next = number > 0 and width + 1 + len(word) > WIDTH
        text += f"\r\n {word}" if is_next else f" {word}"
        width = len(word) + 1 + (0 if is_next else width)
    return text


def encoded_words(text: str, *, first: int = WIDTH - 1) -> list[str]:
    """The text in encoded words of at most 75 letters, none cutting a letter in two (RFC 2047, 2).

    Args:
        text: any text without surrogates.
        first: how long the first word may be.
    """
    quoted = cost_of(text.encode()) <= 2 * len(text.encode())  # so that most of a Latin text stays legible
    room, words, piece, used = max(first, 30) - FRAME, [], b"", 0
    for letter in text:
        raw = letter.encode()
        cost = cost_of(raw) if quoted else len(raw)
        if used + cost > (room if quoted else room // 4 * 3):
            words.append(encoded_word(piece, quoted=quoted))
            room, piece, used = WIDTH - 1 - FRAME, b"", 0
        piece, used = piece + raw, used + cost
    return [*words, encoded_word(piece, quoted=quoted)]


def cost_of(data: bytes) -> int:
    """How many letters the Q encoding takes for these bytes."""
    return sum(len(Q[byte]) for byte in data)


def encoded_word(data: bytes, *, quoted: bool) -> str:
    """One encoded word."""
    if quoted:
        return f"=?utf-8?q?{''.join(Q[byte] for byte in data)}?="
    return f"=?utf-8?b?{b2a_base64(data, newline=False).decode()}?="


def date_field(date: datetime) -> str:
    """Date, in the sender's zone (RFC 5322, 3.3); in no language but English, whatever the locale."""
    offset = date.utcoffset()
    if offset is None or offset.seconds % 60:
        date, offset = date.astimezone(UTC), timedelta()
    minutes = round(offset.total_seconds()) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    day = f"{DAYS[date.weekday()]}, {date.day:02} {MONTHS[date.month - 1]} {date.year:04}"
    return f"Date: {day} {date:%H:%M:%S} {zone}"


def usable_ids(ids: Iterable[str | None]) -> tuple[str, ...]:
    """Those of some message ids that may stand in a header, each once: what came by mail may be anything."""
    return tuple(dict.fromkeys(one for one in ids if one and MESSAGE_ID.fullmatch(one)))


def own_field(name: str, value: str) -> str:
    """A field that the writer of the message adds.

    Raises:
        BadDataError: the name is none, is one that mailctl sets itself, or the value holds a control character.
    """
    if not TOKEN.fullmatch(name):
        raise BadDataError(f"{name!r} is no header's name", hint='such as --header "X-Project: 2026-014"')
    if name.lower() in OWN or name.lower().startswith("content-"):
        raise BadDataError(f"the header '{name}' is set by mailctl itself", hint="mailctl send --help")
    return text_field(name, value.strip(" \t"))


def typed_fields(content_type: str, *, disposition: str, filename: str) -> list[str]:
    """Content-Type and Content-Disposition of a file.

    A name beyond plain ASCII is written as RFC 2231 has it, and for readers that do not know it as encoded words in
    `name`, as Thunderbird does: those that know both and find a plain `filename` would take that one first.
    """
    refuse_controls(filename, f"the file name {filename!r}")
    if not filename:
        return [f"Content-Type: {content_type}", f"Content-Disposition: {disposition}"]
    if FILE_NAME.fullmatch(filename):
        legacy, parameters = f'"{filename}"', [f'filename="{filename}"']
    else:
        legacy = '"' + "\r\n ".join(encoded_words(filename, first=60)) + '"'
        parameters = list(extended("filename", filename))
    return [
        f"Content-Type: {content_type};\r\n name={legacy}",
        f"Content-Disposition: {disposition};\r\n " + ";\r\n ".join(parameters),
    ]


def extended(key: str, value: str) -> Iterator[str]:
    """A parameter in UTF-8, in as many sections as it needs, none cutting a letter in two (RFC 2231, 3 and 4)."""
    letters = [quote(letter, safe="") for letter in value]
    if sum(map(len, letters)) <= LONGEST_SECTION:
        yield f"{key}*=utf-8''{''.join(letters)}"
        return
    section, number = "utf-8''", 0
    for letter in letters:
        if len(section) + len(letter) > LONGEST_SECTION:
            yield f"{key}*{number}*={section}"
            section, number = "", number + 1
        section += letter
    yield f"{key}*{number}*={section}"
