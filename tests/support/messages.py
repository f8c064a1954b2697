"""Messages written down by their parts."""

from mailctl.domain.message import Reading
from mailctl.domain.reading import reading_of


def message(*fields: str, body: str = "") -> bytes:
    """A message of header fields and a body."""
    return "\n".join([*fields, "", body]).encode()


def multipart(kind: str, *parts: str, boundary: str = "b", more: str = "") -> str:
    """A multipart with its own Content-Type, to stand in a message or in another multipart."""
    inner = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}\n\n{inner}--{boundary}--\n'


def part(kind: str, content: str, *fields: str) -> str:
    """A part of a multipart."""
    return "\n".join([f"Content-Type: {kind}", *fields, "", content])


def reading(raw: bytes | str) -> Reading:
    """A message as its reader sees it."""
    return reading_of(raw.encode() if isinstance(raw, str) else raw, id=1, account="contact", folder="INBOX")


def names(raw: bytes | str) -> list[str]:
    """What the attachments of a message are called."""
    return [one.filename for one in reading(raw).attachments]


PLAIN = part("text/plain", "plain")
RICH = part("text/html", "<p>rich</p>")
PDF = part("application/pdf", "x", 'Content-Disposition: attachment; filename="plan.pdf"')
LOGO = part("image/png", "x", "Content-ID: <logo>", 'Content-Disposition: inline; filename="logo.png"')
