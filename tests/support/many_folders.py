"""An IMAP server of many folders on a real socket, whose connections meet different things."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from support.scripted import Peer, Served, serving
from support.scripted_imap import GREETING, HANG_UP, SILENCE, TABLE, answer, folder_of

Meets = Callable[[int, str, str], bytes | None]  # connection from 1 on, opened folder, command → answer; None: as usual


@contextmanager
def many_folders(folders: dict[str, Sequence[bytes]], meets: Meets = lambda *_: None) -> Iterator[Served]:
    """A server with these folders and their messages.

    Args:
        folders: messages by name; the names as they are written, in ASCII.
        meets: what a connection is told instead of the usual; asked for "greeting" before all else. It may wait.
    """
    numbers = itertools.count(1)
    tables = {name: folder_of(messages) for name, messages in folders.items()}
    names = "".join(f'* LIST () "/" "{name}"\r\n' for name in folders)
    general = {**TABLE, "LIST": f"{names}{{tag}} OK listed\r\n".encode()}
    del general["EXAMINE"]

    def script(peer: Peer) -> None:
        number, opened = next(numbers), ""
        if not told(peer, meets(number, opened, "greeting") or GREETING):
            return
        while True:
            tag, _, command = peer.hear().partition(" ")
            name = command.split('"')[1] if command.startswith(("EXAMINE", "STATUS")) else opened
            usual = answer({**general, **tables.get(name, {})}, tag, command).replace(b"STATUS INBOX", status(name))
            given = meets(number, name, command)
            if not told(peer, usual if given is None else given.replace(b"{tag}", tag.encode())):
                return
            opened = name if command.startswith("EXAMINE") else opened

    with serving(script) as served:
        yield served


def status(name: str) -> bytes:
    """The beginning of STATUS' answer for a folder."""
    return f'STATUS "{name}"'.encode()


def told(peer: Peer, data: bytes) -> bool:
    """Say it; whether the conversation goes on."""
    for end in (HANG_UP, SILENCE):
        if data.endswith(end):
            peer.send(data.removesuffix(end))
            if end is SILENCE:
                peer.wait()
            return False
    peer.send(data)
    return True
