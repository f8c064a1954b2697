"""The least that can be done with a store's files: `files.py read STORE COPY` parses them, `write` writes them anew."""

import os
import sys
import tomllib
from pathlib import Path


def read(store: Path) -> None:
    """Read and parse each file."""
    for path in store.glob("*/*.toml"):
        tomllib.loads(path.read_text())


def write(store: Path, copy: Path) -> None:
    """Write each file and fsync it, then fsync the folders, as `apply` does with new ones."""
    for folder in ("accounts", "collaborators"):
        (copy / folder).mkdir(parents=True)
        for path in (store / folder).glob("*.toml"):
            data = path.read_bytes()
            descriptor = os.open(copy / folder / path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, data)
            os.fsync(descriptor)
            os.close(descriptor)
        sync(copy / folder)
    sync(copy)


def sync(folder: Path) -> None:
    """Make what is in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


if __name__ == "__main__":
    read(Path(sys.argv[2])) if sys.argv[1] == "read" else write(Path(sys.argv[2]), Path(sys.argv[3]))
