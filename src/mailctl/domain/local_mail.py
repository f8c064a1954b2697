"""A message as programs hand it to sendmail(8): its header read and completed, its bytes otherwise left alone."""

import re

from msgspec import Struct

FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
LINE = re.compile(rb"[^\n]*\n|[^\n]+")


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
    rest: bytes
    end: bytes

    def values(self, name: str) -> tuple[str, ...]:
        """The values of all fields of a name."""
        return tuple(field.value for field in self.fields if field.name == name)

    def value(self, name: str) -> str:
        """The value of the first field of a name that has one; empty when there is none."""
        return next(filter(None, self.values(name)), "")

    @property
    def raw(self) -> bytes:
        """The message."""
        return b"".join(field.raw for field in self.fields) + self.rest


def taken_apart(raw: bytes) -> Message:
    """A message as it came; what begins without a header is all body, and gets the empty line before it."""
    first = LINE.match(raw)
    end = b"\r\n" if first and first[0].endswith(b"\r\n") else b"\n"
    if raw and not raw.endswith(b"\n"):
        raw += end
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
    rest = raw[place:]
    has_line_between = rest.startswith((b"\n", b"\r\n"))
    return Message(fields=tuple(fields), rest=rest if has_line_between else end + rest, end=end)


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
    rest = without(message, tuple(missing))
    return Message(fields=(*added, *rest.fields), rest=message.rest, end=message.end)
