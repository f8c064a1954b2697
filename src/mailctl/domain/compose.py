"""Draft → the bytes of a message: signature, quotation, threading, attachments (RFC 5322, 2045)."""

import re
from datetime import UTC, datetime
from html import escape

from mailctl.domain import entity, fields
from mailctl.domain.address import Address
from mailctl.domain.entity import Entity
from mailctl.domain.flowing import flowed
from mailctl.domain.inline import cid_of
from mailctl.domain.message import Draft, Quoted
from mailctl.domain.signature import DELIMITER, Position, Rendered, ends_with
from mailctl.errors import BadDataError

MOST_REFERENCES = 50
END_OF_PAGE = re.compile(r"(?:</body\s*>\s*)?(?:</html\s*>\s*)?\Z", re.IGNORECASE)
PAGE = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{}</body></html>\n'
CITED = '<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'


def new_message_id(domain: str, *, now: datetime, token: str) -> str:
    """A Message-ID that nobody else makes (RFC 5322, 3.6.4).

    Args:
        domain: the account's.
        now: the moment, of which only the second is told.
        token: random letters and digits.
    """
    host = Address(local="x", domain=domain).wire.removeprefix("x@")
    return f"<{now.astimezone(UTC):%Y%m%d%H%M%S}.{token}@{host}>"


def compose(draft: Draft, *, sender: Address, date: datetime, message_id: str, signature: Rendered | None) -> bytes:
    """The whole message as it goes out: lines end with CRLF, nothing in it tells of Bcc.

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
    return found + [fields.own_field(name, value) for name, value in draft.headers]


def threading(quoted: Quoted | None) -> list[str]:
    """In-Reply-To and References (RFC 5322, 3.6.4); of a long thread, its beginning and its end."""
    if quoted is None:
        return []
    parent = fields.usable_ids((quoted.message_id,))
    thread = [one for one in fields.usable_ids(quoted.references) if one not in parent]
    kept = (*thread[:1], *thread[1:][-MOST_REFERENCES:], *parent)
    found = [fields.folded("In-Reply-To", parent)] if parent else []
    return found + ([fields.folded("References", kept)] if kept else [])


# -- what is to be read


def content_of(draft: Draft, signature: Rendered | None, *, seed: str) -> Entity:
    """Text, its HTML beside it where there is one, images and attachments, nested as mail programs expect."""
    page = page_of(draft, signature)
    content = text_part(text_of(draft, signature))
    if page is not None:
        rich = entity.text(page, "html")
        images = signature.images if signature else ()
        shown = tuple(entity.inline(one) for one in images if f"cid:{cid_of(one.filename)}" in page)
        if shown:
            rich = entity.multipart("related", (rich, *shown), seed=seed, parameters='; type="text/html"')
        content = entity.multipart("alternative", (content, rich), seed=seed)
    if draft.attachments:
        attached = tuple(entity.attached(one) for one in draft.attachments)
        content = entity.multipart("mixed", (content, *attached), seed=seed)
    return content


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


def lines_of(text: str) -> str:
    """The text with `\\n` for every kind of line end, and one at its end."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain if plain.endswith("\n") or not plain else f"{plain}\n"


def in_order(signature: str, quoted: str, rendered: Rendered | None) -> tuple[str, str]:
    """Signature and quotation, as the signature's position has it."""
    is_below = rendered is not None and rendered.position is Position.BELOW
    return (quoted, signature) if is_below else (signature, quoted)


def quotation(quoted: Quoted | None) -> str:
    """The message that is answered, `> ` before each line (RFC 3676, 4.5)."""
    if quoted is None:
        return ""
    lines = lines_of(quoted.text).rstrip("\n").split("\n") if quoted.text.strip() else []
    marked = [f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in lines]
    return "\n".join([*lines_of(quoted.attribution).rstrip("\n").split("\n"), *marked]).strip("\n")


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


def quotation_page(quoted: Quoted | None) -> str:
    """The quotation for a page; whatever came by mail is text in it."""
    if quoted is None or not (quoted.text.strip() or quoted.attribution):
        return ""
    return f"<div>{broken(quoted.attribution)}</div>\n{CITED}\n{broken(quoted.text)}</blockquote>\n"


def broken(text: str) -> str:
    """Text for a page, its lines kept."""
    return "<br>\n".join(escape(line) for line in lines_of(text).rstrip("\n").split("\n")) + "\n"


def squeezed(html: str) -> str:
    """HTML without what makes no difference in white space."""
    return " ".join(html.split())
