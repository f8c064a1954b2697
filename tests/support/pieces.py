"""Contents that come in blocks with any borders, and ways to cut bytes so."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import strategies as st


def cut(raw: bytes, borders: tuple[int, ...]) -> list[bytes]:
    """Bytes in blocks; a border may fall anywhere, several on one place."""
    places = sorted({0, len(raw), *(border % (len(raw) + 1) for border in borders)})
    return [raw[start:end] for start, end in pairwise(places)]


class Pieces:
    """A content with borders of one's choice."""

    def __init__(self, raw: bytes, borders: tuple[int, ...] = ()) -> None:
        self.raw = raw
        self.borders = borders

    def __len__(self) -> int:
        return len(self.raw)

    def blocks(self) -> Iterator[bytes]:
        yield from cut(self.raw, self.borders)


BORDERS = st.lists(st.integers(0, 1 << 20), max_size=12).map(tuple)
# Bytes of which what matters at a line's end is likely
LINES = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"From ", b"x", b"\0", "é".encode(), b"x" * 997, b"A: b"]),
    max_size=30,
).map(b"".join)
