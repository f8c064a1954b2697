"""The links of affairs, in `.links` files beside them: read, and put into a change of the store."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailctl.domain.link import Lines, Link
    from mailctl.store.change import Change
    from mailctl.store.files import Store

ENDING = ".links"
LARGEST = 1 << 28  # bytes: two million messages of one affair


def file_of(ref: str) -> str:
    """The file of the store that holds the links of an affair."""
    from mailctl.domain.affair import stem_of  # a list of mail asks for states alone

    return f"affairs/{stem_of(ref)}{ENDING}"


def read(store: "Store", ref: str) -> "tuple[Link, ...]":
    """The links of an affair; none where it has no file yet.

    Raises:
        StoreError: the file is unsafe or no text.
    """
    return lines(store, ref).links


def lines(store: "Store", ref: str) -> "Lines":
    """The links of an affair, and the lines of its file that are none.

    Raises:
        StoreError: the file is unsafe or no text.
    """
    from mailctl.domain.link import lines_in

    return lines_in(store.read(file_of(ref), most=LARGEST) or "")


def put(
    change: "Change",
    ref: str,
    links: "Iterable[Link]",
    *,
    odd: Iterable[tuple[int, str]] = (),
    refused: "Iterable[Link]" = (),
) -> None:
    """Let an affair have these links, and not those that were taken out; its file goes with its last line."""
    from mailctl.domain.link import text_of

    change.put_file(file_of(ref), text_of(links, odd, refused) or None)


def states(root: Path) -> dict[str, str]:
    """What the system says of each file of links, by the file's name without ending: another text, another state."""
    try:
        with os.scandir(root / "affairs") as found:
            return {one.name[: -len(ENDING)]: state_of(one.stat()) for one in found if one.name.endswith(ENDING)}
    except OSError:  # no folder, or one taken away meanwhile: the next command that reads the store says so
        return {}


def state_of(file: os.stat_result) -> str:
    """A file's state in a word: every writing makes another, by renaming as by hand."""
    return f"{file.st_mtime_ns}.{file.st_size}.{file.st_ino}"


def refs(stems: Iterable[str]) -> dict[str, str]:
    """The affairs that files stand for, by their names; what stands for none is left out."""
    from mailctl.domain.affair import ref_of

    return {stem: ref for stem in stems if (ref := ref_of(stem)) is not None}
