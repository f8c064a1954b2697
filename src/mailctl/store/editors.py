"""What lets an editor complete and check the store's files: their first line, and the schemas it names.

The line names a file in the store itself, `#:schema ../.schemas/account.json`, so that it is the same on every
workstation and needs no network; the schemas there are copies of those that ship with mailctl. A store's history leaves
them out, like all hidden files.
"""

import os
from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "schemas"
FOLDER = ".schemas"
KINDS = ("store", "account", "collaborator", "affair", "apply")
OF_FOLDER = {"": "store", "accounts": "account", "collaborators": "collaborator", "affairs": "affair"}


def first_line(file: str) -> str:
    """The line that names the schema of one of the store's files, its line break included; empty where it has none."""
    folder = file.rpartition("/")[0]
    kind = OF_FOLDER.get(folder)
    return f"#:schema {'../' if folder else ''}{FOLDER}/{kind}.json\n" if kind else ""


def shipped(kind: str) -> str:
    """The schema of one kind of file."""
    return (SHIPPED / f"{kind}.json").read_text(encoding="utf-8")


def install(root: Path) -> None:
    """Put the shipped schemas into a store where it has none, or others."""
    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        for kind in KINDS:
            if current(folder / f"{kind}.json") != shipped(kind):
                replace(folder / f"{kind}.json", shipped(kind))
    except OSError:  # an editor's comfort stops no change of the store; what stops the change itself is told by it
        return


def current(file: Path) -> str | None:
    """A file's text; None when there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def replace(file: Path, text: str) -> None:
    """Write a file, 0600, beside, then rename it, so that no editor reads half of it."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.touch(mode=0o600)
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
