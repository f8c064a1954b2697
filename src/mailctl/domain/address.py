"""Addresses: parse, quote, IDN; refuses CR, LF and NUL."""

import re

from msgspec import Struct

from mailctl.errors import BadDataError

ATOM = r"""[^\x00-\x20\x7f()<>\[\]:;@\\,."]+"""  # RFC 5322, 3.2.3, and all beyond ASCII (RFC 6531, 3.3)
DOT_ATOM = re.compile(rf"{ATOM}(?:\.{ATOM})*")
QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"')
LABEL = re.compile(r"(?!-)[^\x00-,./:-@\[-`{-\x7f]{1,63}(?<!-)")
MARK = re.compile(r'[,<>]|"(?:[^"\\]|\\.?)*+"?', re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SUCH_AS = "such as anna@firm.example, or 'Anna Martin <anna@firm.example>'"
LONGEST = 254
LONGEST_LOCAL = 64


class Address(Struct, frozen=True):
    """One mailbox: the name to show, and local part and domain as they are written (RFC 5322, 3.4)."""

    local: str
    domain: str
    name: str = ""

    @property
    def spec(self) -> str:
        """`local@domain`, as on the wire of a server with SMTPUTF8."""
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether the local part needs no SMTPUTF8; a domain can always be written in ASCII."""
        return self.local.isascii()

    @property
    def wire(self) -> str:
        """`local@domain` with the domain in ASCII (IDNA 2008, RFC 5891), where the local part allows it."""
        if self.domain.isascii() or not self.is_ascii:
            return self.spec
        import idna

        try:
            return f"{self.local}@{idna.encode(self.domain, uts46=True).decode()}"
        except idna.IDNAError as error:
            raise BadDataError(f"bad address '{self.spec}': {error}", hint=SUCH_AS) from error

    def __str__(self) -> str:
        if not self.name:
            return self.spec
        if re.fullmatch(r"[\w !#$%&'*+/=?^`{|}~-]+", self.name):
            return f"{self.name} <{self.spec}>"
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.spec}>'


def parse(text: str) -> Address:
    """The address in `anna@firm.example` or `Anna Martin <anna@firm.example>`.

    Raises:
        BadDataError: it is none, is too long (RFC 5321, 4.5.3.1), or holds a control character.
    """
    if CONTROL.search(text):
        raise BadDataError(f"bad address {text!r}: it holds a control character", hint=SUCH_AS)
    bare = text.strip()
    name = ""
    if bare.endswith(">") and "<" in bare:
        shown, _, bare = bare[:-1].rpartition("<")
        name = unquoted(shown.strip())
    local, at, domain = bare.strip().rpartition("@")
    fault = "" if at else "there is no @ in it"
    fault = fault or fault_of(local, domain)
    if fault:
        raise BadDataError(f"bad address '{text.strip()}': {fault}", hint=SUCH_AS)
    return Address(local=local, domain=domain, name=name)


def fault_of(local: str, domain: str) -> str:
    """What is wrong with an address, in words; empty when nothing is."""
    if not (DOT_ATOM.fullmatch(local) or QUOTED.fullmatch(local)):
        return "what stands before the @ is not allowed there"
    if len(local.encode()) > LONGEST_LOCAL or len(f"{local}@{domain}".encode()) > LONGEST:
        return "it is too long"
    if domain.startswith("[") and domain.endswith("]"):
        return ""
    if not all(LABEL.fullmatch(label) for label in domain.split(".")):
        return "what stands behind the @ is no domain"
    return ""


def unquoted(name: str) -> str:
    """A display name without the quotes around it."""
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def split(text: str) -> tuple[str, ...]:
    """The addresses of a comma-separated list, not yet parsed; commas in quotes and in angle brackets stay."""
    parts, depth, start = [], 0, 0
    for found in MARK.finditer(text):
        mark = found[0]
        depth += (mark == "<") - (mark == ">")
        if mark == "," and depth <= 0:
            parts.append(text[start : found.start()])
            start = found.end()
    parts.append(text[start:])
    return tuple(part.strip() for part in parts if part.strip())


def parse_all(texts: tuple[str, ...]) -> tuple[Address, ...]:
    """The addresses in several texts, each of which may be a comma-separated list."""
    return tuple(parse(part) for text in texts for part in split(text))


def same(one: str, other: str) -> bool:
    """Whether two addresses mean one mailbox here; case does not matter, which RFC 5321, 2.4 leaves to the server."""
    return one.casefold() == other.casefold()
