"""One step of the tour: a command, what is said before it, and how it has to end."""

import shlex

from msgspec import Struct

INDENT = "    "
SERVERS, IMAP_SERVER = "$SERVERS", "$IMAP"  # stand for many words, in the text and on the command line


class Step(Struct, frozen=True, kw_only=True):
    """A command of the tour.

    Args:
        words: what stands behind `mailctl`; `$SERVERS` and `$IMAP` become the options that name the servers, `{id}` the
            number of the newest message that `newest` lists.
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


def command_line(words: tuple[str, ...], *, typed: str = "", home: str = "", width: int = 100) -> str:
    """The command as one would type it, in lines that are not too long, with what it reads.

    Args:
        words: what stands behind `mailctl`.
        typed: one line comes from `echo`, several from a here-document.
        home: the folder that is shown as `$MAILCTL_HOME`.
        width: of a line.
    """
    is_short = typed.count("\n") == 1
    lines, line = [], f"echo {shlex.quote(typed.rstrip())} | mailctl" if is_short else "mailctl"
    for word, value in options(words):
        part = " ".join(quoted(one, home) for one in (word, *value))
        if len(line) + 1 + len(part) > width - 2:
            lines.append(f"{line} \\")
            line = f"{INDENT}{part}"
        else:
            line = f"{line} {part}"
    if typed and not is_short:
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
    if word in {SERVERS, IMAP_SERVER}:
        return word
    if home and word.startswith(f"{home}/"):
        return f'"$MAILCTL_HOME{word.removeprefix(home)}"'
    return shlex.quote(word)
