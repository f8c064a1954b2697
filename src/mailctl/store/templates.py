"""Templates: TOML between `+++` lines, then Markdown, in the store's templates/; and the files that they send along."""

import os
import re
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mailctl.domain.account import NAME_PATTERN
from mailctl.domain.inline import is_within
from mailctl.domain.template import Template, Variable, faults_of
from mailctl.errors import BadDataError, InputMissingError, Problem, StorageError, TemplateNotFoundError, nearest
from mailctl.store.decode import Source, decode, invalid, table_of, unknown_key

if TYPE_CHECKING:
    from mailctl.store.files import Store

FOLDER = "templates"
FRAGMENTS = "templates/fragments"
FENCE = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
LISTS = ("to", "cc", "bcc", "reply_to", "attachments")
NEEDS = {True: "needed", False: "none"}
LARGEST_FILE = 100_000_000  # bytes; more is no mail's attachment anywhere
NAME = re.compile(NAME_PATTERN)


def file_of(name: str) -> str:
    """The file of the store that holds a template."""
    return f"{FOLDER}/{name}.md"


def names(store: "Store") -> tuple[str, ...]:
    """The names of all templates, sorted; no file is opened."""
    try:
        found = os.listdir(store.root / FOLDER)  # noqa: PTH208 - as the store lists its other folders
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise StorageError(f"{FOLDER}: cannot be read: {error.strerror}", hint="mailctl store path") from error
    return tuple(sorted(name[:-3] for name in found if name.endswith(".md") and is_name(name[:-3])))


def read(store: "Store", name: str) -> tuple[Template, Source]:
    """A template, and the text that it comes from.

    Raises:
        TemplateNotFoundError: with the nearest name as a hint.
        StoreError: the file is invalid or unsafe.
    """
    text = store.read(file_of(name)) if is_name(name) else None
    if text is None:
        raise no_template(store, name)
    return template_in(name, text)


def is_name(name: str) -> bool:
    """Whether a template or a fragment may be called so; none leads out of its folder."""
    return bool(NAME.match(name))


def no_template(store: "Store", name: str) -> TemplateNotFoundError:
    """The error of a template that is not there, with the nearest name."""
    close = nearest(name, names(store))
    hint = f"did you mean '{close}'? mailctl template list" if close else "mailctl template list"
    return TemplateNotFoundError(f"no template '{name}'", hint=hint)


def template_in(name: str, text: str) -> tuple[Template, Source]:
    """The template in a file's text; its source has the front matter in the lines that it has in the file.

    Raises:
        StoreError: with every problem found.
    """
    source, body = parted(file_of(name), plain_ends(text))
    table = prepared(table_of(source), source)
    found = decode(Template, table, source, extra={"name": name, "body": body}, rules=faults_of)
    return named(found), source


def parted(file: str, text: str) -> tuple[Source, str]:
    """The front matter, an empty line in the place of each fence; and what stands below it.

    Raises:
        StoreError: there is no front matter.
    """
    opening = FENCE.match(text)
    closing = FENCE.search(text, opening.end() + 1) if opening else None
    if opening is None or closing is None:
        what = "the first line is not +++" if opening is None else "no second line of +++ behind the front matter"
        raise invalid((Problem(file, 1, "", what),))
    return Source(file, text[opening.end() : closing.start()] + "\n"), text[closing.end() :].removeprefix("\n")


def first_line(source: Source) -> int:
    """The line of the file on which the body begins."""
    return source.text.count("\n") + 1


def prepared(table: dict[str, Any], source: Source) -> dict[str, Any]:
    """The table with what may be written in a shorter way as it is meant.

    Raises:
        StoreError: a variable has a name of its own.
    """
    short = {key: [table[key]] for key in LISTS if isinstance(table.get(key), str)}
    need = {"affair": NEEDS[table["affair"]]} if isinstance(table.get("affair"), bool) else {}
    variables = table.get("variables")
    if not isinstance(variables, dict):
        return {**table, **short, **need}
    for name, one in variables.items():
        if isinstance(one, dict) and "name" in one:
            raise invalid((source.problem(("variables", name, "name"), unknown_key("name", Variable)),))
    return {**table, **short, **need, "variables": {name: plain(one) for name, one in variables.items()}}


def plain(variable: Any) -> Any:
    """A variable's table, a day that stands without quotes as a text."""
    if not isinstance(variable, dict) or not hasattr(variable.get("default"), "isoformat"):
        return variable
    return {**variable, "default": variable["default"].isoformat()}


def named(template: Template) -> Template:
    """The template, its variables knowing their names."""
    from msgspec.structs import replace

    known = {name: replace(one, name=name) for name, one in template.variables.items()}
    return replace(template, variables=known)


def fragment(store: "Store", name: str) -> str:
    """The text of a fragment.

    Raises:
        LookupError: there is none.
        StoreError: the file is unsafe.
    """
    text = store.read(f"{FRAGMENTS}/{name}.md") if is_name(name) else None
    if text is None:
        raise LookupError(f"there is no fragment '{name}' in {FRAGMENTS}/")
    return plain_ends(text)


def plain_ends(text: str) -> str:
    """The text without what Windows' editors put before it and at the ends of its lines."""
    return text.replace("\r\n", "\n").removeprefix("\ufeff")


def attached(folder: Path, name: str) -> bytes:
    """The bytes of a file in a folder, to which no link and no `..` leads.

    Args:
        folder: where it has to be.
        name: relative to it.

    Raises:
        BadDataError: the name leads out of the folder, or it is too large.
        InputMissingError: there is none, or it is no file.
    """
    path = PurePosixPath(name)
    if not name or not is_within(name, path):
        raise BadDataError(f"the attachment '{name}' is no file within {folder}", hint=f"cp FILE {folder}")
    try:
        return content_of(folder, path)
    except OSError as error:
        why = "a link" if error.strerror and "symbolic" in error.strerror else (error.strerror or "").lower()
        raise InputMissingError(f"{folder / path}: {why}", hint=f"ls -l {folder / path}") from error


def content_of(folder: Path, path: PurePosixPath) -> bytes:
    """The bytes of a file, each folder on the way opened as what it is, so that none can be exchanged meanwhile."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    here = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        for part in path.parts[:-1]:
            below = os.open(part, flags | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = below
        descriptor = os.open(path.name, flags | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputMissingError(f"{folder / path}: not a file", hint=f"ls -ld {folder / path}")
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise BadDataError(f"{folder / path} has more than {LARGEST_FILE:,} bytes")
    return data
