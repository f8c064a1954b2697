"""A message as programs hand it to sendmail(8): its header read and completed, its bytes otherwise left alone."""

import re

from msgspec import Struct

from mailctl.domain.content import Content, Raw, joined, rest

FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
LINE = re.compile(rb"[^\n]*\n|[^\n]+")
EMPTY_LINE = re.compile(rb"\n\r?\n")


class Field(Struct, frozen=True):
    """One field of a header: its name in lower case, and its lines as they came."""

    name: str
    raw: bytes

    @property
    def value(self) -> str:
        """What stands behind the colon, unfolded."""
        _, _, value = self.raw.partition(b":")
        return re.sub(r"[\r\n]+", "", value.decode("utf-8", "replace")).strip()


class Message(Struct, frozen=True, kw_only=True):
    """A header's fields and all that follows them, the empty line included."""

    fields: tuple[Field, ...]
    rest: Raw
    end: bytes

    def values(self, name: str) -> tuple[str, ...]:
        """The values of all fields of a name."""
        return tuple(field.value for field in self.fields if field.name == name)

    def value(self, name: str) -> str:
        """The value of the first field of a name that has one; empty when there is none."""
        return next(filter(None, self.values(name)), "")

    @property
    def raw(self) -> Raw:
        """The message."""
        return joined((b"".join(field.raw for field in self.fields), self.rest))


def taken_apart(raw: Raw) -> Message:
    """A message as it came; what begins without a header is all body, and gets the empty line before it.

    One that is held whole gets an end for its last line, too.
    """
    if not isinstance(raw, bytes):
        return parts_of(raw, beginning(raw))
    if raw and not raw.endswith(b"\n"):
        raw += end_of(raw)
    return parts_of(raw, raw)


def beginning(content: Content) -> bytes:
    """As much of a message as tells where its header ends; looked at where it may end, and whenever it has doubled."""
    found, seen = b"", 0
    for block in content.blocks():
        found += block
        if len(found) < 2 * seen and not EMPTY_LINE.search(found, max(len(found) - len(block) - 2, 0)):
            continue
        seen = len(found)
        if header_of(found)[1] < found.rfind(b"\n") + 1:
            break
    return found


def end_of(raw: bytes) -> bytes:
    """How the first line of a message ends."""
    first = LINE.match(raw)
    return b"\r\n" if first and first[0].endswith(b"\r\n") else b"\n"


def parts_of(raw: Raw, start: bytes) -> Message:
    """A message whose header is in some first bytes of it."""
    fields, place = header_of(start)
    end, body = end_of(start), rest(raw, place)
    has_line_between = start[place : place + 2].startswith((b"\n", b"\r\n"))
    return Message(fields=fields, rest=body if has_line_between else joined((end, body)), end=end)


def header_of(raw: bytes) -> tuple[tuple[Field, ...], int]:
    """The fields of a message, and where they end."""
    first = LINE.match(raw)
    place = first.end() if first and first[0].startswith(b"From ") else 0  # an mbox's separator
    fields: list[Field] = []
    for found in LINE.finditer(raw, place):
        line = found[0]
        name = FIELD.match(line)
        if fields and line[:1] in b" \t" and line.strip():
            fields[-1] = Field(fields[-1].name, fields[-1].raw + line)
        elif name:
            fields.append(Field(name[1].decode("ascii").lower(), line))
        else:
            break
        place = found.end()
    return tuple(fields), place


def without(message: Message, names: tuple[str, ...]) -> Message:
    """The message without the fields of some names."""
    kept = tuple(field for field in message.fields if field.name not in names)
    return Message(fields=kept, rest=message.rest, end=message.end)


def completed(message: Message, wanted: tuple[str, ...]) -> Message:
    """The message with those fields that it lacked, or had without a value.

    Args:
        message: as it came.
        wanted: whole fields, such as `Date: …`.
    """
    named = {text.partition(":")[0].lower(): text for text in wanted}
    missing = {name: text for name, text in named.items() if not message.value(name)}
    added = tuple(
        Field(name, text.replace("\r\n", "\n").encode().replace(b"\n", message.end) + message.end)
        for name, text in missing.items()
    )
    kept = without(message, tuple(missing))
    return Message(fields=(*added, *kept.fields), rest=message.rest, end=message.end)
