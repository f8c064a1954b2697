"""Signatures of accounts: filled in for who sends, shown, changed."""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, Alias
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.message import Attachment
from mailctl.domain.signature import Position, Rendered, Signature, bare
from mailctl.errors import BadDataError
from mailctl.services.context import Context

LARGEST = 64_000  # characters of one signature
BLANKS = re.compile(r"\{[{%#]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
Values = Mapping[str, object]
Edit = Callable[[Signature], Signature | None]


class Shown(Struct, frozen=True, kw_only=True):
    """A signature as one sender's mail carries it, and as the file has it; None where there is none."""

    account: str
    alias: str | None
    collaborator: str | None
    text: str | None
    html: str | None
    images: tuple[str, ...]
    position: Position | None
    source: Signature | None


class Lenient(dict[str, str]):
    """A collaborator's own fields; one that only others have is empty."""

    def __missing__(self, key: str) -> str:
        return ""


class Firm(dict[str, str]):
    """The firm, `firm.name` in a signature, or just `firm`."""

    def __str__(self) -> str:
        return self["name"]

    def __bool__(self) -> bool:
        return bool(self["name"])


# -- filled in


def rendered(ctx: Context, account: Account, *, alias: Alias | None = None) -> Rendered | None:
    """The signature of what the actor sends through an account; None where there is none.

    Raises:
        TemplateFaultError: it cannot be filled in.
        InputMissingError: an image is not there.
    """
    return rendered_for(ctx, account, ctx.actor.collaborator, alias=alias)


def rendered_for(ctx: Context, account: Account, one: Collaborator | None, *, alias: Alias | None) -> Rendered | None:
    """The signature of an account, or of its alias, for one sender; None where there is none."""
    signature = chosen(account, alias)
    if signature is None or signature.is_empty:
        return None
    values = values_for(ctx, account, one, alias=alias)
    where = f"the signature of '{account.name}'"
    page = page_of(signature, values, where=where)
    if signature.text:
        text = filled(signature.text, values, where=where)
    else:
        from mailctl.domain.html import readable

        text = readable(page or "")
    if page is None:
        return Rendered(text=bare(text), position=signature.position)
    from mailctl.domain.inline import with_cids

    return Rendered(text=bare(text), html=with_cids(page), images=images_of(ctx, page), position=signature.position)


def chosen(account: Account, alias: Alias | None) -> Signature | None:
    """The alias's own signature, even an empty one; else the account's."""
    return alias.signature if alias and alias.signature is not None else account.signature


def values_for(
    ctx: Context,
    account: Account,
    one: Collaborator | None,
    *,
    alias: Alias | None,
    fields: Mapping[str, str] | None = None,
) -> Values:
    """What a signature can name: plain mappings and texts.

    Args:
        ctx: who acts, and where.
        account: that sends.
        one: the sender; None where the store knows no collaborators.
        alias: the address in From, when it is not the account's own.
        fields: the sender's own fields, where others count than her file's.
    """
    name = (alias.display_name if alias else None) or account.display_name
    person = {key: getattr(one, key) if one else "" for key in ("id", "name", "email", "title", "phone")}
    own = fields if fields is not None else Lenient(one.fields if one else {})
    return {
        "account": {
            "name": account.name,
            "address": account.address,
            "display_name": account.display_name,
            "kind": str(account.kind),
            "owner": account.owner or "",
        },
        "alias": {"address": alias.address if alias else account.address, "display_name": name},
        "collaborator": {**person, "fields": own},
        "firm": Firm(name=ctx.settings.firm),
    }


def filled(source: str, values: Values, *, where: str, html: bool = False) -> str:
    """A text with its blanks filled; one without blanks costs nothing."""
    if not BLANKS.search(source):
        return source
    from mailctl.domain.jinja import render

    return render(source, values, where=where, html=html)


def page_of(signature: Signature, values: Values, *, where: str) -> str | None:
    """The HTML of a signature, images as the file names them; None for one of text only."""
    if signature.html:
        return filled(signature.html, values, where=where, html=True)
    if signature.markdown:
        return from_markdown(filled(signature.markdown, values, where=where, html=True))
    return None


def from_markdown(text: str) -> str:
    """The HTML of a signature in Markdown, each line on its own."""
    from mailctl.domain.markdown import html_of

    return html_of(text, hard_breaks=True)


def images_of(ctx: Context, page: str) -> tuple[Attachment, ...]:
    """The images that HTML embeds, from the store's signatures/.

    Raises:
        InputMissingError: one is not there.
        BadDataError: one is no image, too large, or outside that folder.
    """
    if "<img" not in page.lower():
        return ()
    from mailctl.domain.inline import images_in, type_of
    from mailctl.store.images import read_image

    names = images_in(page)
    return tuple(
        Attachment(filename=name, content=read_image(ctx.store.root, name), content_type=type_of(name))
        for name in names
    )


# -- shown and changed


def show(ctx: Context, name: str, *, collaborator: str | None = None, alias: str | None = None) -> Shown:
    """The signature as a mail of one sender carries it.

    Args:
        ctx: who acts, and where.
        name: of the account.
        collaborator: None for the actor.
        alias: an alias's address.

    Raises:
        RightMissingError: the actor has no right on the account.
        CollaboratorNotFoundError: there is nobody of that name.
        TemplateFaultError: the signature cannot be filled in.
    """
    account = ctx.visible(name)
    one = ctx.store.collaborator(collaborator) if collaborator else ctx.actor.collaborator
    other = alias_of(account, alias)
    made = rendered_for(ctx, account, one, alias=other)
    return Shown(
        account=account.name,
        alias=other.address if other else None,
        collaborator=one.id if one else None,
        text=made.text if made else None,
        html=made.html if made else None,
        images=tuple(image.filename for image in made.images) if made else (),
        position=made.position if made else None,
        source=chosen(account, other) if made else None,
    )


def alias_of(account: Account, address: str | None) -> Alias | None:
    """The alias with an address.

    Raises:
        BadDataError: the account has none.
    """
    if address is None:
        return None
    found = account.alias(address)
    if found is None:
        known = ", ".join(one.address for one in account.aliases) or "it has none"
        raise BadDataError(f"'{address}' is no alias of '{account.name}': {known}", hint="mailctl account show")
    return found


def own(ctx: Context, name: str, *, alias: str | None = None) -> Signature:
    """The signature as the file has it, for who may change it; an empty one where there is none."""
    account = ctx.managed(name)
    found = alias_of(account, alias)
    return (found.signature if found else account.signature) or Signature()


def set_(
    ctx: Context, name: str, edit: Edit, *, alias: str | None = None, names: Mapping[str, str] | None = None
) -> Signature | None:
    """Change the signature of an account, or of its alias.

    Args:
        ctx: who acts, and where.
        name: of the account.
        edit: the signature there is, an empty one where there is none, to what it shall be; None for none.
        alias: an alias's address.
        names: for messages: what the new texts are called, such as the file each comes from.

    Raises:
        RightMissingError: that takes `manage`.
        TemplateFaultError: it cannot be filled in for somebody who may send.
        BadDataError, InputMissingError: it is too long, or an image of it cannot be sent.
    """
    from mailctl.services.signature_check import refuse_faulty

    with ctx.change(f"change the signature of '{name}'") as change:
        before = own(ctx, name, alias=alias)
        after = edit(before)
        if after == before:
            return after
        changed = with_signature(ctx.managed(name), after, alias=alias)
        refuse_faulty(ctx, changed, alias_of(changed, alias), names=names or {})
        change.put(changed)
    return after


def with_signature(account: Account, signature: Signature | None, *, alias: str | None) -> Account:
    """The account with another signature, or its alias with one."""
    found = alias_of(account, alias)
    if found is None:
        return replace(account, signature=signature)
    aliases = tuple(replace(one, signature=signature) if one is found else one for one in account.aliases)
    return replace(account, aliases=aliases)


def edited(before: Signature, texts: Mapping[str, str], *, position: Position | None = None) -> Signature | None:
    """A signature with some of its texts, or its position, changed; None when nothing is left of it.

    Args:
        before: the signature there is.
        texts: by key; an empty one takes the old one away. Markdown and HTML replace each other.
        position: None leaves it.

    Raises:
        BadDataError: a text is too long, or holds control characters.
    """
    tidy = {key: tidied(text, key) for key, text in texts.items()}
    other = {"markdown": "html", "html": "markdown"}
    gone = {other[key]: None for key, text in tidy.items() if text and key in other}
    after = replace(before, **{**gone, **tidy}, position=position or before.position)
    return None if after.is_empty else after


def tidied(text: str, key: str) -> str | None:
    """A text as the file keeps it: `\\n` at the ends of its lines; None for one that says nothing."""
    plain = text.replace("\r\n", "\n")
    if len(plain) > LARGEST:
        raise BadDataError(f"the signature's {key} has more than {LARGEST:,} characters")
    strange = CONTROL.search(plain)
    if strange:
        raise BadDataError(f"the signature's {key} holds the control character U+{ord(strange[0]):04X}")
    return plain if plain.strip() else None
