"""Parts of a message, written: transfer encodings, flowed text, how parts nest (RFC 2045, 2046, 2387, 3676)."""

import re
from codecs import getincrementaldecoder

from msgspec import Struct

from mailctl.domain import fields
from mailctl.domain.content import LARGE, Base64, Raw, blocks, holds, is_ascii, joined, whole
from mailctl.domain.inline import cid
from mailctl.domain.message import Attachment
from mailctl.errors import BadDataError

WIDTH = 76
# Beyond what is plain ASCII in short lines: a line that begins with `From ` gets a `>` in mailboxes, one that begins
# with a dot may be taken for the end (RFC 2049, 3).
UNSAFE = re.compile(rb"[^\t\r\n -~]|^From |^\.|[^\r\n]{998}", re.MULTILINE)
CHANGED = re.compile(rb"\x00|^From |[^\r\n]{998}", re.MULTILINE)  # of a message within a message
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
LONG = 1000  # bytes without a line's end: either too long a line, or one that ends with a bare CR
SAFE_LINE = re.compile(rb"(?!From |\.)[\t -<>-~]{0,75}(?<![\t ])")
QP = {byte: b"=%02X" % byte for byte in range(256)} | {byte: bytes([byte]) for byte in b"\t" + bytes(range(32, 127))}
QP[0x3D] = b"=3D"
TYPE = re.compile(r'[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+(?:; ?[a-z0-9-]+=(?:[\w.:+-]+|"[\w .:+-]*"))*', re.I | re.A)
UNKNOWN = "application/octet-stream"


class Entity(Struct, frozen=True, kw_only=True):
    """The fields of a part and its body, as they are written."""

    fields: tuple[str, ...]
    body: Raw

    @property
    def raw(self) -> Raw:
        """The part as it is written."""
        return joined(("".join(f"{field}\r\n" for field in (*self.fields, "")).encode(), self.body))


def text(content: str, subtype: str, *, parameters: str = "") -> Entity:
    """A part to be read; its lines end with `\\n`.

    Raises:
        BadDataError: it holds half letters, as what was read in another encoding does.
    """
    try:
        encoding, body = encoded_text(content.replace("\n", "\r\n").encode())
    except UnicodeEncodeError as error:
        raise BadDataError("the text is not in UTF-8", hint="iconv -f latin1 -t utf-8 FILE") from error
    return Entity(
        fields=(
            f"Content-Type: text/{subtype}; charset=utf-8{parameters}",
            f"Content-Transfer-Encoding: {encoding}",
        ),
        body=body,
    )


def encoded_text(data: bytes) -> tuple[str, Raw]:
    """The encoding that suits a text best, and the text in it."""
    if not UNSAFE.search(data):
        return "7bit", data
    beyond = sum(1 for byte in data if byte > 126)
    if 3 * beyond > len(data):
        return "base64", base64(data)
    return "quoted-printable", b"\r\n".join(quoted_line(line) for line in data.split(b"\r\n"))


def quoted_line(line: bytes) -> bytes:
    """A line in quoted-printable: at most 76 bytes a line (RFC 2045, 6.7)."""
    if SAFE_LINE.fullmatch(line):
        return line
    units = [QP[byte] for byte in line]
    if line.startswith((b"From ", b".")):
        units[0] = b"=%02X" % line[0]
    if line[-1:] in (b" ", b"\t"):
        units[-1] = b"=%02X" % line[-1]
    whole_line, lines, start = b"".join(units), [], 0
    while len(whole_line) - start >= WIDTH:
        end = start + WIDTH - 1
        cut = whole_line.rfind(b"=", end - 2, end)  # which begins three bytes that stay together
        lines.append(whole_line[start : (end := cut if cut >= 0 else end)])
        start = end
    return b"=\r\n".join((*lines, whole_line[start:]))


def base64(content: Raw) -> Raw:
    """Bytes in base64, in lines; many of them once they are wanted."""
    encoded = Base64(content)
    return encoded if len(content) > LARGE else whole(encoded)


def attached(file: Attachment) -> Entity:
    """A file to send along, which arrives byte for byte."""
    kind = type_of(file)
    named = fields.typed_fields(kind, disposition="attachment", filename=file.filename)
    if kind == "message/rfc822":
        bits = "7bit" if is_ascii(file.content) else "8bit"
        return Entity(fields=(*named, f"Content-Transfer-Encoding: {bits}"), body=file.content)
    return Entity(fields=(*named, "Content-Transfer-Encoding: base64"), body=base64(file.content))


def unnamed(file: Attachment) -> Entity:
    """A file as one more way to read the message."""
    return Entity(
        fields=(f"Content-Type: {type_of(file)}", "Content-Transfer-Encoding: base64"), body=base64(file.content)
    )


def inline(file: Attachment) -> Entity:
    """An image that the HTML beside it refers to by `cid:` (RFC 2392)."""
    named = fields.typed_fields(type_of(file), disposition="inline", filename=file.filename)
    more = (f"Content-ID: <{cid(file)}>", "Content-Transfer-Encoding: base64")
    return Entity(fields=(*named, *more), body=base64(file.content))


def type_of(file: Attachment) -> str:
    """The type to announce for a file.

    A message may not be encoded (RFC 2046, 5.2.1): one that would not arrive as it is goes as a mere file, as does what
    has no valid type; 8 bits do arrive (RFC 6152). A text in UTF-8 says so.
    """
    kind = file.content_type.lower() if TYPE.fullmatch(file.content_type) else UNKNOWN
    if kind.startswith(("multipart/", "message/")):
        return kind if kind == "message/rfc822" and arrives(file.content) else UNKNOWN
    if kind.startswith("text/") and "charset" not in kind and is_utf8(file.content):
        return f"{file.content_type}; charset=utf-8"
    return file.content_type if kind != UNKNOWN else kind


def arrives(content: Raw) -> bool:
    """Whether a message within a message arrives as it is; looked at in whole lines."""
    held = b""
    for block in blocks(content):
        data = held + block
        end = data.rfind(b"\n") + 1
        if CHANGED.search(data, 0, end) or BARE.search(data, 0, end) or len(data) - end > LONG:
            return False
        held = data[end:]
    return not (CHANGED.search(held) or BARE.search(held))


def is_utf8(content: Raw) -> bool:
    """Whether bytes are UTF-8."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for block in blocks(content):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def multipart(subtype: str, parts: tuple[Entity, ...], *, seed: str, parameters: str = "") -> Entity:
    """Several parts as one.

    Args:
        subtype: mixed, alternative or related.
        parts: in their order.
        seed: letters for the boundary, which the parts do not hold in all likelihood; it is made sure.
        parameters: more for Content-Type, from the `;` on.
    """
    raws = [part.raw for part in parts]
    number, boundary = 0, f"=_{subtype}_{seed}"
    while any(holds(raw, boundary.encode()) for raw in raws):
        number += 1
        boundary = f"=_{subtype}{number}_{seed}"
    delimiter = b"--" + boundary.encode()
    written = (piece for raw in raws for piece in (delimiter + b"\r\n", raw, b"\r\n"))
    body = joined((*written, delimiter + b"--\r\n"))
    named = f'Content-Type: multipart/{subtype}{parameters};\r\n boundary="{boundary}"'
    bits = () if is_ascii(body) else ("Content-Transfer-Encoding: 8bit",)  # no less than its parts' (RFC 2045, 6.4)
    return Entity(fields=(named, *bits), body=body)
