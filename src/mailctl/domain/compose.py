"""Draft → the bytes of a message: signature, quotation, threading, attachments (RFC 5322, 2045)."""

import re
from datetime import datetime

from mailctl.domain import entity, fields
from mailctl.domain.address import Address
from mailctl.domain.calendar import is_offering
from mailctl.domain.content import Raw
from mailctl.domain.entity import Entity
from mailctl.domain.flowing import flowed
from mailctl.domain.inline import cid
from mailctl.domain.message import Attachment, Draft, Priority
from mailctl.domain.quoting import broken, lines_of, quotation, quotation_page, threading
from mailctl.domain.signature import DELIMITER, Position, Rendered, ends_with
from mailctl.errors import BadDataError

END_OF_PAGE = re.compile(r"(?:</body\s*>\s*)?(?:</html\s*>\s*)?\Z", re.IGNORECASE)
PAGE = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{}</body></html>\n'
IMPORTANCE = {
    Priority.HIGH: (("Importance", "high"), ("X-Priority", "1")),
    Priority.LOW: (("Importance", "low"), ("X-Priority", "5")),
}


def compose(draft: Draft, *, sender: Address, date: datetime, message_id: str, signature: Rendered | None) -> Raw:
    """The whole message as it goes out: lines end with CRLF, nothing in it tells of Bcc.

    Large files are read and encoded once the message is, block by block.

    Args:
        draft: what its writer said.
        sender: for From.
        date: with the zone to show.
        message_id: as `new_message_id` makes it.
        signature: None for none; it is left out as well where the draft says so, or ends with it already.

    Raises:
        BadDataError: a header, name, address or file name holds CR, LF, NUL or another control character, a header
            of the draft is one that mailctl sets, or a text is no valid Unicode.
    """
    added = signature if draft.signed else None
    header = header_of(draft, sender=sender, date=date, message_id=message_id)
    content = content_of(draft, added, seed=re.sub(r"[^A-Za-z0-9]", "", message_id)[:40])
    return Entity(fields=(*header, "MIME-Version: 1.0", *content.fields), body=content.body).raw


def header_of(draft: Draft, *, sender: Address, date: datetime, message_id: str) -> list[str]:
    """All fields but MIME's."""
    if not fields.MESSAGE_ID.fullmatch(message_id):
        raise BadDataError(f"{message_id!r} is no Message-ID")
    named = (("From", (sender,)), ("To", draft.to), ("Cc", draft.cc), ("Reply-To", draft.reply_to))
    found = [fields.date_field(date)]
    found += [fields.address_field(name, addresses) for name, addresses in named if addresses]
    if not (draft.to or draft.cc):
        found.append("To: undisclosed-recipients:;")
    found += [fields.text_field("Subject", draft.subject), fields.folded("Message-ID", [message_id])]
    found += threading(draft.quoted)
    found += [fields.own_field(name, value) for name, value in draft.headers]
    return found + importance(draft)


def importance(draft: Draft) -> list[str]:
    """The priority, in the two fields that mail programs look at; one that the writer gave goes before."""
    given = {name.lower() for name, _ in draft.headers}
    named = IMPORTANCE[draft.priority] if draft.priority else ()
    return [f"{name}: {value}" for name, value in named if name.lower() not in given]


# -- what is to be read


def content_of(draft: Draft, signature: Rendered | None, *, seed: str) -> Entity:
    """Text, its HTML and an invitation beside it, images and attachments, nested as mail programs expect."""
    page = page_of(draft, signature)
    ways = [text_part(text_of(draft, signature))]
    if page is not None:
        images = (*draft.images, *(signature.images if signature else ()))
        ways.append(page_with_images(page, images, seed=seed))
    offered = [one for one in draft.attachments if is_offering(one.content_type)]
    if len(offered) == 1:  # as calendars send it: one way to read the mail, and a file (RFC 6047, 2.4)
        ways.append(entity.unnamed(offered[0]))
    content = entity.multipart("alternative", tuple(ways), seed=seed) if len(ways) > 1 else ways[0]
    if draft.attachments:
        attached = tuple(entity.attached(one) for one in draft.attachments)
        content = entity.multipart("mixed", (content, *attached), seed=seed)
    return content


def page_with_images(page: str, images: tuple[Attachment, ...], *, seed: str) -> Entity:
    """A page, and those of some images that it shows."""
    rich = entity.text(page, "html")
    shown = tuple(entity.inline(one) for one in images if f"cid:{cid(one)}" in page)
    if not shown:
        return rich
    return entity.multipart("related", (rich, *shown), seed=seed, parameters='; type="text/html"')


def text_part(text: str) -> Entity:
    """The text, flowed where that helps."""
    soft = flowed(text)
    if soft is None:
        return entity.text(text, "plain")
    return entity.text(soft, "plain", parameters="; format=flowed")


def text_of(draft: Draft, signature: Rendered | None) -> str:
    """The text: what was written, signature and quotation."""
    body = body_of(draft)
    block = ""
    if signature and signature.text and not ends_with(body, signature.text):
        block = f"{DELIMITER}\n{signature.text}"
    return stacked(body, *in_order(block, quotation(draft.quoted), signature))


def body_of(draft: Draft) -> str:
    """What was written, as text, its lines ending with `\\n`; made of the HTML where there is only that."""
    if draft.html is not None and not draft.body.strip():
        from mailctl.domain.html import readable

        return lines_of(readable(draft.html))
    return lines_of(draft.body)


def in_order(signature: str, quoted: str, rendered: Rendered | None) -> tuple[str, str]:
    """Signature and quotation, as the signature's position has it."""
    is_below = rendered is not None and rendered.position is Position.BELOW
    return (quoted, signature) if is_below else (signature, quoted)


def stacked(body: str, *blocks: str) -> str:
    """Blocks of text below each other, an empty line between them."""
    below = [block for block in blocks if block]
    if not below:
        return body
    return "\n\n".join([part for part in (body.rstrip("\n"), *below) if part]) + "\n"


# -- the same as a page


def page_of(draft: Draft, signature: Rendered | None) -> str | None:
    """The HTML: what was written, signature and quotation; None for a message of text only."""
    if draft.html is not None:
        page = lines_of(draft.html)
        is_signed = bool(signature and signature.html and squeezed(signature.html) in squeezed(page))
    elif draft.markdown:
        from mailctl.domain.markdown import html_of

        page = PAGE.format(html_of(lines_of(draft.body)))
        is_signed = bool(signature and ends_with(draft.body, signature.text))
    else:
        return None
    block = "" if is_signed else signature_page(signature)
    place = END_OF_PAGE.search(page)
    end = place.start() if place else len(page)
    return page[:end] + "".join(in_order(block, quotation_page(draft.quoted), signature)) + page[end:]


def signature_page(signature: Rendered | None) -> str:
    """The signature for a page: its own HTML, else its text."""
    if signature is None:
        return ""
    if signature.html:
        return f'<div class="signature">\n{lines_of(signature.html)}</div>\n'
    return f'<div class="signature">-- <br>\n{broken(signature.text)}</div>\n' if signature.text else ""


def squeezed(html: str) -> str:
    """HTML without what makes no difference in white space."""
    return " ".join(html.split())
