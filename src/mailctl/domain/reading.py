"""A message's bytes → what the index keeps of it, and what a reader sees."""

from typing import NamedTuple

from mailctl.domain.body import body_of
from mailctl.domain.decoding import header_text, message_id, message_ids, sent_at
from mailctl.domain.filename import distinct, file_name
from mailctl.domain.identity import content_key
from mailctl.domain.mailboxes import mailboxes
from mailctl.domain.message import Head, Part, Reading
from mailctl.domain.mime import Headers, Node, cut, every, first, headers_of, parse
from mailctl.domain.parts import MESSAGES, File, files, notes_of

LONGEST_SHOWN = 2000  # characters of a field that the index keeps
NAMES = {"application/ms-tnef": "winmail.dat", "application/pgp-signature": "signature.asc",
         "application/pgp-encrypted": "version.txt", "application/pkcs7-mime": "smime.p7m",
         "application/pkcs7-signature": "smime.p7s", "text/calendar": "invitation.ics",
         "message/delivery-status": "delivery-status.txt", "text/rfc822-headers": "headers.txt",
         "message/disposition-notification": "disposition-notification.txt"}  # fmt: skip
LONGEST_FIELD = 20_000  # characters of a field that are looked at for it


class Apart(NamedTuple):
    """A message taken apart, with what both the index and its words are made of; `headers` are cut."""

    message: Node
    headers: Headers
    files: tuple[File, ...]
    sender: str
    to: str
    subject: str
    message_id: str | None


class Found(NamedTuple):
    """An attachment: what it is called, and where its content is."""

    part: Part
    node: Node


def head_of(raw: bytes) -> Head:
    """What the index keeps of a message; whatever the bytes are, there is something to keep."""
    return head_in(taken_apart(raw))


def taken_apart(raw: bytes) -> Apart:
    """A message taken apart."""
    message = parse(raw)
    headers = cut(message.headers, LONGEST_FIELD)
    return Apart(
        message=message,
        headers=headers,
        files=tuple(files(message)),
        sender=sender_of(headers),
        to=addresses(headers, "to"),
        subject=header_text(first(headers, "subject")),
        message_id=message_id(first(headers, "message-id")),
    )


def head_in(apart: Apart) -> Head:
    """What the index keeps of a message that was taken apart."""
    return Head(
        sender=apart.sender[:LONGEST_SHOWN],
        to=apart.to[:LONGEST_SHOWN],
        subject=apart.subject[:LONGEST_SHOWN],
        date=sent_at(first(apart.headers, "date")),
        message_id=apart.message_id,
        has_attachment=any(not file.inline for file in apart.files),
        content_key=None if apart.message_id else content_key(apart.message.raw),
    )


def sender_of(headers: Headers) -> str:
    """Who it is from."""
    return addresses(headers, "from") or addresses(headers, "sender")


def addresses(headers: Headers, name: str) -> str:
    """The addresses in all fields of a name."""
    return mailboxes(", ".join(every(headers, name)))


def reading_of(raw: bytes, *, id: int, account: str, folder: str) -> Reading:
    """A message as its reader sees it; whatever the bytes are, there is something to see.

    Args:
        raw: the whole message.
        id: its number in the index.
        account: whose it is.
        folder: where it lies.
    """
    message = parse(raw)
    headers = message.headers
    body = body_of(message)
    return Reading(
        id=id,
        account=account,
        folder=folder,
        sender=sender_of(headers),
        reply_to=addresses(headers, "reply-to"),
        to=addresses(headers, "to"),
        cc=addresses(headers, "cc"),
        subject=header_text(first(headers, "subject")),
        date=sent_at(first(headers, "date")),
        message_id=message_id(first(headers, "message-id")),
        in_reply_to=message_id(first(headers, "in-reply-to")),
        references=message_ids(first(headers, "references")),
        text=body.text,
        is_html=body.is_html,
        attachments=tuple(found.part for found in attachments_of(message)),
        notes=notes_of(message, body.text),
        headers=tuple((name, header_text(value)) for name, value in headers.fields),
    )


def attachments(raw: bytes) -> tuple[Found, ...]:
    """The attachments of a message, inline ones too."""
    return attachments_of(parse(raw))


def attachments_of(message: Node) -> tuple[Found, ...]:
    """The attachments of a message, each under a name of its own that a file can have."""
    taken: set[str] = set()
    found: list[Found] = []
    for file in files(message):
        name = distinct(name_of(file.node), taken)
        taken.add(name)
        part = Part(filename=name, content_type=file.node.type, size=len(file.node.content), inline=file.inline)
        found.append(Found(part, file.node))
    return tuple(found)


def name_of(node: Node) -> str:
    """What to call a part: what its sender does, else the subject of the message in it, else what it is."""
    if node.filename:
        return file_name(node.filename, content_type=node.type)
    if node.type in MESSAGES:
        subject = header_text(first(headers_of(node.content), "subject"))[:100].replace("/", "-")
        return file_name(f"{subject or 'message'}.eml", content_type=node.type)
    return file_name(NAMES.get(node.type), content_type=node.type)
