"""Templates: listed, shown, tried, and filled for a mail."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.affair_values import affair_values, no_affair
from mailctl.domain.message import Draft
from mailctl.domain.rights import Right
from mailctl.domain.template import Kind, Language, Need, Template, Variable
from mailctl.errors import (
    AlreadyExistsError,
    BadDataError,
    CollaboratorNotFoundError,
    RightMissingError,
    StoreError,
    UsageError,
)
from mailctl.services.context import Context
from mailctl.services.signature import Values, values_for
from mailctl.store import templates as store

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.domain.collaborator import Collaborator
    from mailctl.services.filling import Filler

STARTER = """+++
description = "what it is for"
language = "fr"
affair = "optional"
subject = "{{ objet }}"

[variables.objet]
description = "what stands in the subject"

[variables.echeance]
type = "date"
description = "until when"
default = ""
+++
Bonjour,

{% if echeance %}
Nous attendons votre réponse avant le {{ echeance }}.
{% endif %}

Cordialement,
"""


class Listed(Struct, frozen=True, kw_only=True):
    """A template in a list."""

    name: str
    affair: Need
    variables: tuple[str, ...]
    description: str


class Blank(Struct, frozen=True, kw_only=True):
    """A variable of a template; without a default it has to be said."""

    name: str
    type: Kind
    default: str | None
    choices: tuple[str, ...]
    description: str

    def __str__(self) -> str:
        default = "" if self.default is None else f" = {self.default!r}"
        return f"{self.name} ({', '.join(self.choices) or self.type}){default}"


class Shown(Struct, frozen=True, kw_only=True):
    """A template as its file says it."""

    name: str
    description: str
    language: Language
    affair: Need
    subject: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    attachments: tuple[str, ...]
    folder: str | None
    unsubscribe: str | None
    variables: tuple[Blank, ...]
    body: str


class Rendered(Struct, frozen=True, kw_only=True):
    """A template filled in: the mail that it makes, as text and as HTML, without the signature."""

    template: str
    account: str
    affair: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[str, ...]
    text: str
    html: str


# -- filled


def filler(
    ctx: Context, name: str, *, account: "Account", affair: str | None = None, sender: str | None = None
) -> "Filler":
    """A template made ready for the mail of an account, about an affair; the store is read here, and not again.

    Args:
        ctx: who acts, and where.
        name: of the template.
        account: that sends.
        affair: its reference; None for no affair.
        sender: an alias for From; None for the account's address.

    Raises:
        TemplateNotFoundError, AffairNotFoundError: with the nearest name as a hint.
        StoreError: its file is invalid.
        TemplateFaultError: a mistake in it, or a name that nothing has.
        UsageError: it needs an affair, and none is named.
    """
    from mailctl.services.filling import Filler
    from mailctl.services.send import alias_of

    template, source = store.read(ctx.store, name)
    fixed = values_for(ctx, account, ctx.actor.collaborator, alias=alias_of(account, sender))
    today = ctx.now().astimezone().date()
    return Filler(
        template,
        source,
        {**fixed, "today": today, **about(ctx, template, affair)},
        fragments=lambda wanted: store.fragment(ctx.store, wanted),
        folder=Path(ctx.store.root) / store.FOLDER,
    )


def about(ctx: Context, template: Template, ref: str | None) -> Values:
    """The affair, where the template is about one.

    Raises:
        UsageError: it needs one, and none is named.
    """
    if template.affair is Need.NONE:
        return {}
    if ref is None and template.affair is Need.NEEDED:
        raise UsageError(f"template '{template.name}' is about an affair, and none is named", hint="--affair REF")
    if ref is None:
        return {"affair": no_affair()}
    affair = ctx.store.affair(ref)
    return {"affair": affair_values(affair, responsible(ctx, affair.responsible))}


def responsible(ctx: Context, name: str | None) -> "Collaborator | None":
    """Who answers for an affair; None where nobody does, or nobody has that name any more."""
    try:
        return ctx.store.collaborator(name) if name else None
    except CollaboratorNotFoundError:
        return None


def render(made: "Filler", variables: Mapping[str, str], *, account: str, affair: str | None) -> Rendered:
    """The mail that a template makes.

    Raises:
        What `Filler.draft` raises.
    """
    draft = made.draft(variables)
    return Rendered(
        template=made.template.name,
        account=account,
        affair=affair,
        to=tuple(map(str, draft.to)),
        cc=tuple(map(str, draft.cc)),
        bcc=tuple(map(str, draft.bcc)),
        reply_to=tuple(map(str, draft.reply_to)),
        subject=draft.subject,
        headers=draft.headers,
        attachments=tuple(one.filename for one in draft.attachments),
        text=draft.body,
        html=draft.html or "",
    )


def page(ctx: Context, draft: Draft, *, account: "Account", sender: str | None = None) -> str:
    """The mail as its reader sees it, signed, as a page for a browser; nothing in it is loaded from elsewhere."""
    from mailctl.domain.content import whole
    from mailctl.domain.webpage import page_of
    from mailctl.services.send import written

    return page_of(whole(written(ctx, account, draft, sender=sender)[1]))


def kept_page(ctx: Context, name: str, html: str) -> Path:
    """The same as a file, in the runtime folder.

    Raises:
        StorageError: it cannot be written.
    """
    from mailctl.local.pages import keep

    return keep(ctx.paths.runtime / "pages", f"template-{name}", html)


# -- looked at


def list_(ctx: Context) -> tuple[Listed, ...]:
    """All templates; those that cannot be read are warned about.

    Raises:
        RightMissingError: the actor may send through no account, and is no administrator.
    """
    require_reader(ctx)
    found = []
    for name in store.names(ctx.store):
        try:
            one, _ = store.read(ctx.store, name)
        except StoreError as error:
            ctx.warn(str(error))
            continue
        found.append(Listed(name=name, affair=one.affair, variables=tuple(one.variables), description=one.description))
    return tuple(found)


def show(ctx: Context, name: str) -> Shown:
    """A template as its file says it.

    Raises:
        RightMissingError: the actor may send through no account, and is no administrator.
        TemplateNotFoundError: there is none of that name.
        StoreError: its file is invalid.
    """
    require_reader(ctx)
    one, _ = store.read(ctx.store, name)
    return Shown(
        name=name,
        description=one.description,
        language=one.language,
        affair=one.affair,
        subject=one.subject,
        to=one.to,
        cc=one.cc,
        bcc=one.bcc,
        reply_to=one.reply_to,
        attachments=one.attachments,
        folder=one.folder,
        unsubscribe=one.unsubscribe,
        variables=tuple(blank(variable) for variable in one.variables.values()),
        body=one.body,
    )


def blank(one: Variable) -> Blank:
    """A variable as it is shown."""
    return Blank(
        name=one.name, type=one.kind, default=one.default_text, choices=one.choices, description=one.description
    )


def require_reader(ctx: Context) -> None:
    """Refuse who has nothing to do with templates: they are for whoever may send.

    Raises:
        RightMissingError: the actor may send through no account, and is no administrator.
    """
    if ctx.actor.is_admin or ctx.actor.is_alone or ctx.accounts(need=Right.SEND):
        return
    raise RightMissingError(
        f"'{ctx.actor.name}' may not read templates: they are for who may send", hint="mailctl whoami"
    )


# -- changed


def own(ctx: Context, name: str) -> str:
    """The text of a template's file, for who may change it.

    Raises:
        RightMissingError: only administrators may.
        TemplateNotFoundError: there is none of that name.
    """
    ctx.require_admin("change templates")
    text = ctx.store.read(store.file_of(name)) if store.is_name(name) else None
    if text is None:
        raise store.no_template(ctx.store, name)
    return text


def new(ctx: Context, name: str, text: str) -> None:
    """Add a template.

    Raises:
        RightMissingError: only administrators may.
        AlreadyExistsError: there is one of that name.
        StoreError, TemplateFaultError: the text is no template.
    """
    ctx.require_admin("add templates")
    if not store.is_name(name):
        raise BadDataError(f"bad name '{name}': letters, digits, . _ + - only", hint="mailctl template new relance")
    if ctx.store.read(store.file_of(name)) is not None:
        raise AlreadyExistsError(f"there is a template '{name}' already", hint=f"mailctl template edit {name}")
    put(ctx, name, text, f"add the template '{name}'")


def put(ctx: Context, name: str, text: str, what: str) -> None:
    """Write a template's file, once it is known to be good.

    Raises:
        RightMissingError: only administrators may.
        StoreError, TemplateFaultError: the text is no template.
    """
    from mailctl.services.template_check import refuse_faulty

    ctx.require_admin("change templates")
    refuse_faulty(ctx, name, text)
    with ctx.change(what) as change:
        change.put_file(store.file_of(name), text)


def remove(ctx: Context, name: str) -> None:
    """Take a template away.

    Raises:
        RightMissingError: only administrators may.
        TemplateNotFoundError: there is none of that name.
    """
    own(ctx, name)
    with ctx.change(f"remove the template '{name}'") as change:
        change.put_file(store.file_of(name), None)
