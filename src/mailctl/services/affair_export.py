"""An affair's mail handed over: a file a message, its attachments, an index to read, and sums that prove it all."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.decoding import header_text
from mailctl.domain.filename import UNSAFE, file_name, shortened
from mailctl.domain.handover import TOGETHER, Line, is_within, lines_of, page, sums, sums_in, table
from mailctl.domain.line_ends import with_line_ends
from mailctl.domain.link import Link
from mailctl.domain.mime import every, headers_of
from mailctl.errors import AlreadyExistsError, BadDataError, MessageNotFoundError
from mailctl.local.exporting import Target
from mailctl.services.context import Context
from mailctl.services.links import refreshed

if TYPE_CHECKING:
    from mailctl.local.index import Stored

INDEX, SUMS, PAGE, ATTACHMENTS = "index.csv", "SHA256SUMS", "index.html", "attachments"
LONGEST_NAME, LONGEST_PART = 140, 60  # bytes of a file's name, and letters of a part of it


class Missing(Struct, frozen=True, kw_only=True):
    """A linked message that could not be exported: it is not on this machine, or not the actor's to read."""

    key: str
    account: str
    linked_by: str
    linked_at: datetime


class Exported(Struct, frozen=True, kw_only=True):
    """What an export made: `messages` are in the folder now, `added` of them by this run; `archive` is the zip file."""

    ref: str
    folder: str
    messages: int
    added: int
    files: int
    missing: tuple[Missing, ...]
    archive: str | None = None


class Message(NamedTuple):
    """A message to export: its bytes, one of its places in the mirror, and its link."""

    raw: bytes
    stored: "Stored"
    link: Link


def export(ctx: Context, ref: str, folder: Path, *, attachments: bool = False, archive: bool = False) -> Exported:
    """Write an affair's mail into a folder; run again, it adds what is new and leaves the rest as it is.

    Args:
        ctx: who asks, and where the mail lies.
        ref: the affair.
        folder: made where there is none.
        attachments: whether they are written apart too.
        archive: whether the folder is packed into a zip file beside it.

    Raises:
        AffairNotFoundError: there is none of that reference.
        AlreadyExistsError: the folder holds another export, or files that are not of one, or it is none.
        BadDataError: its index is damaged.
        StorageError: a file could not be written; run again, the rest is written.
        UsageError: the folder has nothing beside it, and was to be packed.
    """
    affair = ctx.store.affair(ref)
    target = Target(folder)
    zip_file = target.archive if archive else None
    known = {line.key: line for line in earlier(target, affair.ref)}
    whole = {key for key, line in known.items() if target.has(line.file)}
    proof = sums_in(target.read(SUMS) or "")
    lost: list[Missing] = []
    added = 0
    for message in messages(ctx, affair.ref, lost, known=() if attachments else tuple(whole)):
        line = known.get(message.link.key)
        if line is None or line.key not in whole:
            line = entered(target, message, affair.ref, proof)
            added += 1
        if attachments:
            line = replace(line, attachments=TOGETHER.join(unpacked(target, message.raw, line.file, proof)))
        known[message.link.key] = line
    finish(target, f"{affair.ref}: {affair.title}", tuple(known.values()), proof)
    unseen = tuple(one for one in lost if one.key not in whole)
    return Exported(
        ref=affair.ref,
        folder=printable(folder),
        messages=len(known),
        added=added,
        files=len(proof) + 1,
        missing=unseen,
        archive=printable(target.pack((*proof, SUMS), INDEX)) if zip_file else None,
    )


def earlier(target: Target, ref: str) -> tuple[Line, ...]:
    """What an earlier run of the same export wrote.

    Raises:
        AlreadyExistsError: the folder holds another's.
        BadDataError: the index is damaged.
    """
    text = target.read(INDEX)
    if text is None:
        taken = next((name for name in (PAGE, SUMS) if target.read(name) is not None), None)
        if taken is not None:
            raise AlreadyExistsError(f"there is a {taken} of something else in it", hint="export into an empty folder")
        return ()
    lines = lines_of(text)
    if not all(is_within(line.file) for line in lines):
        raise BadDataError(f"{INDEX} names a file in another folder", hint="export into an empty folder")
    other = next((line.affair for line in lines if line.affair != ref), None)
    if other is not None:
        raise AlreadyExistsError(f"the folder holds the mail of affair '{other}'", hint="export into another folder")
    return lines


def messages(ctx: Context, ref: str, lost: list[Missing], *, known: tuple[str, ...]) -> Iterator[Message]:
    """The messages of an affair that the actor may read, the oldest first; what cannot be had is put aside."""
    from mailctl.local import links
    from mailctl.services.affairs import by_key
    from mailctl.services.read import readable

    index = refreshed(ctx)
    groups = by_key(index, ref, [account.name for account in readable(ctx, ())])
    filed = {one.key: one for one in links.of_affair(index, ref) if one.key not in known}
    total = len(filed)
    order = sorted(filed, key=lambda key: position(groups.get(key)))
    for number, key in enumerate(order, start=1):
        link = filed[key]
        found = first_readable(ctx, groups.get(key, []))
        if found is None:
            lost.append(Missing(key=key, account=link.account, linked_by=link.who, linked_at=link.when))
            continue
        yield Message(found[1], found[0], link)
        ctx.progress(f"{ref}: exporting", number, total)


def position(group: "list[Stored] | None") -> tuple[float, int]:
    """Where a message stands in the order of its affair."""
    if not group:
        return 0.0, 0
    first = min(group, key=lambda one: one.id)
    return (first.head.date or first.received).timestamp(), first.id


def first_readable(ctx: Context, group: "list[Stored]") -> "tuple[Stored, bytes] | None":
    """One of the copies of a message whose file is there; None where none is."""
    from mailctl.services.read import opened

    for stored in sorted(group, key=lambda one: one.id):
        with suppress(MessageNotFoundError):
            return opened(ctx, stored.id)
    return None


def entered(target: Target, message: Message, ref: str, proof: dict[str, str]) -> Line:
    """Write a message, with the line ends it had on the server, and give its line of the index."""
    raw, stored, link = message
    content = with_line_ends(raw)
    file = target.place("", name_of(stored), content)
    proof[file] = sha256(content).hexdigest()
    headers = headers_of(raw)
    return Line(
        date=utc(stored.head.date or stored.received),
        sender=stored.head.sender,
        to=stored.head.to,
        subject=stored.head.subject,
        file=file,
        size=str(len(content)),
        sha256=proof[file],
        account=stored.account,
        folder=stored.folder,
        linked_by=link.who,
        linked_at=utc(link.when),
        attachments=TOGETHER.join(names_in(raw)),
        key=link.key,
        dkim_signature=together(every(headers, "dkim-signature")),
        authentication_results=together(every(headers, "authentication-results")),
        affair=ref,
    )


def together(values: tuple[str, ...]) -> str:
    """Several fields of a header in one cell."""
    return TOGETHER.join(header_text(value) for value in values)[:30_000]  # a spreadsheet's cell holds 32,767


def names_in(raw: bytes) -> list[str]:
    """The names of the attachments of a message."""
    from mailctl.domain.reading import attachments

    return [part.filename.replace("|", "_") for part, _ in attachments(raw) if not part.inline]


def unpacked(target: Target, raw: bytes, file: str, proof: dict[str, str]) -> list[str]:
    """Write the attachments of a message into a folder of its own; their files."""
    from mailctl.domain.reading import attachments

    written = []
    for part, node in attachments(raw):
        if not part.inline:
            place = target.place(
                f"{ATTACHMENTS}/{file.removesuffix('.eml')}", shortened(part.filename, LONGEST_NAME), node.content
            )
            proof[place] = sha256(node.content).hexdigest()
            written.append(place)
    return written


def name_of(stored: "Stored") -> str:
    """What to call a message's file: date, sender and subject, as far as a file can have them."""
    date = (stored.head.date or stored.received).astimezone(UTC)
    sender = stored.head.sender.rpartition("<")[2].rstrip(">")
    parts = (date.strftime("%Y-%m-%d_%H%M"), plain(sender) or "nobody", plain(stored.head.subject) or "no subject")
    return shortened(file_name("_".join(parts) + ".eml", content_type="message/rfc822"), LONGEST_NAME)


def plain(text: str) -> str:
    """A text as a part of a file's name."""
    return " ".join(UNSAFE.sub("", re.sub(r"[/\\|]", "-", text)).split())[:LONGEST_PART].strip(". ")


def finish(target: Target, title: str, lines: tuple[Line, ...], proof: dict[str, str]) -> None:
    """Write the index and the sums, where they would not stay the same."""
    for name, text in ((INDEX, table(lines)), (PAGE, page(title, lines))):
        target.renew(name, text)
        proof[name] = sha256(text.encode("utf-8", "replace")).hexdigest()
    target.renew(SUMS, sums(proof))


def utc(moment: datetime) -> str:
    """A moment as the index holds it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def printable(path: Path) -> str:
    """A path as text, whatever bytes the user's folder has in its name."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
