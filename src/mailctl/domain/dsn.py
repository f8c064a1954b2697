"""Which reports a sender wants of what becomes of a message (RFC 3461), and how a server is asked for them."""

import re
from enum import StrEnum

from msgspec import Struct

from mailctl.domain.address import Address
from mailctl.errors import BadDataError

LONGEST_ID, LONGEST_ORIGINAL = 100, 500  # RFC 3461, 4.4 and 4.2
XTEXT = re.compile(r"[^!-*,-<>-~]")  # all but what stands for itself (RFC 3461, 4)
HINT = "--dsn never, or some of failure,delay,success"


class Notify(StrEnum):
    """When a report is wanted."""

    NEVER = "never"
    FAILURE = "failure"
    DELAY = "delay"
    SUCCESS = "success"


class Return(StrEnum):
    """How much of the message a report of failure brings back."""

    FULL = "full"
    HEADERS = "hdrs"


class Dsn(Struct, frozen=True, kw_only=True):
    """What is asked for; `notify` empty, `returned` None, `id` empty: the server does as it does by itself."""

    notify: tuple[Notify, ...] = ()
    returned: Return | None = None
    id: str = ""

    def __str__(self) -> str:
        return ",".join(self.notify)


def parse(text: str) -> Dsn:
    """What `never` or `failure,delay` asks for; a report brings the header back, not the whole message.

    Raises:
        BadDataError: a word is none of the four, or `never` stands beside another.
    """
    try:
        words = tuple(dict.fromkeys(Notify(word.strip().lower()) for word in text.split(",")))
    except ValueError as error:
        raise BadDataError(f"bad --dsn '{text}': {error}", hint=HINT) from error
    if Notify.NEVER in words and len(words) > 1:
        raise BadDataError(f"bad --dsn '{text}': 'never' stands alone", hint=HINT)
    return Dsn(notify=words, returned=None if Notify.NEVER in words else Return.HEADERS)


def with_mail(dsn: Dsn | None) -> str:
    """What is said with MAIL: how much to bring back, and what reports call the message."""
    if dsn is None:
        return ""
    identity = xtext(dsn.id)
    found = f" RET={dsn.returned.upper()}" if dsn.returned else ""
    return f"{found} ENVID={identity}" if 0 < len(identity) <= LONGEST_ID else found


def with_rcpt(dsn: Dsn | None, address: str) -> str:
    """What is said with RCPT: when to report, and the address as its sender wrote it (RFC 6533, 3 beyond ASCII)."""
    if dsn is None or not dsn.notify:
        return ""
    notify = f" NOTIFY={str(dsn).upper()}"
    local, _, domain = address.rpartition("@")
    kind, written = ("rfc822", Address(local=local, domain=domain).wire) if local.isascii() else ("utf-8", address)
    original = f"{kind};{xtext(written) if kind == 'rfc822' else unitext(written)}"
    return f"{notify} ORCPT={original}" if len(original) <= LONGEST_ORIGINAL and local else notify


def xtext(text: str) -> str:
    """Text as a parameter's value: what may not stand there in hexadecimal (RFC 3461, 4)."""
    return XTEXT.sub(lambda found: "".join(f"+{byte:02X}" for byte in found[0].encode()), text)


def unitext(text: str) -> str:
    """Text as a parameter's value, in UTF-8, which a server with SMTPUTF8 takes there (RFC 6533, 3)."""
    return "".join(one if is_plain(one) else f"\\x{{{ord(one):02X}}}" for one in text)


def is_plain(letter: str) -> bool:
    """Whether a letter stands for itself where UTF-8 may stand."""
    return ord(letter) > 0x7F or (letter != "\\" and not XTEXT.match(letter))
