"""Passing a fetched message on, its attachments with it or whole; and the mark that it was."""

import re

from msgspec.structs import replace

from mailctl.domain.answering import forwarded, subject_of_forward, written_to
from mailctl.domain.filename import file_name
from mailctl.domain.line_ends import with_line_ends
from mailctl.domain.message import Attachment, Draft, Reading
from mailctl.domain.mime import Node
from mailctl.domain.reading import attachments, reading_of
from mailctl.domain.rights import Right
from mailctl.services.context import Context
from mailctl.services.flag import mark
from mailctl.services.read import opened
from mailctl.services.reply import Answer

FORWARDED = "$Forwarded"  # registered by RFC 5788
MESSAGE = "message/rfc822"
# They sign what is taken apart, and prove nothing of what is passed on
SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})


def forward(ctx: Context, id: int, draft: Draft, *, account: str | None = None, as_attachment: bool = False) -> Answer:
    """A draft turned into one that passes a fetched message on, from the address that it was written to.

    Args:
        ctx: who acts, and where.
        id: the message's number in the index.
        draft: what the writer said beside, and to whom.
        account: None for the one it came to.
        as_attachment: whether it goes whole, byte for byte, as a file; else its text and its attachments.

    Raises:
        MessageNotFoundError: there is none of that number.
        RightMissingError: one may not read the message, or not send with the account.
    """
    from mailctl.local.links import affairs_by_id
    from mailctl.services.links import refreshed

    stored, raw = opened(ctx, id)
    sending = ctx.account(account or stored.account, need=Right.SEND)
    reading = reading_of(raw, id=stored.id, account=stored.account, folder=stored.folder)
    files = (whole(raw, reading),) if as_attachment else carried(raw)
    passing = replace(
        draft,
        subject=draft.subject or subject_of_forward(reading.subject),
        attachments=(*draft.attachments, *files),
        quoted=forwarded(reading, text=None if as_attachment else reading.text),
        affairs=(*draft.affairs, *affairs_by_id(refreshed(ctx), [id]).get(id, ())),
    )
    return Answer(passing, sending.name, written_to(reading, sending))


def whole(raw: bytes, reading: Reading) -> Attachment:
    """A message as a file, with the line ends it had on the server."""
    name = (reading.subject or "message")[:100].replace("/", "-").replace("\\", "-")
    return Attachment(
        filename=file_name(f"{name}.eml", content_type=MESSAGE),
        content=with_line_ends(raw),
        content_type=MESSAGE,
    )


def carried(raw: bytes) -> tuple[Attachment, ...]:
    """The files in a message, the images that its text shows too."""
    found = ((part.filename, node) for part, node in attachments(raw) if node.type not in SIGNATURES)
    return tuple(
        Attachment(filename=name, content=content_of(node), content_type=type_of(node)) for name, node in found
    )


def content_of(node: Node) -> bytes:
    """A file's bytes; a message's with the line ends it is sent with."""
    return with_line_ends(node.content) if node.type == MESSAGE else node.content


def type_of(node: Node) -> str:
    """A file's type, and the encoding of a text; an invitation is passed on as a mere calendar file."""
    charset = node.parameters.get("charset", "")
    return f"{node.type}; charset={charset}" if re.fullmatch(r"[\w.:+-]+", charset, re.ASCII) else node.type


def mark_forwarded(ctx: Context, id: int) -> bool:
    """Mark a message as passed on, on the server and then here, and say whether it was; for who holds `organize`."""
    return mark(ctx, id, FORWARDED, "is not marked as forwarded")
