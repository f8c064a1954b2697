"""An affair: a case or project of the firm, and which message belongs to it."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Annotated, Protocol

from msgspec import Meta, Struct, field

from mailctl.domain.account import Name, Text
from mailctl.domain.address import CONTROL, fault_of, same
from mailctl.errors import BadDataError, nearest

LONGEST_STEM = 190  # bytes of a file's name, which leaves room for what is written beside it
PLAIN = frozenset("._+-")
ESCAPES = re.compile(r"(?:%[0-9A-F]{2})+")
PERSON = re.compile(r"([^<>()]*[^<>()\s])\s*(?:<([^<>\s]+)>)?\s*(?:\((.*)\))?")
RULE = r"^(from|domain|subject|list):\s*\S.*$"

Reference = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)", max_length=100)]
# `rule_of` checks it and says more than a pattern can; editors have the pattern
RuleText = Annotated[str, Meta(max_length=1000, extra_json_schema={"pattern": RULE})]


class State(StrEnum):
    """Whether an affair goes on."""

    OPEN = "open"
    CLOSED = "closed"


class RuleKind(StrEnum):
    """What of a message a rule looks at."""

    FROM = "from"
    DOMAIN = "domain"
    SUBJECT = "subject"
    LIST = "list"


class Mail(Protocol):
    """What the rules look at: the sender's address, the subject, the List-Id without its brackets (RFC 2919)."""

    @property
    def sender(self) -> str:
        """The address in From."""

    @property
    def subject(self) -> str:
        """The subject, decoded."""

    @property
    def list_id(self) -> str:
        """Which list it came by; empty for none."""


class Rule(Struct, frozen=True):
    """One reason to file a message under an affair; no case matters."""

    kind: RuleKind
    text: str

    def fits(self, mail: Mail) -> bool:
        """Whether a message is one of those meant; a domain's subdomains are."""
        match self.kind:
            case RuleKind.FROM:
                return same(self.text, mail.sender)
            case RuleKind.DOMAIN:
                return f".{folded(mail.sender.rpartition('@')[2])}".endswith(f".{folded(self.text)}")
            case RuleKind.SUBJECT:
                return folded(self.text) in folded(mail.subject)
            case RuleKind.LIST:
                return same(self.text, mail.list_id.strip("<>"))


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody outside the firm who has to do with an affair."""

    name: Annotated[Text, Meta(description="as one writes it: Paul Roux", min_length=1)]
    role: Annotated[Text, Meta(description="what the person does there")] = ""
    address: Annotated[Text | None, Meta(description="the e-mail address")] = None


class Client(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom an affair is for, and where that one writes from."""

    name: Annotated[Text, Meta(description="as one writes it: Ville de Lyon", min_length=1)]
    addresses: Annotated[tuple[Text, ...], Meta(description="e-mail addresses; mail from them is the affair's")] = ()
    domains: Annotated[tuple[Text, ...], Meta(description="domains; mail from them is the affair's")] = ()


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A message made up to try the rules, and what they should say; `store check` tries it."""

    sender: Annotated[Text, Meta(description="its sender's address")] = field(name="from", default="")
    subject: Annotated[Text, Meta(description="its subject")] = ""
    list_id: Annotated[Text, Meta(description="its List-Id")] = field(name="list", default="")
    matches: Annotated[bool, Meta(description="whether it belongs to the affair")]


class Affair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A case or project of the firm."""

    ref: Annotated[Reference, Meta(description="the file's name")]
    title: Annotated[Text, Meta(description="what it is about", min_length=1)]
    state: Annotated[State, Meta(description="whether it goes on")] = State.OPEN
    client: Annotated[Text | Client, Meta(description="whom it is for: a name, or a table")] = ""
    responsible: Annotated[Name | None, Meta(description="the collaborator who answers for it")] = None
    address: Annotated[Text, Meta(description="where it takes place")] = ""
    opened: Annotated[date | None, Meta(description="the day it began")] = None
    closed: Annotated[date | None, Meta(description="the day it ended")] = None
    people: Annotated[tuple[Person, ...], Meta(description="people outside the firm")] = ()
    match: Annotated[
        tuple[RuleText, ...], Meta(description="its mail: from:ADDRESS, domain:DOMAIN, subject:TEXT, list:LIST-ID")
    ] = ()
    exceptions: Annotated[
        tuple[RuleText, ...], Meta(description="mail that is never its own, whatever else says so: rules as in `match`")
    ] = field(name="except", default=())
    notes: Annotated[Text, Meta(description="anything worth knowing")] = ""
    tests: Annotated[tuple[Trial, ...], Meta(description="messages made up to try the rules")] = ()

    @property
    def stem(self) -> str:
        """The name of its file, without `.toml`."""
        return stem_of(self.ref)

    @property
    def whom(self) -> Client | None:
        """Whom it is for; None where nobody is named."""
        if isinstance(self.client, Client):
            return self.client
        return Client(name=self.client) if self.client else None

    @property
    def contacts(self) -> tuple[Rule, ...]:
        """Whose mail is its own, beyond what `match` says: the client's, and that of the people involved."""
        client = self.whom
        people = [one.address for one in self.people if one.address]
        return (
            *(Rule(RuleKind.FROM, one) for one in (*(client.addresses if client else ()), *people)),
            *(Rule(RuleKind.DOMAIN, one) for one in (client.domains if client else ())),
        )


def rule_of(text: str) -> Rule:
    """The rule in `domain:lyon.example`.

    Raises:
        BadDataError: it is none.
    """
    word, _, rest = text.partition(":")
    what = rest.strip()
    if word not in set(RuleKind):
        guess = nearest(word, RuleKind)
        raise BadDataError(
            f"'{text}' is no rule", hint=f"did you mean '{guess}:…'?" if guess else "from:, domain:, subject:, list:"
        )
    kind = RuleKind(word)
    if fault := fault_in(kind, what):
        raise BadDataError(f"'{text}': {fault}", hint="such as domain:client.example")
    return Rule(kind, what)


def person_of(text: str) -> Person:
    """Somebody involved, as one writes it: `Paul Roux <p.roux@controle.example> (bureau de contrôle)`.

    Raises:
        BadDataError: there is no name in it.
    """
    found = PERSON.fullmatch(text.strip())
    if found is None:
        raise BadDataError(f"'{text}' names nobody", hint="such as 'Paul Roux <p.roux@controle.example> (engineer)'")
    return Person(name=found[1].strip(), address=found[2], role=(found[3] or "").strip())


def fault_in(kind: RuleKind, text: str) -> str:
    """What is wrong with a rule's text; empty when nothing is."""
    if not text or CONTROL.search(text):
        return "there is a control character in it" if text else "there is nothing behind the colon"
    if kind is RuleKind.FROM:
        local, at, domain = text.rpartition("@")
        return fault_of(local, domain) if at else "there is no @ in it"
    if kind is RuleKind.DOMAIN:
        return fault_of("x", text)
    return "a List-Id has no space in it" if kind is RuleKind.LIST and re.search(r"\s", text) else ""


def stem_of(ref: str) -> str:
    """The name for an affair's file: letters, digits and `._+-` as they are, all else as `%2F`."""
    text = normal(ref)
    safe = "".join(letter if letter.isalnum() or letter in PLAIN else escaped(letter) for letter in text)
    return f"%2E{safe[1:]}" if safe.startswith(".") else safe


def ref_of(stem: str) -> str | None:
    """The reference that a file's name stands for; None where `stem_of` would never give that name."""
    try:
        text = ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(), stem)
    except UnicodeDecodeError:
        return None
    ref = normal(text)
    return ref if stem_of(ref) == stem else None


def escaped(letter: str) -> str:
    """A letter as the `%` escapes of its UTF-8."""
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def normal(text: str) -> str:
    """The text with each accent in one piece with its letter (NFC), as some systems do not store names."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """The text as it is compared."""
    return normal(text).casefold()
