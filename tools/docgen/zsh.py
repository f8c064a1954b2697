"""completions/mailctl.zsh."""

from collections.abc import Iterator

from docgen.bash import quoted
from docgen.walk import NOTE, Command, Parameter, commands

HELPERS = """\
_mailctl_names() {  # account, collaborator or template: the names of all there are
    local -a names
    names=(${(f)"$(mailctl $program_options $1 list </dev/null 2>/dev/null | cut -f 1)"})
    compadd -a names
}
_mailctl_accounts() { _mailctl_names account }
_mailctl_collaborators() { _mailctl_names collaborator }
_mailctl_templates() { _mailctl_names template }
"""
ACTIONS = {
    "accounts": "_mailctl_accounts",
    "collaborators": "_mailctl_collaborators",
    "templates": "_mailctl_templates",
    "files": "_files",
    "folders": "_files -/",
}
HELP = "'(-h --help)'{-h,--help}'[Show help.]'"


def text() -> str:
    """The file."""
    root, *others = commands()
    parts = [
        f"#compdef mailctl\n# Completion of mailctl in zsh. {NOTE}\n"
        "# To use it: copy it as _mailctl to a folder of $fpath, before compinit.\n",
        HELPERS,
        *(leaf(command) for command in others if not command.subcommands),
        *(family(command) for command in others if command.subcommands),
        family(root),
        '_mailctl "$@"\n',
    ]
    return "\n".join(parts)


def function(path: tuple[str, ...]) -> str:
    """The name of the function that completes a command."""
    return "_".join(("_mailctl", *path))


def leaf(command: Command) -> str:
    """The function of a command that does something."""
    specs = [HELP, *map(option_spec, command.options), *argument_specs(command)]
    return f"{function(('', *command.path))}() {{\n    _arguments -s -S \\\n" + listed(specs) + "\n}\n"


def listed(specs: list[str]) -> str:
    """Words of one command, a line each."""
    return " \\\n".join(f"        {spec}" for spec in specs)


def family(command: Command) -> str:
    """The function of a command with subcommands, or of the program."""
    summaries = {found.path: found.summary for found in commands()}
    described = [quoted(f"{escaped(name)}:{summaries[(*command.path, name)]}") for name in command.subcommands]
    name = function(("", *command.path)) if command.path else "_mailctl"
    specs = [HELP, *map(option_spec, command.options), "'1: :->command'", "'*:: :->rest'"]
    chosen = f"{function(('', *command.path))}_$words[1]"
    own = (
        "    local -a program_options\n"
        "    for option in --store --as; do\n"
        '        (( $+opt_args[$option] )) && program_options+=($option "${(Q)opt_args[$option]}")\n'
        "    done\n"
    )
    return (
        f'{name}() {{\n    local curcontext="$curcontext" state line option\n'
        "    local -A opt_args\n    local -a found\n"
        f"    _arguments -C \\\n{listed(specs)} && return\n"
        f"{own if not command.path else ''}"
        f"    case $state in\n    command)\n        found=(\n"
        + "\n".join(f"            {one}" for one in described)
        + f"\n        )\n        _describe command found\n        ;;\n"
        f"    rest) (( $+functions[{chosen}] )) && {chosen} ;;\n    esac\n}}\n"
    )


def option_spec(option: Parameter) -> str:
    """An option for _arguments."""
    value = quoted(f"[{escaped(option.help)}]{value_spec(option)}")
    names = "{" + ",".join(option.flags) + "}" if len(option.flags) > 1 else option.flags[0]
    before = quoted("*") if option.several else quoted(f"({' '.join(option.flags)})")
    return f"{before}{names}{value}"


def argument_specs(command: Command) -> Iterator[str]:
    """The arguments for _arguments."""
    for position, argument in enumerate(command.arguments, 1):
        yield quoted(f"{'*' if argument.several else position}{value_spec(argument)}")


def value_spec(parameter: Parameter) -> str:
    """How a value is called and completed; nothing where there is none."""
    if not parameter.takes_value:
        return ""
    action = f"({' '.join(parameter.offered)})" if parameter.offered else ACTIONS.get(parameter.kind, " ")
    return f":{escaped(parameter.metavar)}:{action}"


def escaped(text: str) -> str:
    """Text inside a specification, where colons and brackets mean something."""
    return "".join("\\" + letter if letter in ":[]\\" else letter for letter in text)
