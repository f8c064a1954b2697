"""`--template` and `--var`: what is given, what is asked for on a terminal, and the draft that comes of it."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from mailctl.errors import BadDataError, UsageError

if TYPE_CHECKING:
    from mailctl.cli.session import Session
    from mailctl.cli.writing import Words
    from mailctl.domain.account import Account
    from mailctl.domain.message import Draft
    from mailctl.domain.template import Variable
    from mailctl.services.filling import Filler

Template = Annotated[
    str | None, typer.Option("--template", metavar="T", help="Write it from this template; no text is read then.")
]
Var = Annotated[
    list[str] | None, typer.Option("--var", metavar="K=V", help="A variable of the template; repeat. @FILE reads it.")
]


class Chosen(NamedTuple):
    """A template, and the variables that were given, as they were typed."""

    name: str
    given: tuple[str, ...]


def chosen(name: str | None, given: list[str] | None, words: "Words") -> Chosen | None:
    """The template that was asked for; None for none.

    Raises:
        UsageError: variables without a template, or a text beside one.
    """
    if name is None:
        if given:
            raise UsageError("--var says something of a template, and none is named", hint="--template T --var K=V")
        return None
    if words.body is not None or words.html is not None or words.markdown:
        raise UsageError(
            "the template is the text: --body, --html and --markdown do not go with it",
            hint=f"mailctl template show {name}",
        )
    return Chosen(name, tuple(given or ()))


def draft_from(
    run: "Session", template: Chosen, start: "Draft", *, account: "Account", sender: str | None, affair: str | None
) -> "Draft":
    """A draft written from a template; on a terminal, what was not said is asked for.

    Args:
        run: where to ask.
        template: the template, and what was given.
        start: what the options said.
        account: that sends.
        sender: an alias for From; None for the account's address.
        affair: the reference of the affair it is about.
    """
    from mailctl.services.template import filler

    made = filler(run.context, template.name, account=account, affair=affair, sender=sender)
    return made.draft(answers(run, made, template.given), start=start)


def answers(run: "Session", made: "Filler", given: tuple[str, ...]) -> dict[str, str]:
    """The variables, as they were given and then asked for.

    Raises:
        UsageError: one is no `K=V`, or given twice.
        BadDataError: one is no variable of the template.
    """
    found = variables(given)
    made.refuse_unknown(found)
    if run.is_interactive:
        for one in made.template.variables.values():
            if one.name not in found:
                found[one.name] = asked(one, made.template.language)
    return found


def variables(given: tuple[str, ...]) -> dict[str, str]:
    """The variables in `K=V`; `K=@FILE` reads a file.

    Raises:
        UsageError: one is no `K=V`, or given twice.
        InputMissingError: the file is missing or unreadable.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"'{text}' is no variable and its value", hint="--var number=F-104")
        if name.strip() in found:
            raise UsageError(f"--var {name.strip()} is given twice", hint="once is enough")
        found[name.strip()] = value_in(value)
    return found


def value_in(text: str) -> str:
    """A value as it was typed, or the text of a file."""
    if not text.startswith("@") or len(text) == 1:
        return text
    from pathlib import Path

    from mailctl.cli.writing import decoded, file_content

    return decoded(file_content(Path(text[1:])), text[1:]).removesuffix("\n")


def asked(one: "Variable", language: str) -> str:
    """What the user says of one variable; asked again while it is none of its kind."""
    from mailctl.domain.template import Kind, value_of

    what = one.description or one.name
    question = f"{what} ({one.expected})" if one.kind is not Kind.TEXT else what
    while True:
        answer: str = typer.prompt(question, default=one.default_text, show_default=bool(one.default_text), err=True)
        try:
            value_of(one, answer, language)
        except BadDataError as error:
            typer.echo(f"{error}; {error.hint}", err=True)
        else:
            return answer
