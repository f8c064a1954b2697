"""Templates tried before anybody sends with them: with and without an affair, and with a sample of each variable."""

from collections.abc import Iterator
from pathlib import Path

from mailctl.domain.account import Account
from mailctl.domain.affair import Affair
from mailctl.domain.affair_values import affair_values, no_affair
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.template import Kind, Need, Template, Variable
from mailctl.errors import BadDataError, InputMissingError, MailctlError, Problem, StoreError, TemplateFaultError
from mailctl.services.context import Context
from mailctl.services.filling import BLANKS, Filler, Values
from mailctl.services.signature import values_for
from mailctl.services.template import require_reader
from mailctl.store import templates as store
from mailctl.store.decode import Source, invalid

SAMPLES = {
    Kind.TEXT: "texte",
    Kind.NUMBER: "12.5",
    Kind.AMOUNT: "1234.50",
    Kind.DATE: "2026-11-24",
    Kind.ADDRESS: "Anna Martin <anna@firm.example>",
}
SENDER = Account(name="contact", display_name="Firm", address="contact@firm.example")
WRITER = Collaborator(id="alice", name="Alice Martin", email="alice@firm.example", title="Architecte", phone="1")
CASE = affair_values(Affair(ref="2026-014", title="Extension", client="Client", address="1 rue"), WRITER)


def check(ctx: Context, name: str | None = None) -> tuple[Problem, ...]:
    """What is wrong with one template, or with all of them.

    Raises:
        RightMissingError: the actor may send through no account, and is no administrator.
        TemplateNotFoundError: there is none of that name.
    """
    require_reader(ctx)
    if name is not None and name not in store.names(ctx.store):
        raise store.no_template(ctx.store, name)
    return faulty_templates(ctx, (name,) if name is not None else store.names(ctx.store))


def faulty_templates(ctx: Context, names: tuple[str, ...]) -> tuple[Problem, ...]:
    """What is wrong with some templates."""
    return tuple(problem for name in names for problem in faults_in(ctx, name))


def faults_in(ctx: Context, name: str) -> tuple[Problem, ...]:
    """What is wrong with one template, as it lies in the store."""
    try:
        return tried(ctx, *store.read(ctx.store, name))
    except MailctlError as error:
        return error.problems or (Problem(store.file_of(name), 0, "", str(error)),)


def refuse_faulty(ctx: Context, name: str, text: str) -> None:
    """Refuse a text that is no template, or none that can be filled.

    Raises:
        StoreError: with each fault.
    """
    if problems := tried(ctx, *store.template_in(name, text)):
        raise BadDataError(str(invalid(problems)), hint="mailctl template new --help", problems=problems)


def tried(ctx: Context, template: Template, source: Source) -> tuple[Problem, ...]:
    """What happens when a template is made ready and filled."""
    try:
        for fixed in situations(ctx, template):
            made = Filler(
                template,
                source,
                fixed,
                fragments=lambda wanted: store.fragment(ctx.store, wanted),
                folder=Path(ctx.store.root) / store.FOLDER,
            )
            for answer in ("true", "false"):
                fill(made, {one.name: sample(one, answer) for one in template.variables.values()})
    except TemplateFaultError as error:
        return (Problem(error.where, error.line, "", error.fault),)
    except StoreError as error:  # of a fragment
        return error.problems or (Problem(source.file, 0, "", str(error)),)
    except (BadDataError, InputMissingError) as error:
        return (Problem(source.file, 0, "", str(error)),)
    return ()


def situations(ctx: Context, template: Template) -> Iterator[Values]:
    """What a template may be filled with, beside its variables."""
    fixed = {**values_for(ctx, SENDER, WRITER, alias=None), "today": ctx.now().astimezone().date()}
    if template.affair is not Need.NONE:
        yield {**fixed, "affair": CASE}
    if template.affair is not Need.NEEDED:
        yield {**fixed, **({} if template.affair is Need.NONE else {"affair": no_affair()})}


def sample(variable: Variable, answer: str) -> str:
    """Something that a variable may hold."""
    if variable.kind is Kind.BOOL:
        return answer
    return variable.default_text or (variable.choices[0] if variable.choices else SAMPLES[variable.kind])


def fill(made: Filler, variables: dict[str, str]) -> None:
    """Fill all of a template in; what would be a recipient, a file or a link is not looked at where values decide it.

    Raises:
        TemplateFaultError: it cannot be filled.
        BadDataError, InputMissingError: a file that always goes along is not there.
    """
    values = made.values(variables)
    made.framed(made.body.pieces(values)[::2])
    made.one_line(made.subject, values)
    if BLANKS.search(made.template.unsubscribe or ""):
        made.unsubscribe.filled(values)
    else:
        made.headers(values)
    for key, mailboxes in made.mailboxes.items():
        for text, mailbox in zip(getattr(made.template, key), mailboxes, strict=True):
            if BLANKS.search(text):
                mailbox.try_out(values)
            else:
                made.address(mailbox, values)
    for text, one in zip(made.template.attachments, made.attachments, strict=True):
        name = one.filled(values)
        if not BLANKS.search(text):
            made.attachment(name)
