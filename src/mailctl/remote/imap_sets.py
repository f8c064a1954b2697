"""Sets of UIDs as IMAP writes them (RFC 9051, 9: sequence-set)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from mailctl.errors import ProtocolError

T = TypeVar("T")
LONGEST = 900  # bytes; some servers take lines of a thousand only
MOST = 20_000_000  # more than any folder holds: a set that names more is a trap


def written(uids: Iterable[int]) -> str:
    """A set of UIDs, runs as ranges."""
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs(uids))


def runs(uids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each run of numbers that follow each other."""
    first = last = 0
    for uid in sorted(set(uids)):
        if uid == last + 1 and first:
            last = uid
            continue
        if first:
            yield first, last
        first = last = uid
    if first:
        yield first, last


def chunks(uids: Iterable[int], *, most: int) -> Iterator[list[int]]:
    """UIDs in ascending order, so many at once that their set is short enough to be sent."""
    chunk: list[int] = []
    room, before = LONGEST, 0
    for uid in sorted(set(uids)):
        cost = 0 if uid == before + 1 else 2 * (len(str(uid)) + 1)
        if chunk and (len(chunk) >= most or cost > room):
            yield chunk
            chunk, room = [], LONGEST
            cost = 2 * (len(str(uid)) + 1)
        chunk.append(uid)
        room, before = room - cost, uid
    if chunk:
        yield chunk


def read(text: str) -> frozenset[int]:
    """The UIDs in a set.

    Raises:
        ProtocolError: it is none, or names more than any folder holds.
    """
    found: set[int] = set()
    for part in text.split(","):
        first, colon, last = part.partition(":")
        if not first.isdigit() or not (last or first).isdigit() or (colon and not last):
            raise ProtocolError("the server names its messages in a way that cannot be read")
        low, high = sorted((int(first), int(last or first)))
        if high - low + len(found) > MOST:
            raise ProtocolError("the server names more messages than a folder can hold")
        found.update(range(low, high + 1))
    return frozenset(found)


def window(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Parts of a sequence, each of at most so many."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
