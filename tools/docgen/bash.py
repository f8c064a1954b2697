"""completions/mailctl.bash."""

from collections.abc import Iterator

from docgen.walk import NOTE, Command, Parameter, commands, leaves

ENGINE = r"""
_mailctl_offer() {  # KIND: put what fits the current word into COMPREPLY
    local name
    case $1 in
    accounts | collaborators | templates)
        while IFS= read -r name; do
            [[ $name == "$current"* ]] && COMPREPLY+=("$name")
        done < <(mailctl "${program_options[@]}" "${1%s}" list </dev/null 2>/dev/null | cut -f 1)
        ;;
    files | folders)
        compopt -o filenames 2>/dev/null
        [[ $1 == files ]] && mapfile -t COMPREPLY < <(compgen -f -- "$current")
        [[ $1 == folders ]] && mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$1" -- "${current##*,}") ;;
    esac
}

_mailctl() {
    local current=${COMP_WORDS[COMP_CWORD]} path='' position=0 option='' index word kind
    local subcommands='' options='' arguments=() program_options=()
    COMPREPLY=()
    [[ $current == = ]] && current=''
    _mailctl_command ''
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $word == = ]]; then
            continue
        elif [[ $option ]]; then
            [[ $option == --store || $option == --as ]] && program_options+=("$option" "$word")
            option=''
        elif [[ $word == -* ]]; then
            _mailctl_value "$path $word" && option=$word
        elif [[ $subcommands ]]; then
            path=${path:+$path }$word
            _mailctl_command "$path" || return
        else
            position=$((position + 1))
        fi
    done
    if [[ $option ]]; then
        _mailctl_value "$path $option"
        _mailctl_offer "$kind"
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [[ $subcommands ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$subcommands" -- "$current")
    elif ((${#arguments[@]})); then
        ((position < ${#arguments[@]})) || position=$((${#arguments[@]} - 1))
        _mailctl_offer "${arguments[position]}"
    fi
}

complete -F _mailctl mailctl
"""


def text() -> str:
    """The file."""
    return (
        "\n".join(
            [
                f"# Completion of mailctl in bash. {NOTE}",
                "# To use it: copy it to ~/.local/share/bash-completion/completions/mailctl, or source it.",
                "",
                "_mailctl_command() {  # COMMAND: what can follow it",
                "    case $1 in",
                *(line for command in commands() for line in command_case(command)),
                "    *) return 1 ;;",
                "    esac",
                "}",
                "",
                "_mailctl_value() {  # COMMAND OPTION: how the option's value is completed; fails where it takes none",
                "    case $1 in",
                *value_cases(),
                "    *) return 1 ;;",
                "    esac",
                "}",
            ]
        )
        + ENGINE
    )


def command_case(command: Command) -> Iterator[str]:
    """What can follow one command."""
    options = " ".join(flag for option in command.options for flag in option.flags)
    kinds = " ".join(quoted(completed(one)) for one in padded(command))
    yield f"    {quoted(command.name)})"
    yield f"        subcommands={quoted(' '.join(command.subcommands))}"
    yield f"        options={quoted(f'{options} --help'.strip())}"
    yield f"        arguments=({kinds})"
    yield "        ;;"


def padded(command: Command) -> tuple[Parameter | None, ...]:
    """The arguments in their order; None behind them where there may be no more."""
    several = bool(command.arguments) and command.arguments[-1].several
    return command.arguments if several or not command.arguments else (*command.arguments, None)


def value_cases() -> Iterator[str]:
    """The options that take a value, by how that is completed."""
    found: dict[str, list[str]] = {}
    for command in (commands()[0], *leaves()):
        for option in command.options:
            if option.takes_value:
                found.setdefault(completed(option), []).extend(f"{command.name} {flag}" for flag in option.flags)
    for how, names in sorted(found.items()):
        yield "    " + " | ".join(map(quoted, names)) + f") kind={quoted(how)} ;;"


def completed(parameter: Parameter | None) -> str:
    """How a value is completed: a kind, or the words themselves."""
    return "" if parameter is None else parameter.kind or " ".join(parameter.offered)


def quoted(text: str) -> str:
    """Text as one word of bash."""
    return "'" + text.replace("'", "'\\''") + "'"
