"""A link: one message filed under an affair; and the lines in which a store keeps them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

FIELDS = 4
REFUSAL = "!"  # before the key of a message that was taken out of the affair: the rules do not file it there again


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
    when = link.when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "\t".join(" ".join(field.split()) for field in (link.key, link.account, link.who, when))


def links_in(text: str) -> tuple[Link, ...]:
    """The links in a file's text, each message once: as it was linked first."""
    return lines_in(text).links


def lines_in(text: str) -> Lines:
    """What stands in a file's text; whatever was done to it by hand, there is something to keep.

    A message that one workstation filed and another took out is where the later of both left it.
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
    links = tuple(one for key, one in found.items() if not key.startswith(REFUSAL) and key not in gone)
    return Lines(links, tuple(odd), tuple(replace(refusals[key], key=key) for key in refusals if key in gone))


def link_of(line: str) -> Link | None:
    """The link in a line; None where it is none."""
    fields = line.split("\t")
    if len(fields) != FIELDS or not all(fields):
        return None
    key, account, who, moment = fields
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return Link(key=key, account=account, who=who, when=when.astimezone(UTC)) if when.tzinfo else None


def text_of(links: Iterable[Link], odd: Iterable[tuple[int, str]] = (), refused: Iterable[Link] = ()) -> str:
    """The text of a file: its lines sorted, so that two who add to it can be merged; what nobody understands stays."""
    taken_out = (replace(one, key=f"{REFUSAL}{one.key}") for one in refused)
    lines = {*map(link_line, links), *map(link_line, taken_out), *(line for _, line in odd)}
    return "".join(f"{line}\n" for line in sorted(lines))
