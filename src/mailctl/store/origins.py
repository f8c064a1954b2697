"""Since when rights are held, and by whose change: read off the store's history in one go."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import tomli

from mailctl.domain.rights import Right, rights_of
from mailctl.store.history import Event, event, git, is_kept
from mailctl.store.sharing import blobs

FILE = re.compile(r"accounts/([^/]+)\.toml")
RAW = re.compile(r":\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) [A-Z]\d*\t(.+)")
RIGHTS = tuple(Right)  # no set: what somebody wrote by hand may not be hashable
FORM = "--format=%x00%h%x00%at%x00%an%x00%s%x00"

Key = tuple[str, str, Right]  # account, collaborator, right


class Version(NamedTuple):
    """What an account's file says of rights: who holds which, and whose mailbox it is."""

    held: frozenset[tuple[str, Right]] = frozenset()
    address: str = ""


class Edit(NamedTuple):
    """One account's file before and after a change."""

    account: str
    before: Version
    after: Version


def origins(root: Path) -> dict[Key, Event]:
    """The latest change that gave each right, for all that was ever held; a renamed account's rights go with it.

    Where histories met, each right counts from the side that gave it. Nothing for a store without a history.
    """
    if not is_kept(root) or not git(root, "rev-parse", "--verify", "-q", "HEAD", accept=(0, 1)):
        return {}
    text = git(
        root, "log", "--reverse", "--topo-order", "--no-merges", "--raw", "--no-abbrev", "--no-renames", FORM,
        "--", "accounts",
    )  # fmt: skip
    fields = text.split("\0")[1:]
    changes = [event(*fields[place : place + 5]) for place in range(0, len(fields), 5)]
    rows = [[found for line in one.files if (found := RAW.fullmatch(line))] for one in changes]
    versions = versions_of(root, {name for row in rows for found in row for name in found.group(1, 2)})
    known: dict[Key, Event] = {}
    for one, row in zip(changes, rows, strict=True):
        edits = [
            Edit(name[1], versions[found[1]], versions[found[2]]) for found in row if (name := FILE.fullmatch(found[3]))
        ]
        known |= dict(given_by(one, edits, known))
    return known


def given_by(change: Event, edits: list[Edit], known: Mapping[Key, Event]) -> Iterator[tuple[Key, Event]]:
    """The rights that one change gave; those of an account that only got another name are as old as they were."""
    gone = {edit.before.address: edit for edit in edits if not edit.after.address}
    for edit in edits:
        new = edit.after.held - edit.before.held
        former = gone.get(edit.after.address) if new and not edit.before.address else None
        for who, right in new:
            older = known.get((former.account, who, right)) if former and (who, right) in former.before.held else None
            yield (edit.account, who, right), older or change


def versions_of(root: Path, names: set[str]) -> dict[str, Version]:
    """The rights in each text of a file; none in one that is no file at all, or no TOML."""
    real = {name for name in names if name.strip("0")}
    texts = blobs(root, sorted(real))
    return dict.fromkeys(names - real, Version()) | {name: version_of(text) for name, text in texts.items()}


def version_of(text: bytes) -> Version:
    """What a text says of rights, whatever else is in it."""
    try:
        table = tomli.loads(text.decode())
    except (ValueError, RecursionError):
        return Version()
    owner, grants = table.get("owner"), table.get("rights")
    lines = grants.items() if isinstance(grants, dict) else ()
    given = {who: [Right(word) for word in words if word in RIGHTS] for who, words in lines if isinstance(words, list)}
    people = {*given, *([owner] if isinstance(owner, str) else [])}
    held = frozenset((who, right) for who in people for right in rights_of(who, owner=owner, grants=given))
    return Version(held=held, address=str(table.get("address", "")))
