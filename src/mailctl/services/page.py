"""A page of one's own, and the images it shows that lie beside it."""

from pathlib import Path
from typing import NamedTuple

from mailctl.domain.inline import cid_of, images_in, type_of, with_cids
from mailctl.domain.message import Attachment
from mailctl.errors import InputMissingError

WITHIN = "page"


class Page(NamedTuple):
    """HTML that refers to its images by content id, and those images."""

    html: str
    images: tuple[Attachment, ...]


def page(html: str, folder: Path) -> Page:
    """A page as it travels: what it shows from its own folder travels with it, what lies on the web stays there.

    Args:
        html: as it was written.
        folder: where its file lies.

    Raises:
        BadDataError: an image is outside that folder, or none that mail programs show.
        InputMissingError: an image is missing or unreadable.
    """
    names = images_in(html, folder="the page's own folder")
    return Page(with_cids(html, within=WITHIN), tuple(image(name, folder) for name in names))


def image(name: str, folder: Path) -> Attachment:
    """An image of a page."""
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputMissingError(f"{path}: {error.strerror}", hint=f"ls -l {path}") from error
    return Attachment(filename=path.name, content=content, content_type=type_of(name), cid=cid_of(name, within=WITHIN))
