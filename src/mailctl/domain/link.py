"""A link: one message filed under an affair; and the lines in which a store keeps them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

FIELDS = 4
REFUSAL = "!"  # before the key of a message that was taken out of the affair: the rules do not file it there again
ENCODED = "="  # before a key that would be read as another: it begins with a sign of ours, or has odd spaces


class Link(Struct, frozen=True, kw_only=True):
    """That a message belongs to an affair: its Message-ID, else the key of its content; through which account, by whom.

    `account` is the one it was found in first: a message that several accounts got is linked once.
    """

    key: str
    account: str
    who: str
    when: datetime


class Lines(NamedTuple):
    """The links of an affair, each message once; the lines that are none, with their numbers; what was taken out."""

    links: tuple[Link, ...]
    odd: tuple[tuple[int, str], ...]
    refused: tuple[Link, ...] = ()


def link_line(link: Link) -> str:
    """A link as its line, without the line break."""
    moment = link.when.astimezone(UTC).replace(microsecond=0, tzinfo=None)  # strftime gives the year 1 one digit
    fields = (link.account, link.who, f"{moment.isoformat()}Z")
    return "\t".join((written(link.key), *(" ".join(field.split()) for field in fields)))


def written(key: str) -> str:
    """A key as a line holds it: whatever a sender calls a message, it stands for that message alone."""
    if not key.startswith((REFUSAL, ENCODED)) and key == " ".join(key.split()):
        return key
    from urllib.parse import quote

    return ENCODED + quote(key, safe="<>@!=", errors="replace")


def key_in(text: str) -> str:
    """The key that `written` wrote."""
    if not text.startswith(ENCODED):
        return text
    from urllib.parse import unquote

    return unquote(text.removeprefix(ENCODED))


def lines_in(text: str) -> Lines:
    """What stands in a file's text; whatever was done to it by hand, there is something to keep.

    A message that two linked is linked once, as it was first; one that one workstation filed and another took out is
    where the later of both left it.
    """
    found: dict[str, Link] = {}
    latest: dict[str, datetime] = {}
    odd: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        link = link_of(line)
        if link is None:
            odd += [(number, line)] if line.strip() else []
            continue
        before = found.get(link.key)
        if before is None or link.when < before.when:
            found[link.key] = link
        latest[link.key] = max(link.when, latest.get(link.key, link.when))
    refusals = {key.removeprefix(REFUSAL): one for key, one in found.items() if key.startswith(REFUSAL)}
    gone = {key for key, one in refusals.items() if key not in latest or latest[f"{REFUSAL}{key}"] >= latest[key]}
    links = [(key, one) for key, one in found.items() if not key.startswith(REFUSAL) and key not in gone]
    refused = [(key, one) for key, one in refusals.items() if key in gone]
    return Lines(read(links), tuple(odd), read(refused))


def read(found: Iterable[tuple[str, Link]]) -> tuple[Link, ...]:
    """Links, by their keys as they are written, with their keys as they are."""
    return tuple(replace(one, key=key_in(key)) for key, one in found)


def link_of(line: str) -> Link | None:
    """The link in a line; None where it is none."""
    fields = line.split("\t")
    if len(fields) != FIELDS or not all(fields):
        return None
    key, account, who, moment = fields
    try:
        when = datetime.fromisoformat(moment)
        return Link(key=key, account=account, who=who, when=when.astimezone(UTC)) if when.tzinfo else None
    except (ValueError, OverflowError):  # the second: a zone moves the moment out of the calendar
        return None


def text_of(links: Iterable[Link], odd: Iterable[tuple[int, str]] = (), refused: Iterable[Link] = ()) -> str:
    """The text of a file: its lines sorted, so that two who add to it can be merged; what nobody understands stays."""
    taken_out = (f"{REFUSAL}{link_line(one)}" for one in refused)
    lines = {*map(link_line, links), *taken_out, *(line for _, line in odd)}
    return "".join(f"{line}\n" for line in sorted(lines))
