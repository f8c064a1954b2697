"""What a spreadsheet's cell says, as the value its key holds; words in English and French."""

import re
import shlex
from collections.abc import Callable

from mailctl.domain.rights import Right
from mailctl.errors import BadDataError
from mailctl.importers.headings import plain

YES = frozenset({"yes", "y", "true", "1", "x", "oui", "o", "vrai"})
NO = frozenset({"no", "n", "false", "0", "non", "faux"})
WORDS: dict[str, dict[str, str]] = {
    "kind": {
        "group": "group", "shared": "group", "groupe": "group", "societe": "group", "service": "group",
        "partage": "group", "partagee": "group", "compte de groupe": "group", "personal": "personal",
        "user": "personal", "personnel": "personal", "personnelle": "personal", "perso": "personal",
        "individuel": "personal", "compte personnel": "personal",
    },
    "security": {
        "tls": "tls", "ssl": "tls", "ssl tls": "tls", "tls ssl": "tls", "starttls": "starttls", "none": "none",
        "aucun": "none", "aucune": "none",
    },
}  # fmt: skip
RIGHTS = {
    **{str(right): right for right in Right},
    "lire": Right.READ, "lecture": Right.READ,
    "organise": Right.ORGANIZE, "organiser": Right.ORGANIZE, "organisation": Right.ORGANIZE, "classer": Right.ORGANIZE,
    "envoyer": Right.SEND, "envoi": Right.SEND,
    "gerer": Right.MANAGE, "gestion": Right.MANAGE, "administrer": Right.MANAGE,
    "all": Right.MANAGE, "tous": Right.MANAGE, "tout": Right.MANAGE,
}  # fmt: skip
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")  # copied along from web pages


def value_of(key: str, cell: str) -> object:
    """The value in a cell; None for an empty one, which says nothing.

    Raises:
        BadDataError: its key cannot hold that.
    """
    text = INVISIBLE.sub("", cell).strip()
    if not text:
        return None
    if key in READERS:
        return READERS[key](text)
    return text if key == "notes" else " ".join(text.split())


def yes_or_no(text: str) -> bool:
    """The answer in a cell."""
    word = plain(text)
    if word not in YES | NO:
        raise BadDataError(f"'{text}' is neither yes nor no")
    return word in YES


def one_of(table: str) -> Callable[[str], str]:
    """A reader of one word of a table."""

    def read(text: str) -> str:
        words = WORDS[table]
        if plain(text) not in words:
            raise BadDataError(f"'{text}' is none of {', '.join(sorted(set(words.values())))}")
        return words[plain(text)]

    return read


def number(text: str) -> int:
    """A whole number."""
    if not (text.isascii() and text.isdecimal()):
        raise BadDataError(f"'{text}' is no whole number")
    return int(text)


def addresses(text: str) -> list[dict[str, str]]:
    """Aliases: addresses with commas, semicolons, bars or spaces between them."""
    return [{"address": part} for part in re.split(r"[\s,;|]+", text) if part]


def grants(text: str) -> dict[str, list[str]]:
    """Who may do what, in `alice: read, send; bob: lire`; a line break does as well as a semicolon."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"[;|\r\n]+", text):
        if not part.strip():
            continue
        who, colon, rights = part.replace("=", ":", 1).partition(":")
        if not colon or ":" in rights:
            raise BadDataError(f"'{part.strip()}' is no grant, such as alice: read, send; bob: lire")
        if who.strip() in found:
            raise BadDataError(f"'{who.strip()}' is named twice")
        found[who.strip()] = [right_of(word) for word in re.split(r"[,+/&\s]+", rights) if word and word != "et"]
        if not found[who.strip()]:
            raise BadDataError(f"no right is named for '{who.strip()}'")
    return found


def right_of(word: str) -> str:
    """The right that a word means."""
    if plain(word) not in RIGHTS:
        raise BadDataError(f"no right '{word}': one of {', '.join(Right)}; lire, organiser, envoyer, gérer")
    return RIGHTS[plain(word)]


def words(text: str) -> list[str]:
    """A command's words, as a shell splits them."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadDataError(f"no command: {str(error).lower()}") from error


READERS: dict[str, Callable[[str], object]] = {
    "checker_only": yes_or_no,
    "kind": one_of("kind"),
    "incoming.security": one_of("security"),
    "outgoing.security": one_of("security"),
    "incoming.port": number,
    "outgoing.port": number,
    "aliases": addresses,
    "rights": grants,
    "auth.command": words,
}
