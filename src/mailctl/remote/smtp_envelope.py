"""What a submission server is told of one message: MAIL with its options, RCPT, DATA, and the message itself."""

from collections.abc import Mapping

from mailctl.domain.account import Server
from mailctl.domain.address import CONTROL, Address
from mailctl.domain.content import Raw, head, is_ascii
from mailctl.domain.dsn import Dsn, with_mail, with_rcpt
from mailctl.domain.message import Envelope
from mailctl.errors import BadDataError, MessageRefusedError


def envelope_commands(server: Server, features: Mapping[str, str], envelope: Envelope, data: Raw) -> list[str]:
    """MAIL, RCPT for each recipient, DATA.

    Args:
        server: for what is told of it.
        features: what it offers.
        envelope: an empty sender is the null sender.
        data: the message, CRLF at the end of lines.

    Raises:
        BadDataError: nobody would get it, or an address holds what an address cannot.
        MessageRefusedError: the server said beforehand that it cannot take such a message.
    """
    if not envelope.recipients:
        raise BadDataError("a message without a recipient cannot be sent")
    limit = number(features.get("SIZE", ""))
    if 0 < limit < len(data):
        raise MessageRefusedError(f"the message has {len(data):,} bytes, and {server.where} takes {limit:,} at most")
    addresses = [on_the_wire(one) for one in (envelope.sender, *envelope.recipients)]
    dsn = asked_of(features, envelope)
    return [
        f"MAIL FROM:<{addresses[0]}>{options(server, features, addresses, data)}{with_mail(dsn)}",
        *(f"RCPT TO:<{one}>{with_rcpt(dsn, one)}" for one in addresses[1:]),
        "DATA",
    ]


def asked_of(features: Mapping[str, str], envelope: Envelope) -> Dsn | None:
    """The reports to ask for; None where none are wanted, or the server does not know how (RFC 3461, 4)."""
    return envelope.dsn if "DSN" in features else None


def options(server: Server, features: Mapping[str, str], addresses: list[str], data: Raw) -> str:
    """What is said with MAIL: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531).

    Raises:
        MessageRefusedError: it needs SMTPUTF8, and the server lacks it.
    """
    found = f" SIZE={len(data)}" if "SIZE" in features else ""
    if "8BITMIME" in features and not is_ascii(data):
        found += " BODY=8BITMIME"
    strange = next((one for one in addresses if not one.isascii()), None)
    if strange is None and not has_utf8_header(data):
        return found
    if "SMTPUTF8" not in features:
        what = f"the address '{strange}'" if strange else "a header that is not in ASCII"
        raise MessageRefusedError(f"{server.where} cannot take {what}: it lacks SMTPUTF8")
    return f"{found} SMTPUTF8"


def on_the_wire(address: str) -> str:
    """An address of the envelope, its domain in ASCII.

    Raises:
        BadDataError: it holds what would end the command or the address.
    """
    if CONTROL.search(address):
        raise BadDataError(f"bad address {address!r}: it holds a control character")
    local, at, domain = address.rpartition("@")
    if any(letter in domain for letter in " <>"):
        raise BadDataError(f"bad address '{address}': what stands behind the @ is no domain")
    return Address(local=local, domain=domain).wire if at else address


def number(text: str) -> int:
    """The number that a server announces; 0 when it is none, or one that nothing reaches."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def has_utf8_header(data: Raw) -> bool:
    """Whether a header is in UTF-8 (RFC 6532); 8-bit junk in another encoding is passed on as it is."""
    header = head(data)
    if header.isascii():
        return False
    try:
        header.decode()
    except UnicodeDecodeError:
        return False
    return True
