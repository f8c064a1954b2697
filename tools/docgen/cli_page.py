"""docs/cli.md: the help of every command."""

import re
from collections.abc import Iterator

from docgen.markdown import code, page, table
from docgen.walk import Command, Parameter, commands

INTRODUCTION = """\
The same text as `mailctl COMMAND --help`. Options come after the command: `mailctl account list --json`; those of the
program itself come before it. `A` is an account, `C` a collaborator, `P` a provider's preset, `ID` a message's number
as `list` shows it. What `--json` prints: [json.md](json.md). Exit statuses: [exit-codes.md](exit-codes.md)."""
HELP = Parameter(("-h", "--help"), "", "Show this text.", False, False, False, (), "", "")


def text() -> str:
    """The page."""
    root, *others = commands()
    parts = [section(root, 2)]
    panel = ""
    for command in others:
        if command.panel != panel:
            panel = command.panel
            parts.append(f"## {panel}")
        parts.append(section(command, 2 + len(command.path)))
    return page("Commands", INTRODUCTION, parts)


def section(command: Command, level: int) -> str:
    """One command: what it does, how it is called, its parameters, an example."""
    title = " ".join(("mailctl", *command.path))
    parts = [f"{'#' * level} {title}", command.text, f"```\n{command.usage}\n```"]
    if command.subcommands:
        parts.append("Commands: " + ", ".join(code(name) for name in command.subcommands))
    options = (*command.options, HELP) if command.options else ()
    rows = [*map(argument_row, command.arguments), *map(option_row, options)]
    if rows:
        parts.append(table(("", "meaning"), rows))
    if command.example:
        parts.append(f"```console\n$ {command.example}\n```")
    return "\n\n".join(parts)


def argument_row(argument: Parameter) -> tuple[str, str]:
    """An argument's line of the table."""
    return code(argument.metavar), argument.help


def option_row(option: Parameter) -> tuple[str, str]:
    """An option's line of the table."""
    names = ", ".join(code(flag) for flag in option.flags)
    value = f" {code(option.metavar)}" if option.takes_value else ""
    return names + value, " ".join(remarks(option))


def remarks(option: Parameter) -> Iterator[str]:
    """What is to be known of an option."""
    yield option.help
    if option.required:
        yield "Required."
    if option.several and not re.search(r"repeat|several", option.help):
        yield "May be given several times."
    if option.default:
        yield f"Default: {code(option.default)}."
    if option.variable:
        yield f"Else the environment variable {code(option.variable)}."
