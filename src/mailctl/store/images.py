"""The files that signatures embed: read from the store's signatures/ folder, and from nowhere else."""

import os
import stat
from pathlib import Path

from mailctl.errors import BadDataError, InputMissingError, StorageError

FOLDER = "signatures"
LARGEST = 1_000_000  # bytes; it goes along with every mail


def read_image(store: Path, name: str) -> bytes:
    """The bytes of an image.

    Args:
        store: the store's folder.
        name: relative to signatures/.

    Raises:
        InputMissingError: there is none, or it is no file.
        BadDataError: it leads out of the folder, or is too large.
    """
    folder = store / FOLDER
    place = f"{FOLDER}/{name}"
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise BadDataError(f"{place} leads out of the store's {FOLDER}/", hint=f"cp {name} {folder}/")
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InputMissingError(f"{place}: {(error.strerror or '').lower()}", hint=f"cp {name} {folder}/") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputMissingError(f"{place} is no file", hint=f"cp {name} {folder}/")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise StorageError(f"{place}: cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(data) > LARGEST:
        raise BadDataError(f"{place} has more than {LARGEST:,} bytes, and goes along with every mail")
    return data
