"""Every command explains itself: what it does, each of its parameters, and an example that would run."""

import re
import shlex

import pytest
from typer.main import get_command

from docgen.walk import Command, commands, leaves
from mailctl.cli.app import app
from mailctl.cli.main import main

EVERY = [pytest.param(command, id=command.name or "mailctl") for command in commands()]
LEAVES = [pytest.param(command, id=command.name) for command in leaves()]
SHELL_WORDS = {"|", ">", "<", "&&", ";", "||"}


@pytest.mark.parametrize("command", EVERY)
def test_help_says_what_a_command_does(command: Command, capfd):
    assert main([*command.path, "--help"]) == 0

    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", capfd.readouterr().out).split())
    assert "Usage: " + " ".join(("mailctl", *command.path)) in shown
    assert command.text.split()[0] in shown


def test_a_paragraph_is_broken_by_the_width_of_the_terminal_alone(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "2000")

    assert main(["account", "import", "--help"]) == 0

    assert re.search(r"Its first line names the columns, .* No passwords\.", capfd.readouterr().out)


@pytest.mark.parametrize("command", EVERY)
def test_nothing_a_help_says_is_taken_for_markup(command: Command, capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "2000")

    assert main([*command.path, "--help"]) == 0

    shown = "".join(capfd.readouterr().out.split())
    said = [command.text, command.example, *(one.help for one in (*command.options, *command.arguments))]
    assert [text for text in said if "".join(text.split()) not in shown] == []


@pytest.mark.parametrize("command", EVERY)
def test_every_command_has_an_example_that_names_it(command: Command):
    assert " ".join(("mailctl", *command.path)) in command.example


@pytest.mark.parametrize("command", EVERY)
def test_every_example_parses(command: Command):
    for words in calls(command.example):
        parse(words)


@pytest.mark.parametrize("command", EVERY)
def test_every_parameter_says_what_it_is(command: Command):
    unexplained = [one.flags or one.metavar for one in (*command.options, *command.arguments) if not one.help]

    assert unexplained == []


@pytest.mark.parametrize("command", EVERY)
def test_every_help_text_ends_with_a_full_stop(command: Command):
    texts = [command.text, *(one.help for one in (*command.options, *command.arguments))]

    assert [text for text in texts if not text.endswith(".")] == []


def calls(example: str) -> list[list[str]]:
    """The words of each call of mailctl in a line of shell, without what the shell takes for itself."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|><&;")
    lexer.whitespace_split = True
    found: list[list[str]] = []
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in SHELL_WORDS:
            words.append(word)
            continue
        found += [words[1:]] if words[:1] == ["mailctl"] else []
        words = [] if word not in {"<", ">"} else ["file"]
    return found or [shlex.split(re.search(r"mailctl ([^)]*)", example)[1])]


def parse(words: list[str]) -> None:
    """Parse a command's words as running it would; nothing is run."""
    command = get_command(app)
    context = command.make_context("mailctl", words)
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
