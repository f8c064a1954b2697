"""One step of the tour: a command, what is said before it, and how it has to end."""

import shlex

from msgspec import Struct

WIDTH = 100
INDENT = "    "


class Step(Struct, frozen=True, kw_only=True):
    """A command of the tour.

    Args:
        words: what stands behind `mailctl`; `{id}` becomes the number of the newest message that `newest` lists.
        says: a sentence for the reader, before the command; empty to go on without one.
        typed: what the command reads.
        status: the exit status it has to end with.
        shows: what its output has to hold.
        newest: the account whose newest message is meant by `{id}`.
    """

    words: tuple[str, ...]
    says: str = ""
    typed: str = ""
    status: int = 0
    shows: tuple[str, ...] = ()
    newest: str = ""


def command_line(words: tuple[str, ...], *, typed: str = "", home: str = "") -> str:
    """The command as one would type it, in lines that are not too long; what is typed into it as a here-document."""
    lines, line = [], "mailctl"
    for word, value in options(words):
        part = " ".join(quoted(one, home) for one in (word, *value))
        if len(line) + len(part) + 1 > WIDTH:
            lines.append(f"{line} \\")
            line = f"{INDENT}{part}"
        else:
            line = f"{line} {part}"
    if typed:
        line = f"{line} <<END\n{typed.rstrip()}\nEND"
    return "\n".join([*lines, line])


def options(words: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """The words, an option and its value kept together."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for word in words:
        if found and found[-1][0].startswith("-") and not found[-1][1] and not word.startswith("-"):
            found[-1] = (found[-1][0], (word,))
        else:
            found.append((word, ()))
    return found


def quoted(word: str, home: str) -> str:
    """A word as a shell wants it; the demo's folder by its variable."""
    if home and word.startswith(f"{home}/"):
        return f'"$MAILCTL_HOME{word.removeprefix(home)}"'
    return shlex.quote(word)
