"""What a message is called, so that everybody means the same one (RFC 5322, 3.6.4)."""

from datetime import UTC, datetime

from mailctl.domain.address import Address


def new_message_id(domain: str, *, now: datetime, token: str) -> str:
    """A Message-ID that nobody else makes.

    Args:
        domain: the account's.
        now: the moment, of which only the second is told.
        token: random letters and digits.
    """
    host = Address(local="x", domain=domain).wire.removeprefix("x@")
    return f"<{now.astimezone(UTC):%Y%m%d%H%M%S}.{token}@{host}>"
