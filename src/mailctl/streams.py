"""The three standard streams, open whatever the caller closed."""

import os
import sys

MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


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
