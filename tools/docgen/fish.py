"""completions/mailctl.fish."""

from collections.abc import Iterator

from docgen.walk import NOTE, Command, Parameter, commands

HELPERS = """\
function __mailctl_words --description 'commands and arguments before the cursor, without options and their values'
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
        else if contains -- $word $__mailctl_valued
            set skip yes
        else if not string match -q -- '-*' $word
            echo -- $word
        end
    end
end

function __mailctl_at --description 'POSITION COMMAND…: whether that command is on the line, with so many arguments'
    set -l words (__mailctl_words)
    set -l depth (math (count $argv) - 1)
    test (count $words) -ge $depth; or return 1
    if test $depth -gt 0
        test "$words[1..$depth]" = "$argv[2..-1]"; or return 1
    end
    set -l given (math (count $words) - $depth)
    switch $argv[1]
        case '*+'
            test $given -ge (string replace '+' '' 0$argv[1])
        case '*'
            test $given -eq $argv[1]
    end
end

function __mailctl_names --description 'account, collaborator or template: the names of all there are'
    set -l options
    set -l words (commandline -opc)
    for option in --store --as
        if set -l found (contains -i -- $option $words)
            set -a options $option $words[(math $found + 1)]
        end
    end
    mailctl $options $argv[1] list </dev/null 2>/dev/null | cut -f 1
end
"""


def text() -> str:
    """The file."""
    valued = sorted(
        {flag for one in commands() for option in one.options if option.takes_value for flag in option.flags}
    )
    lines = ["complete -c mailctl -f\ncomplete -c mailctl -s h -l help -d 'Show help.'"]
    lines += [line for command in commands() for line in command_lines(command)]
    return (
        f"# Completion of mailctl in fish. {NOTE}\n# To use it: copy it to ~/.config/fish/completions/mailctl.fish.\n\n"
        f"set -g __mailctl_valued {' '.join(valued)}\n\n{HELPERS}\n" + "\n".join(lines) + "\n"
    )


def command_lines(command: Command) -> Iterator[str]:
    """The `complete` commands of one command."""
    summaries = {found.path: found.summary for found in commands()}
    for name in command.subcommands:
        yield f"{at('0', command)} -a {name} -d {quoted(summaries[(*command.path, name)])}"
    for option in command.options:
        yield f"{at('+' if command.path else '0', command)} {option_words(option)} -d {quoted(option.help)}"
    for position, argument in enumerate(command.arguments):
        if values(argument):
            yield f"{at(f'{position}+' if argument.several else str(position), command)} {values(argument)}"


def at(position: str, command: Command) -> str:
    """The beginning of a `complete` command: where it holds."""
    return f"complete -c mailctl -n {quoted(' '.join(('__mailctl_at', position, *command.path)))}"


def option_words(option: Parameter) -> str:
    """An option's names, and its values."""
    names = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    takes = "-r" if option.kind == "files" else "-x"  # x: no files
    value = f" {takes} {values(option)}".rstrip() if option.takes_value else ""
    return " ".join(names) + value


def values(parameter: Parameter) -> str:
    """What is offered for a value."""
    if parameter.offered:
        return f"-a {quoted(' '.join(parameter.offered))}"
    match parameter.kind:
        case "accounts" | "collaborators" | "templates" as kind:
            return f"-a {quoted(f'(__mailctl_names {kind[:-1]})')}"
        case "files":
            return "-F"
        case "folders":
            return "-a '(__fish_complete_directories)'"
    return ""


def quoted(text: str) -> str:
    """Text as one word of fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
