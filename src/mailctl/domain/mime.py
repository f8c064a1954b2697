"""A message's headers and parts, and how they nest, out of any bytes (RFC 5322, 2045, 2046, 2183, 2231)."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from mailctl.domain.decoding import body_bytes, decode, header_text

# A line that is neither a field nor the rest of one begins the body, as the email package has it.
HEADER = re.compile(rb"(?:(?:[!-9;-~]++[ \t]*+:|[ \t]|>?From )[^\n]*+(?:\n|\Z))*+")
FIELD = re.compile(r"^([!-9;-~]++)[ \t]*+:([^\n]*+)", re.MULTILINE)
BLANKS = " \t\n\r\v\f"  # of ASCII; `strip` alone would take more
TYPE = re.compile(r"\s*([^\s/;\"]+)\s*/\s*([^\s/;\"]+)")
PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^;]*+)', re.DOTALL)
SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*?))?")
BOUNDARY_END = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")
LIKELY_BOUNDARY = re.compile(rb"^--([^\s-][^\r\n]{0,68}?)[ \t]*\r?$", re.MULTILINE)
DEEPEST = 100
MOST_PARTS = 2000


class Headers(Struct, frozen=True):
    """The fields of a header in their order, and the values under each name, there in lower case.

    Letters beyond ASCII stand as surrogates.
    """

    fields: tuple[tuple[str, str], ...]
    values: dict[str, list[str]]


class Node(Struct, frozen=True, kw_only=True):
    """A message or a part: its header, where its body lies in the bytes of the whole, and the parts in it.

    `type` and `disposition` are in lower case. What lies too deep, or behind too many others, is not among `parts`.
    """

    headers: Headers
    raw: bytes
    start: int
    end: int
    type: str
    parameters: dict[str, str]
    disposition: str
    filename: str | None
    parts: "tuple[Node, ...]"

    @property
    def is_multipart(self) -> bool:
        """Whether other parts may lie in it."""
        return is_multipart(self.type)

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
    return node(raw, 0, len(raw), default="text/plain", depth=0, budget=iter(range(MOST_PARTS)))


def headers_of(raw: bytes) -> Headers:
    """The header of a message alone."""
    return split_header(raw, 0, len(raw))[0]


def node(raw: bytes, start: int, end: int, *, default: str, depth: int, budget: Iterator[int]) -> Node:
    """The part between two places.

    Args:
        raw: the whole message.
        start: where its header begins.
        end: where its body ends.
        default: the type of a part that says none.
        depth: how many parts lie around it.
        budget: runs out after so many parts.
    """
    headers, body = split_header(raw, start, end)
    content_type = first(headers, "content-type")
    disposition = first(headers, "content-disposition")
    parameters, more = parameters_of(content_type), parameters_of(disposition)
    kind = type_of(content_type, default=default)
    found: list[tuple[int, int]] = []
    if is_multipart(kind) and depth < DEEPEST:
        boundary = boundary_of(parameters) or likely_boundary(raw, body, end)
        found = [span for span, _ in zip(spans(raw, body, end, boundary), budget, strict=False)]
    inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    return Node(
        headers=headers,
        raw=raw,
        start=body,
        end=end,
        type=kind,
        parameters=parameters,
        disposition=disposition.partition(";")[0].strip().lower(),
        filename=more.get("filename") or parameters.get("name"),
        parts=tuple([node(raw, *span, default=inner, depth=depth + 1, budget=budget) for span in found]),
    )


def split_header(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The fields of a header, and where the body behind it begins."""
    block = HEADER.match(raw, start, end)
    stop = block.end() if block else start
    found = FIELD.findall(unfolded(raw[start:stop]))
    headers = headers_in([(name, value.replace("\r", "").strip(BLANKS)) for name, value in found])
    for ending in (b"\r\n", b"\n"):
        if raw.startswith(ending, stop, end):
            return headers, stop + len(ending)
    return headers, stop


def headers_in(fields: Sequence[tuple[str, str]]) -> Headers:
    """A header of these fields."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    return Headers(tuple(fields), values)


def cut(headers: Headers, longest: int) -> Headers:
    """The same header with no value longer than so many characters."""
    if all(len(value) <= longest for _, value in headers.fields):
        return headers
    return headers_in([(name, value[:longest]) for name, value in headers.fields])


def unfolded(header: bytes) -> str:
    """A header with each field on one line (RFC 5322, 2.2.3)."""
    lines = header.replace(b"\r\n", b"\n").replace(b"\n ", b" ").replace(b"\n\t", b"\t")
    return lines.decode("ascii", "surrogateescape")


def first(headers: Headers, name: str) -> str:
    """The first field of a name, given in lower case; empty when there is none."""
    return headers.values[name][0] if name in headers.values else ""


def every(headers: Headers, name: str) -> tuple[str, ...]:
    """All fields of a name, given in lower case."""
    return tuple(headers.values.get(name, ()))


def is_multipart(kind: str) -> bool:
    """Whether other parts may lie in one of a type."""
    return kind.startswith("multipart/")


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
    if ";" not in value:
        return {}
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for key, text in PARAMETER.findall(value):
        section = SECTION.fullmatch(key) if "*" in key else None
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


def spans(raw: bytes, body: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where the parts between two places lie, in their order, the last boundary forgiven; none without a boundary."""
    start = None
    for place, behind, is_last in lines(raw, body, end, boundary) if boundary else ():
        if start is not None:
            yield start, max(start, before_line(raw, place))
        start = behind
        if is_last:
            return
    if start is not None:
        yield start, end


def boundary_of(parameters: dict[str, str]) -> bytes:
    """The boundary that a multipart names."""
    return parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()


def likely_boundary(raw: bytes, body: int, end: int) -> bytes:
    """The boundary of a multipart that names none: the first line that looks like one."""
    found = LIKELY_BOUNDARY.search(raw, body, end)
    return found[1] if found else b""


def lines(raw: bytes, body: int, end: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """The delimiter lines in a body: where each begins, where the next line does, and whether it is the last."""
    delimiter = b"\n--" + boundary
    behind = body - 1  # a header ends with a line ending
    while (place := raw.find(delimiter, behind, end)) >= 0:
        behind = place + len(delimiter)
        if ending := BOUNDARY_END.match(raw, behind, end):
            yield place + 1, ending.end(), bool(ending[1])


def before_line(raw: bytes, place: int) -> int:
    """Where the line before a delimiter ends: its line ending belongs to the delimiter (RFC 2046, 5.1.1)."""
    if raw[place - 2 : place] == b"\r\n":
        return place - 2
    return place - 1 if raw[place - 1 : place] == b"\n" else place
