"""A message's headers and parts, and how they nest, out of any bytes (RFC 5322, 2045, 2046, 2183, 2231)."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from mailctl.domain.decoding import body_bytes, decode, header_text

Headers = tuple[tuple[str, str], ...]
# A line that is neither a field nor the rest of one begins the body, as the email package has it.
HEADER = re.compile(rb"(?:(?:[!-9;-~]++[ \t]*+:|[ \t]|>?From )[^\n]*+(?:\n|\Z))*+")
FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
TYPE = re.compile(r"\s*([^\s/;\"]+)\s*/\s*([^\s/;\"]+)")
PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^;]*+)', re.DOTALL)
SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*?))?")
BOUNDARY_END = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")
LIKELY_BOUNDARY = re.compile(rb"^--([^\s-][^\r\n]{0,68}?)[ \t]*\r?$", re.MULTILINE)
DEEPEST = 30
MOST_PARTS = 2000


class Node(Struct, frozen=True, kw_only=True):
    """A message or a part: its header, and where its body lies in the bytes of the whole.

    `type` and `disposition` are in lower case; a text's letters beyond ASCII stand as surrogates in `headers`.
    """

    headers: Headers
    raw: bytes
    start: int
    end: int
    type: str
    parameters: dict[str, str]
    disposition: str
    filename: str | None

    @property
    def is_multipart(self) -> bool:
        """Whether other parts may lie in it."""
        return self.type.startswith("multipart/")

    @property
    def body(self) -> bytes:
        """Its body as it was sent."""
        return self.raw[self.start : self.end]

    @property
    def content_id(self) -> str:
        """What other parts call it (RFC 2392)."""
        return first(self.headers, "content-id")

    @property
    def content(self) -> bytes:
        """Its body without the transfer encoding."""
        return body_bytes(self.body, first(self.headers, "content-transfer-encoding"))


def parse(raw: bytes) -> Node:
    """A message as a node."""
    return node(raw, 0, len(raw), default="text/plain")


def node(raw: bytes, start: int, end: int, *, default: str) -> Node:
    """The part between two places.

    Args:
        raw: the whole message.
        start: where its header begins.
        end: where its body ends.
        default: the type of a part that says none.
    """
    headers, body = split_header(raw, start, end)
    content_type = first(headers, "content-type")
    disposition = first(headers, "content-disposition")
    parameters, more = parameters_of(content_type), parameters_of(disposition)
    return Node(
        headers=headers,
        raw=raw,
        start=body,
        end=end,
        type=type_of(content_type, default=default),
        parameters=parameters,
        disposition=disposition.partition(";")[0].strip().lower(),
        filename=more.get("filename") or parameters.get("name"),
    )


def split_header(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The fields of a header, and where the body behind it begins."""
    block = HEADER.match(raw, start, end)
    stop = block.end() if block else start
    found = tuple((name.decode("ascii"), unfolded(value)) for name, value in FIELD.findall(raw[start:stop]))
    for ending in (b"\r\n", b"\n"):
        if raw.startswith(ending, stop, end):
            return found, stop + len(ending)
    return found, stop


def unfolded(value: bytes) -> str:
    """A field's value on one line (RFC 5322, 2.2.3)."""
    return value.replace(b"\r", b"").replace(b"\n", b"").strip().decode("ascii", "surrogateescape")


def first(headers: Headers, name: str) -> str:
    """The first field of a name, given in lower case; empty when there is none."""
    for key, value in headers:  # a third of the time that next() with a generator takes
        if key.lower() == name:
            return value
    return ""


def every(headers: Headers, name: str) -> tuple[str, ...]:
    """All fields of a name, given in lower case."""
    return tuple([value for key, value in headers if key.lower() == name])


def type_of(value: str, *, default: str) -> str:
    """The type in a Content-Type; what is none counts as text (RFC 2045, 5.2)."""
    if not value:
        return default
    found = TYPE.match(value)
    return f"{found[1]}/{found[2]}".lower() if found and value.isascii() else type_of_broken(value)


def type_of_broken(value: str) -> str:
    """The type in a value with a letter that none may have."""
    found = TYPE.match(header_text(value))
    return f"{found[1]}/{found[2]}".lower() if found else "text/plain"


def parameters_of(value: str) -> dict[str, str]:
    """The parameters behind a type or a disposition, their continuations joined and charsets decoded (RFC 2231).

    Where RFC 2047's encoded words stand in their place, which it forbids and many do, they are decoded too.
    """
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for key, text in PARAMETER.findall(value):
        section = SECTION.fullmatch(key)
        if section is None:
            plain.setdefault(key.lower(), unquoted(text))
            continue
        encoded = section[2] is None or bool(section[3])
        sections.setdefault(section[1].lower(), {}).setdefault(int(section[2] or 0), (unquoted(text), encoded))
    decoded = {key: text if key == "boundary" else header_text(text) for key, text in plain.items()}
    return decoded | {key: joined(parts) for key, parts in sections.items()}


def joined(sections: dict[int, tuple[str, bool]]) -> str:
    """The sections of one parameter as text."""
    data, charset = b"", ""
    for place, number in enumerate(sorted(sections)):
        text, encoded = sections[number]
        if encoded and place == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if encoded else raw
    return header_text(decode(data, charset))


def unquoted(text: str) -> str:
    """A parameter's value without quotes; a backslash stays where it separates folders."""
    bare = text.strip()
    if bare.startswith('"'):
        bare = bare[1:].removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")
    return bare


def children(parent: Node) -> Iterator[Node]:
    """The parts of a multipart, in their order, the last boundary forgiven; none where there is no boundary."""
    boundary = boundary_of(parent)
    if not boundary:
        return
    default = "message/rfc822" if parent.type == "multipart/digest" else "text/plain"
    start = None
    for place, behind, is_last in lines(parent, b"--" + boundary):
        if start is not None:
            yield node(parent.raw, start, max(start, before_line(parent.raw, place)), default=default)
        start = behind
        if is_last:
            return
    if start is not None:
        yield node(parent.raw, start, parent.end, default=default)


def boundary_of(parent: Node) -> bytes:
    """The boundary of a multipart: the one it names, else the first line that looks like one."""
    named = parent.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
    if named:
        return named
    found = LIKELY_BOUNDARY.search(parent.raw, parent.start, parent.end)
    return found[1] if found else b""


def lines(parent: Node, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """The delimiter lines in a body: where each begins, where the next line does, and whether it is the last."""
    raw, place = parent.raw, parent.start
    while (place := raw.find(delimiter, place, parent.end)) >= 0:
        ending = BOUNDARY_END.match(raw, place + len(delimiter), parent.end)
        if ending and (place == parent.start or raw[place - 1] == 0x0A):
            yield place, ending.end(), bool(ending[1])
            place = ending.end()
        else:
            place += len(delimiter)


def before_line(raw: bytes, place: int) -> int:
    """Where the line before a delimiter ends: its line ending belongs to the delimiter (RFC 2046, 5.1.1)."""
    if raw[place - 2 : place] == b"\r\n":
        return place - 2
    return place - 1 if raw[place - 1 : place] == b"\n" else place
