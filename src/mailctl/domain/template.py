"""A template: a mail with blanks, what may be put into them, and what each value has to look like."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from mailctl.domain.account import Text
from mailctl.domain.address import parse
from mailctl.domain.template_values import FORMS, NoValueError, read_bool, read_date, read_number
from mailctl.errors import BadDataError, nearest

LONGEST = 20_000  # characters of one value
RESERVED = frozenset({"account", "alias", "collaborator", "affair", "variables", "today", "firm", "range", "loop"})
Value = str | bool | Decimal | date


class Kind(StrEnum):
    """What a variable holds."""

    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    DATE = "date"
    ADDRESS = "address"
    BOOL = "bool"
    CHOICE = "choice"


class Need(StrEnum):
    """Whether a mail of this template is about an affair."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    NONE = "none"


class Language(StrEnum):
    """How dates, amounts and numbers are written."""

    FR = "fr"
    EN = "en"


class Variable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A blank of a template: what is asked for when a mail is written from it."""

    name: str = ""
    kind: Annotated[Kind, Meta(description="what it holds")] = field(name="type", default=Kind.TEXT)
    default: Annotated[str | int | float | bool | None, Meta(description="what holds when nothing is said")] = None
    description: Annotated[Text, Meta(description="what it is, for who is asked")] = ""
    choices: Annotated[tuple[Text, ...], Meta(description="for `choice`: the words to choose from")] = ()

    @property
    def default_text(self) -> str | None:
        """The default as one would type it; None where there is none."""
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return None if self.default is None else str(self.default)

    @property
    def expected(self) -> str:
        """What is to be typed, in words."""
        return ", ".join(self.choices) if self.kind is Kind.CHOICE else FORMS[self.kind]


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mail with blanks, as its file says it."""

    name: str
    body: str
    description: Annotated[Text, Meta(description="what it is for")] = ""
    language: Annotated[Language, Meta(description="how dates, amounts and numbers are written")] = Language.FR
    affair: Annotated[Need, Meta(description="whether it is about an affair")] = Need.OPTIONAL
    subject: Annotated[Text, Meta(description="the subject; Jinja2, like the body")] = ""
    to: Annotated[tuple[Text, ...], Meta(description="recipients; Jinja2")] = ()
    cc: Annotated[tuple[Text, ...], Meta(description="recipients of a copy; Jinja2")] = ()
    bcc: Annotated[tuple[Text, ...], Meta(description="recipients nobody sees; Jinja2")] = ()
    reply_to: Annotated[tuple[Text, ...], Meta(description="where answers go; Jinja2")] = ()
    attachments: Annotated[tuple[Text, ...], Meta(description="files to send along; Jinja2")] = ()
    folder: Annotated[Text | None, Meta(description="where the attachments lie; else the store's templates/")] = None
    unsubscribe: Annotated[Text | None, Meta(description="https: or mailto: address to unsubscribe at; Jinja2")] = None
    variables: Annotated[dict[str, Variable], Meta(description="its blanks")] = field(default_factory=dict)


def value_of(variable: Variable, text: str, language: str) -> Value:
    """The value that a text stands for; an empty text is one only of a variable that may be left empty.

    Raises:
        BadDataError: it is none of that kind, or too long.
    """
    if text == "" and (variable.kind is Kind.TEXT or variable.default == ""):
        return ""
    try:
        return read(variable, text, language)
    except NoValueError as fault:
        raise BadDataError(f"'{variable.name}': {fault}", hint=f"{variable.name}: {variable.expected}") from fault


def read(variable: Variable, text: str, language: str) -> Value:
    """The value that a text stands for.

    Raises:
        NoValueError: it is none of that kind.
    """
    if len(text) > LONGEST:
        raise NoValueError(f"it has more than {LONGEST} characters")
    match variable.kind:
        case Kind.NUMBER | Kind.AMOUNT:
            return read_number(text, language)
        case Kind.DATE:
            return read_date(text, language)
        case Kind.BOOL:
            return read_bool(text)
        case Kind.CHOICE:
            return read_choice(variable, text)
        case Kind.ADDRESS:
            return read_address(text)
        case Kind.TEXT:
            return text.replace("\r\n", "\n").replace("\r", "\n")


def read_choice(variable: Variable, text: str) -> str:
    """One of a variable's words.

    Raises:
        NoValueError: it is none of them.
    """
    if text in variable.choices:
        return text
    close = nearest(text, variable.choices)
    raise NoValueError(f"'{text}' is none of its choices" + (f" (did you mean '{close}'?)" if close else ""))


def read_address(text: str) -> str:
    """One address, with a name or without.

    Raises:
        NoValueError: it is none.
    """
    try:
        return str(parse(text))
    except BadDataError as error:
        raise NoValueError(str(error)) from error


def faults_of(template: Template) -> list[tuple[tuple[str | int, ...], str]]:
    """What is wrong with a template's front matter beyond the types of its keys."""
    return [
        (("variables", name, *path), what)
        for name, variable in template.variables.items()
        for path, what in variable_faults(name, variable, template.language)
    ]


def variable_faults(name: str, variable: Variable, language: str) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong with one variable, and with which of its keys."""
    faults: list[tuple[tuple[str, ...], str]] = []
    if not name.isidentifier() or name.startswith("_"):
        faults.append(((), "bad name: letters, digits and _ only, a letter first"))
    elif name in RESERVED:
        faults.append(((), f"bad name: '{name}' means something else already"))
    if (variable.kind is Kind.CHOICE) != bool(variable.choices):
        faults.append(
            (("choices",), "go with type = 'choice', and with no other" if variable.choices else "is missing")
        )
    elif variable.default_text:
        try:
            read(variable, variable.default_text, language)
        except NoValueError as fault:
            faults.append((("default",), str(fault)))
    return faults


def missing(template: Template, given: Mapping[str, str]) -> tuple[Variable, ...]:
    """The variables that have no default, and of which nothing was said."""
    return tuple(
        one
        for name, one in template.variables.items()
        if one.default is None and not (given.get(name) or (name in given and one.kind is Kind.TEXT))
    )


def unknown(template: Template, given: Mapping[str, str]) -> str | None:
    """What to say of the first name that is no variable of the template; None when all are."""
    for name in given:
        if name not in template.variables:
            close = nearest(name, template.variables)
            return f"'{name}' is no variable of it" + (f" (did you mean '{close}'?)" if close else "")
    return None
