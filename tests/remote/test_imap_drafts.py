"""Drafts with servers of few means, or with something odd in their answers: the one that is meant, and no other."""

import re

import pytest

from mailctl.errors import ProtocolError
from mailctl.remote.imap import open_imap
from mailctl.remote.imap_drafts import PIECE, outlines, pieces, remove, uid_of
from support.scripted_imap import EXAMINED, scripted_imap

HEADER = b"Subject: Plans\r\n\r\n"
OPENED = {
    "SELECT": EXAMINED.replace(b"READ-ONLY", b"READ-WRITE"),
    "UID SEARCH": b"* SEARCH 3 4 5 6\r\n{tag} OK\r\n",
    "UID STORE": b"{tag} OK\r\n",
    "UID EXPUNGE": b"* 1 EXPUNGE\r\n{tag} OK\r\n",
    "UID FETCH": (
        b'* 1 FETCH (UID 3 FLAGS (\\Draft) INTERNALDATE " 1-Mar-2026 09:00:00 +0000" RFC822.SIZE 99 BODY[HEADER]'
        + b" {18}\r\n"
        + HEADER
        + b")\r\n* 2 FETCH (FLAGS (\\Draft \\DELETED) UID 4 RFC822.SIZE 9 BODY[HEADER] {18}\r\n"
        + HEADER
        + b")\r\n* 3 FETCH (UID 5 RFC822.SIZE 9 BODY[HEADER] NIL)\r\n* 4 FETCH (FLAGS ())\r\n"
        + b"* 5 FETCH (UID 6 BODY[HEADER] {18}\r\n"
        + HEADER
        + b")\r\n{tag} OK\r\n"
    ),
}


@pytest.fixture
def server():
    with scripted_imap(OPENED) as script:
        yield script


def test_what_is_marked_for_removal_or_has_no_header_is_not_shown(server):
    with open_imap(server.server(), "secret") as session:
        session.examine("Drafts")
        found = list(outlines(session))

    assert [(one.uid, one.header, one.size) for one in found] == [(3, HEADER, 99), (6, HEADER, 0)]


def test_without_uidplus_no_other_message_is_removed(server):
    with open_imap(server.server(), "secret") as session:
        session.select("Drafts")
        remove(session, 5)

    assert server.commands("UID STORE") == ["UID STORE 5 +FLAGS.SILENT (\\Deleted)"]
    assert not [line for line in server.said if "EXPUNGE" in line]


def test_with_uidplus_it_is_gone_at_once(server):
    server.change({"AUTHENTICATE PLAIN": b"{tag} OK [CAPABILITY IMAP4rev1 UIDPLUS] in\r\n"})
    with open_imap(server.server(), "secret") as session:
        session.select("Drafts")
        remove(session, 5)

    assert server.commands("UID EXPUNGE") == ["UID EXPUNGE 5"]


def test_the_last_of_an_id_is_the_one_that_was_laid_there(server):
    with open_imap(server.server(), "secret") as session:
        assert uid_of(session, "Drafts", "<1@x.example>") == 6
        server.change({"UID SEARCH": b"* SEARCH\r\n{tag} OK\r\n"})
        assert uid_of(session, "Drafts", "<1@x.example>") is None


def given(server, answer):
    """What comes of message 5, where the server answers each question for a piece of it so."""
    server.change({"UID FETCH": answer})
    with open_imap(server.server(), "secret") as session:
        session.examine("Drafts")
        return b"".join(pieces(session, 5))


LARGE = bytes(range(256)) * (PIECE // 100)


def piece_of(raw, *, size, most=PIECE):
    """A server that gives a message piece by piece, so many bytes of it at most."""

    def answer(command):
        start = int(re.search(r"<(\d+)\.", command)[1])
        found = raw[start : start + most]
        return b"* 2 FETCH (UID 5 RFC822.SIZE %d BODY[]<%d> {%d}\r\n%b)\r\n{tag} OK\r\n" % (
            size, start, len(found), found)  # fmt: skip

    return answer


@pytest.mark.parametrize(
    ("raw", "size", "most", "asked"),
    [
        pytest.param(HEADER, len(HEADER), PIECE, 1, id="small"),
        pytest.param(LARGE, len(LARGE), PIECE, 3, id="large"),
        pytest.param(LARGE[: 2 * PIECE], 2 * PIECE, PIECE, 3, id="whole pieces"),
        pytest.param(LARGE, 9, PIECE, 3, id="larger than it says"),
        pytest.param(HEADER, 99, PIECE, 2, id="smaller than it says"),
        pytest.param(HEADER, 0, 5, 5, id="of unknown size, in small pieces"),
        pytest.param(b"", 0, PIECE, 1, id="empty"),
    ],
)
def test_one_comes_whole_however_the_server_gives_it(server, raw, size, most, asked):
    assert given(server, piece_of(raw, size=size, most=most)) == raw
    assert len(server.commands("UID FETCH")) == asked


def test_a_server_that_knows_no_pieces_gives_all_at_once(server):
    answer = b"* 2 FETCH (UID 5 RFC822.SIZE 9 BODY[] {18}\r\n" + HEADER + b")\r\n{tag} OK\r\n"

    assert given(server, answer) == HEADER


def test_half_of_one_is_an_error(server):
    def answer(command):
        first = piece_of(LARGE, size=len(LARGE))
        return first(command) if "<0." in command else b"* 2 FETCH (UID 5 FLAGS ())\r\n{tag} NO not now\r\n"

    with pytest.raises(ProtocolError, match="a part of the message only"):
        given(server, answer)


def test_one_that_is_not_there_is_nothing(server):
    assert given(server, b"{tag} OK\r\n") == b""
    assert given(server, b"* 2 FETCH (UID 5 FLAGS ())\r\n{tag} OK\r\n") == b""
