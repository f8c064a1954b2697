"""What a program takes over from its caller and must not leave so: closed streams, and a umask that lets others in."""

import os
import sys

MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
OWNERS_ONLY = 0o077


def begin(arguments: list[str] | None) -> list[str]:
    """The words that a program was called with, its streams open; `arguments` when it is called by another function.

    Called by the system, it makes files and folders for their owner only, whatever the umask.
    """
    open_closed_streams()
    if arguments is not None:
        return arguments
    os.umask(OWNERS_ONLY)
    return sys.argv[1:]


def open_closed_streams() -> None:
    """Open what the caller closed: stdin is empty, what is written is lost; no other file gets such a number."""
    for number, (name, mode) in enumerate(MODES.items()):
        if getattr(sys, name) is None:  # so Python says that it was closed
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)  # the programs that we run count on it too
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
