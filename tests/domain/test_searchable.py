"""What a search finds a message by: as much of a large text as is kept, and no copies of the rest."""

import base64
import quopri
import tracemalloc

import pytest

from mailctl.domain.searchable import LONGEST_BODY, look_at


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_of_a_large_text_so_much_is_found_as_is_kept(encoding):
    text = "réunion ".encode() * 400_000
    body = {"8bit": bytes, "base64": base64.encodebytes, "quoted-printable": quopri.encodestring}[encoding](text)
    head = f"Subject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n".encode()

    assert look_at(head + body).words.body == text.decode()[:LONGEST_BODY]


def test_a_large_text_is_not_copied_for_its_words():
    raw = b"Subject: x\nMessage-ID: <1@x>\n\n" + b"a line of text\n" * 3_000_000
    look_at(b"Subject: x\n\nx")
    tracemalloc.start()
    look_at(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < len(raw) / 2
