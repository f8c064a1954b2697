"""What a message is called, so that everybody means the same one (RFC 5322, 3.6.4)."""

from datetime import UTC, datetime
from hashlib import sha256

from mailctl.domain.address import Address

PIECE = 64 << 10


def new_message_id(domain: str, *, now: datetime, token: str) -> str:
    """A Message-ID that nobody else makes.

    Args:
        domain: the account's.
        now: the moment, of which only the second is told.
        token: random letters and digits.
    """
    host = Address(local="x", domain=domain).wire.removeprefix("x@")
    return f"<{now.astimezone(UTC):%Y%m%d%H%M%S}.{token}@{host}>"


def content_key(raw: bytes) -> str:
    """What a message without Message-ID is called: the same for each copy of it, whichever server it came through.

    Who, when and about what, and the body, its line ends and what is empty at its end left out: what else stands in the
    header, each server that it passes adds to.
    """
    from mailctl.domain.decoding import header_text
    from mailctl.domain.mime import first, headers_of, split_header

    plain = raw.replace(b"\r\n", b"\n")
    blank = plain.find(b"\n\n")
    head = plain[:blank] if blank >= 0 else plain
    start = blank + 2 if blank >= 0 else split_header(plain, 0, len(plain))[1]  # all of it may be text
    headers = headers_of(head + b"\n\n")
    told = "\n".join(header_text(first(headers, name)) for name in ("from", "date", "subject"))
    found = sha256(told.encode("utf-8", "replace") + b"\n\n")
    found.update(memoryview(plain)[start : end_of_text(plain, start)])
    return f"sha256:{found.hexdigest()}"


def end_of_text(raw: bytes, start: int) -> int:
    """Where what is empty at the end begins, found without a copy of a large message."""
    end = len(raw)
    while end > start:
        piece = raw[max(start, end - PIECE) : end]
        kept = len(piece.rstrip())
        end -= len(piece) - kept
        if kept:
            break
    return end
