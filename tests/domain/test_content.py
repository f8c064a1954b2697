"""What comes in blocks is the same as what is held whole, wherever the blocks end."""

from base64 import encodebytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.content import BLOCK, ROW, Base64, Joined, blocks, head, holds, is_ascii, joined, rest, whole
from support.pieces import BORDERS, LINES, Pieces

BYTES = st.binary(max_size=600)


@settings(deadline=None)
@given(BYTES, BORDERS)
def test_base64_is_the_same_wherever_blocks_end(raw, borders):
    encoded = Base64(Pieces(raw, borders))

    expected = encodebytes(raw).replace(b"\n", b"\r\n") or b"\r\n"
    assert whole(encoded) == expected
    assert len(encoded) == len(expected)


@pytest.mark.parametrize("size", [0, 1, ROW - 1, ROW, ROW + 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_base64_of_any_size_has_the_size_it_tells(size):
    raw = b"\xff" * size

    encoded = Base64(raw)

    assert whole(encoded) == (encodebytes(raw).replace(b"\n", b"\r\n") or b"\r\n")
    assert len(encoded) == len(whole(encoded))


@settings(deadline=None)
@given(st.lists(st.tuples(BYTES, BORDERS, st.booleans()), max_size=6))
def test_joined_contents_follow_each_other(parts):
    given = [raw if is_whole else Pieces(raw, borders) for raw, borders, is_whole in parts]
    expected = b"".join(raw for raw, _, _ in parts)

    found = joined([joined(given[:3]), joined(given[3:])])

    assert whole(found) == b"".join(blocks(found)) == expected
    assert len(found) == len(expected)
    assert not isinstance(found, Joined) or not any(isinstance(part, Joined) for part in found.parts)


@given(BYTES, BORDERS, st.integers(0, 700))
def test_the_rest_begins_at_its_byte(raw, borders, start):
    found = rest(Pieces(raw, borders), start)

    assert whole(found) == raw[start:]
    assert len(found) == len(raw[start:])


@given(LINES, BORDERS)
def test_what_is_asked_of_many_bytes_is_answered_as_of_few(raw, borders):
    cut = Pieces(raw, borders)

    assert is_ascii(cut) == is_ascii(joined((b"", cut, b""))) == raw.isascii()
    assert head(cut) == raw.partition(b"\r\n\r\n")[0] == head(raw)
    assert holds(cut, b"\r\n.") == holds(joined((b"x", cut)), b"\r\n.") == (b"\r\n." in raw)


def test_no_block_is_larger_than_it_need_be():
    encoded = Base64(b"x" * (5 * BLOCK + 7))

    assert max(map(len, blocks(encoded))) <= BLOCK * 3 // 2
    assert list(blocks(b"")) == []
