"""A message's bytes → what a search finds it by, which messages it answers, and what the rules of affairs look at."""

import re

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.address import split
from mailctl.domain.body import HTML, plain_text, text_of, texts
from mailctl.domain.decoding import message_ids
from mailctl.domain.markup import words
from mailctl.domain.message import Head
from mailctl.domain.mime import Headers, Node, first
from mailctl.domain.reading import LONGEST_FIELD, Apart, addresses, head_in, taken_apart

LONGEST_BODY = 100_000  # characters; what stands further behind is not found
LONGEST_SOURCE = 2 << 20  # bytes of a part that they are looked for in, so that one of 100 MB is not held three times
LONGEST_NAME = 500
MOST_FILES = 200
MOST_ANCESTORS = 50
MOST_PARTIES = 200
LIST_ID = re.compile(r"<([^<>\s]{1,500})>\s*$")


class Searchable(Struct, frozen=True, kw_only=True):
    """The words of a message, by where they stand; `ancestors` are Message-IDs, the one it answers last.

    `parties` are the addresses it went to, without names; `list_id` is the list it came by (RFC 2919).
    """

    sender: str
    recipients: str
    subject: str
    body: str
    files: str
    message_id: str | None
    ancestors: tuple[str, ...]
    parties: tuple[str, ...] = ()
    list_id: str = ""


class Looked(Struct, frozen=True, kw_only=True):
    """All that the index keeps of a message."""

    head: Head
    words: Searchable


def look_at(raw: bytes) -> Looked:
    """All that the index keeps of a message, which is taken apart once for it."""
    apart = taken_apart(raw)
    return Looked(head=head_in(apart), words=words_in(apart))


def searchable_of(raw: bytes) -> Searchable:
    """What a search finds a message by; whatever the bytes are, there is something to find."""
    return words_in(taken_apart(raw))


def words_in(apart: Apart) -> Searchable:
    """What a search finds a message by that was taken apart."""
    headers = apart.headers
    people = (apart.to, addresses(headers, "cc"), addresses(headers, "bcc"))
    recipients = ", ".join(filter(None, people))[:LONGEST_FIELD]
    names = [file.node.filename[:LONGEST_NAME] for file in apart.files if file.node.filename]
    return Searchable(
        sender=apart.sender[:LONGEST_FIELD],
        recipients=recipients,
        subject=apart.subject[:LONGEST_FIELD],
        body=body_of(apart.message),
        files=" ".join(names[:MOST_FILES]),
        message_id=apart.message_id,
        ancestors=ancestors_of(headers),
        parties=tuple(filter(None, map(address_in, split(recipients)[:MOST_PARTIES]))),
        list_id=list_id_of(first(headers, "list-id")),
    )


def address_in(mailbox: str) -> str:
    """The address in a mailbox as `mailboxes` writes it; empty where a list of words cannot hold it."""
    bare = mailbox.rpartition("<")[2].removesuffix(">")
    return bare if "@" in bare and not any(map(str.isspace, bare)) else ""


def list_id_of(value: str) -> str:
    """The identifier in a List-Id, without what describes it."""
    found = LIST_ID.search(value)
    return found[1] if found else ""


def body_of(message: Node) -> str:
    """The words of a message's text, without the markup."""
    return "\n".join(map(words_of, texts(message)))[:LONGEST_BODY]


def words_of(part: Node) -> str:
    """The words of one part."""
    near = replace(part, end=min(part.end, part.start + LONGEST_SOURCE))
    return words(plain_text(near)) if part.type == HTML else text_of(near)[:LONGEST_BODY]


def ancestors_of(headers: Headers) -> tuple[str, ...]:
    """The Message-IDs of what a message answers, the oldest first (RFC 5322, 3.6.4)."""
    answered = message_ids(first(headers, "in-reply-to"))[:1]
    above = tuple(one for one in message_ids(first(headers, "references")) if one not in answered)
    kept = dict.fromkeys((*above[:1], *above[1:][-MOST_ANCESTORS:], *answered))
    return tuple(kept)
