"""To whom an answer goes, from which address, under which subject; and what is told of a message that is passed on."""

import re
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import unquote

from mailctl.domain.account import Account
from mailctl.domain.address import Address, parse, same, split
from mailctl.domain.fields import FORBIDDEN
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.message import Forwarded, Quoted, Reading
from mailctl.domain.quoting import without_signature
from mailctl.errors import BadDataError

ANSWERS = "re|ré|aw|sv|vs|antw|odp|rif|res|ynt|bls|vá|atb|отв|απ|回复|回覆|答复|答覆"
FORWARDS = "fwd?|tr|wg|rv|enc|vb|vl|pd|doorst|转发|轉寄"
NUMBER, COLON = r"(?:\[\d+\]|\(\d+\))?", r"\s?[:：]\s*"
ANSWER_MARKS = re.compile(rf"\s*(?:(?:{ANSWERS}){NUMBER}{COLON})*", re.IGNORECASE)
MARKS = re.compile(rf"\s*(?:(?:{ANSWERS}|{FORWARDS}){NUMBER}{COLON})*", re.IGNORECASE)
LIST_TAG = re.compile(r"\[[^\[\]]{1,60}\]\s*")
POST = re.compile(r"<\s*mailto:([^>?\s]+)[^>]*>", re.IGNORECASE)  # RFC 2369, 3.4
DELIVERY_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to")
PASSED_ON = "---------- Forwarded message ----------"


class Whom(StrEnum):
    """Who gets an answer."""

    AUTHOR = "author"
    EVERYBODY = "everybody"
    LIST = "list"


Recipients = tuple[tuple[Address, ...], tuple[Address, ...]]


def recipients(reading: Reading, mine: tuple[str, ...], whom: Whom = Whom.AUTHOR) -> Recipients:
    """To and Cc of an answer; who answers his own mail goes on writing to those he wrote to.

    Args:
        reading: what is answered.
        mine: one's own addresses, who get no answer to all.
        whom: to all means those the author asks for (Mail-Followup-To), else those of To and Cc.
    """
    if whom is Whom.LIST:
        return (posts(reading), ())
    authors = usable(reading.reply_to or reading.sender)
    to, cc = usable(reading.to), usable(reading.cc)
    if authors and all(is_own(one.spec, mine) for one in authors):
        return (to, cc if whom is Whom.EVERYBODY else ())
    if whom is Whom.AUTHOR:
        return (authors, ())
    asked_for = not_mine(usable(mailboxes(header(reading, "mail-followup-to"))), mine)
    if asked_for:
        return (asked_for, ())
    return (without((*authors, *not_mine(to, mine)), ()), not_mine(cc, mine))


def posts(reading: Reading) -> tuple[Address, ...]:
    """Where the list that a message came through takes mail; nothing where it is none, or takes none."""
    return tuple(address for found in POST.findall(header(reading, "list-post")) for address in usable(unquote(found)))


def header(reading: Reading, name: str) -> str:
    """A field of a message, its name in lower case; empty where there is none."""
    return next((value for key, value in reading.headers if key.lower() == name), "")


def usable(text: str) -> tuple[Address, ...]:
    """The addresses in a header that came by mail, without what is none, and without control characters."""
    found = []
    for one in split(FORBIDDEN.sub("", text)):
        try:
            found.append(parse(one))
        except BadDataError:
            continue
    return tuple(found)


def without(addresses: Iterable[Address], others: Iterable[str]) -> tuple[Address, ...]:
    """The addresses, each once, without some."""
    gone = {other.casefold() for other in others}
    kept: dict[str, Address] = {}
    for one in addresses:
        if one.spec.casefold() not in gone:
            kept.setdefault(one.spec.casefold(), one)
    return tuple(kept.values())


def not_mine(addresses: Iterable[Address], mine: Iterable[str]) -> tuple[Address, ...]:
    """The addresses, each once, without one's own."""
    own = tuple(mine)
    return tuple(one for one in without(addresses, ()) if not is_own(one.spec, own))


def is_own(spec: str, mine: Iterable[str]) -> bool:
    """Whether an address is one of some: in any case, its domain in any spelling, tagged (`anna+visit@`) or not."""
    compared = comparable(spec)
    local, _, domain = compared.rpartition("@")
    untagged = f"{local.partition('+')[0]}@{domain}"
    return any(same(own, compared) or same(own, untagged) for own in map(comparable, mine))


def comparable(spec: str) -> str:
    """An address in one spelling: no case, the domain in ASCII where it can be."""
    local, _, domain = spec.rpartition("@")
    try:
        domain = Address(local="x", domain=domain).wire.removeprefix("x@")
    except BadDataError:
        return spec.casefold()
    return f"{local.casefold()}@{domain.lower()}"


def written_to(reading: Reading, account: Account) -> str | None:
    """The alias that a message was written to, if it may send; None for the account's own address."""
    delivered = [value for name, value in reading.headers if name.lower() in DELIVERY_HEADERS]
    for text in (reading.to, reading.cc, *map(mailboxes, delivered)):
        for one in usable(text):
            if is_own(one.spec, (account.address,)):
                return None
            alias = next((each for each in account.aliases if each.send and is_own(one.spec, (each.address,))), None)
            if alias is not None:
                return alias.address
    return None


# -- what it says


def subject_of_answer(subject: str) -> str:
    """The subject of an answer: `Re: ` once, whatever stood before it in whatever language, a list's tag kept."""
    bare = ANSWER_MARKS.sub("", FORBIDDEN.sub("", subject), count=1).strip()
    tag = LIST_TAG.match(bare)
    if tag:
        bare = tag[0] + ANSWER_MARKS.sub("", bare[tag.end() :], count=1)
    return f"Re: {bare}".strip()


def subject_of_forward(subject: str) -> str:
    """The subject of what is passed on: `Fwd: ` once; that it was an answer stays."""
    plain = FORBIDDEN.sub("", subject)
    marks = MARKS.match(plain)
    said = marks[0] if marks else ""
    answered = any(ANSWER_MARKS.fullmatch(f"{one}:") for one in re.split("[:：]", said) if one.strip())
    return f"Fwd: {'Re: ' if answered else ''}{plain[len(said) :].strip()}".strip()


def quoted(reading: Reading) -> Quoted:
    """What is answered, for the thread and the quotation (RFC 5322, 3.6.4); its author's signature is left out."""
    text = without_signature(reading.text, is_html=reading.is_html)
    return Quoted(
        message_id=reading.message_id, references=thread(reading), attribution=attribution(reading), text=text
    )


def forwarded(reading: Reading, *, text: str | None) -> Forwarded:
    """What is passed on, with what its reader has to know of it; `text` is None where the whole is attached."""
    told = [
        ("From", reading.sender),
        ("Date", f"{reading.date.astimezone():%Y-%m-%d %H:%M %z}" if reading.date else ""),
        ("Subject", reading.subject),
        ("To", reading.to),
        ("Cc", reading.cc),
    ]
    head = "\n".join([PASSED_ON, *(f"{name}: {value}" for name, value in told if value)])
    return Forwarded(message_id=reading.message_id, references=thread(reading), head=head, text=text)


def thread(reading: Reading) -> tuple[str, ...]:
    """What came before a message."""
    return reading.references or ((reading.in_reply_to,) if reading.in_reply_to else ())


def attribution(reading: Reading) -> str:
    """The line above a quotation: when, and who."""
    [author, *_] = usable(reading.sender) or (None,)
    who = (author.name or author.spec) if author else reading.sender or "somebody"
    when = f"On {reading.date.astimezone():%Y-%m-%d at %H:%M}, " if reading.date else ""
    return f"{when}{who} wrote:"
