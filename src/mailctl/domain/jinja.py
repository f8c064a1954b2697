"""Text with Jinja2's blanks, filled in a sandbox; with the language beside it the only home of Jinja2.

A small language: values, filters, `if`, `for`, `set`, `with`, and `include` where fragments are given. Nothing can be
called or defined, so that what one person writes can neither reach beyond its values nor keep another's mail waiting.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from types import TracebackType
from typing import NamedTuple

from jinja2 import Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError

from mailctl.domain.jinja_language import (
    BUDGET,
    EMPTY,
    END,
    FULL,
    LARGEST,
    SHIFT,
    SOURCE,
    START,
    TAG,
    UNMARKED,
    Path,
    Read,
    compiled,
    environment_for,
)
from mailctl.errors import TemplateFaultError

MARKS = re.compile("[\ufdd0-\ufdd4]")
GIVEN = re.compile(f"{START}([^{END}]*){END}")
# Whatever values and filters of the wrong kind raise inside a template.
FAULTS = (
    TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,  # of a filter of Jinja2 that is given too little
    RuntimeError,
    SyntaxError,
    MemoryError,
)


class Ready(NamedTuple):
    """A text made ready to be filled many times."""

    template: Template
    places: tuple[str, ...]  # what the text is called, and then each fragment
    first_line: int
    names: tuple[tuple[Path, int], ...]  # what it uses of its values, and in which line

    def text(self, values: Mapping[str, object]) -> str:
        """The text with its blanks filled, every line of it.

        Raises:
            TemplateFaultError: a value is not there, or it takes more work than a mail needs.
        """
        return MARKS.sub("", self.marked(values))

    def pieces(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """What stands there and what a variable gave, by turns; a line whose variables are all empty is left out."""
        return tuple("\n".join(kept_lines(self.marked(values))).split(FULL))

    def marked(self, values: Mapping[str, object]) -> str:
        """The text with marks around what variables gave."""
        try:
            return expanded(self.template, values)
        except FAULTS as error:
            raise self.fault(*told(error)) from error

    def fault(self, said: str, line: int, *, hint: str = "") -> TemplateFaultError:
        """What is wrong in a line, counted as `names` does, told with file and line."""
        return fault_at(said, line, self.places, self.first_line, hint=hint)


def ready(
    source: str,
    *,
    where: str,
    first_line: int = 1,
    fragments: Read | None = None,
    filters: Mapping[str, Callable[..., object]] | None = None,
    show: Callable[[object], str] = str,
) -> Ready:
    """A text made ready.

    Args:
        source: the text.
        where: what it is called in messages.
        first_line: which line of that it begins on.
        fragments: gives the text of a fragment that is included; None where nothing may be.
        filters: more of them.
        show: how a value is shown that is no text.

    Raises:
        TemplateFaultError: a mistake in the text or in a fragment.
    """
    environment = environment_for(show, html=False)
    environment.filters |= filters or {}
    environment.fragments = fragments
    try:
        made = compiled(environment, source.translate(UNMARKED))
    except FAULTS as error:
        raise fault_at(*told(error), (where, *environment.included), first_line) from error
    return Ready(made, (where, *environment.included), first_line, environment.names)


def render(source: str, values: Mapping[str, object], *, where: str, html: bool = False) -> str:
    """The text with its blanks filled; a line whose variables are all empty is left out.

    Args:
        source: the text.
        values: plain mappings, texts, numbers, lists; nothing else can be reached.
        where: what the text is called in messages.
        html: whether the text is HTML, in which values are escaped.

    Raises:
        TemplateFaultError: a mistake in the text, a value that is not there, or more work than a mail needs.
    """
    try:
        filled = expanded(template(source, html=html), values)
    except FAULTS as error:
        raise fault_at(*told(error), (where,)) from error
    return MARKS.sub("", "\n".join(kept_lines(filled)))


def expanded(template: Template, values: Mapping[str, object]) -> str:
    """The text with its blanks filled, marks left in it; given up as soon as it is too long."""
    pieces, size = [], 0
    for piece in template.generate({**values, BUDGET: count()}):
        size += len(piece)
        if size > LARGEST:
            raise SecurityError(f"it comes to more than {LARGEST} characters")
        pieces.append(piece)
    return "".join(pieces)


def kept_lines(filled: str) -> Iterator[str]:
    """The lines but those whose variables are all empty, and those of nothing but tags; marks around what was given."""
    judged = GIVEN.sub(lambda found: f"{FULL}{found[1]}{FULL}" if found[1].strip() else EMPTY, filled)
    for line in judged.split("\n"):
        bare = line.replace(TAG, "").replace(EMPTY, "")
        if FULL in line or not (EMPTY in line or (TAG in line and not bare.strip())):
            yield bare


def told(error: Exception) -> tuple[str, int]:
    """What went wrong, in our words, and in which line."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else line_in(error.__traceback__)
    said = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
    plain = re.sub(r"^'[\w. ]+ object' has no (?:attribute|element) ", "there is no ", said)
    return plain[:1].lower() + plain[1:], line


def fault_at(
    said: str, line: int, places: tuple[str, ...], first_line: int = 1, *, hint: str = ""
) -> TemplateFaultError:
    """What is wrong, told with file and line; the lines of fragments are counted far beyond the text's own."""
    number, own = divmod(line, SHIFT)
    return TemplateFaultError(said, where=places[number], line=own if number else own + first_line - 1, hint=hint)


def line_in(traceback: TracebackType | None) -> int:
    """The line of the template in which it happened; 1 for the whole."""
    line = 1
    while traceback:
        if traceback.tb_frame.f_code.co_filename == SOURCE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


@lru_cache(maxsize=64)
def template(source: str, *, html: bool) -> Template:
    """A source made ready; a signature is filled for one colleague after the other."""
    return compiled(environment_for(str, html=html), source)
