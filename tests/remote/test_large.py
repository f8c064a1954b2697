"""Messages that are not held whole: the same on the wire as those that are, and never half of one taken for it."""

import re
from datetime import UTC, datetime

import pytest

from mailctl.domain.account import Security
from mailctl.domain.message import Envelope
from mailctl.errors import MessageRefusedError, StorageError
from mailctl.remote.imap import open_imap
from mailctl.remote.imap_copies import lay_down
from mailctl.remote.smtp import open_smtp
from mailctl.remote.trace import Trace
from remote.conftest import ANNA, FEATURES, PLAIN_FEATURES, SECRET, Submission, server_at
from remote.test_imap_copies import Copy, Mailbox
from support.pieces import Pieces
from support.scripted import serving

RAW = b"Subject: x\r\n\r\n.\r\n..two\r\nFrom here\r\n" + b"0123456789\r\n.x\r\n" * 2000
BORDERS = (1, 13, 14, 15, 16, 17, 18, 1000, 1001, 1002, 1012, 1013)
ENVELOPE = Envelope(sender="a@firm.example", recipients=(ANNA,))


class Listening(Submission):
    """A submission server that remembers each MAIL."""

    def handle(self, peer, verb, line):
        self.mails = [*getattr(self, "mails", []), *([line] if verb == "MAIL" else [])]
        super().handle(peer, verb, line)


class Broken(Pieces):
    """A content that cannot be read to its end."""

    def blocks(self):
        yield RAW[:5000]
        raise StorageError("message.eml: it became shorter while it was read")


@pytest.mark.parametrize("features", [FEATURES, PLAIN_FEATURES])
def test_it_arrives_as_one_that_is_held_whole(features):
    script = Submission(features=features)

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        session.send(ENVELOPE, RAW)
        session.send(ENVELOPE, Pieces(RAW, BORDERS))

    assert script.messages[0] == script.messages[1] == re.sub(rb"^\.", b"..", RAW, flags=re.M)


def test_what_is_said_of_it_beforehand_is_said_of_one_that_is_held_whole():
    raw = "Subject: é\r\n\r\nà\r\n".encode()
    script = Listening(features=(*FEATURES, "SMTPUTF8"))

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        session.send(ENVELOPE, Pieces(raw, (12, 13)))

    [mail] = script.mails
    assert mail.endswith(f"SIZE={len(raw)} BODY=8BITMIME SMTPUTF8")


def test_one_larger_than_the_server_takes_is_refused_before_it_is_read():
    script = Listening(features=("SIZE 1000", "AUTH PLAIN"))

    with (
        serving(script) as served,
        open_smtp(server_at(served), SECRET) as session,
        pytest.raises(MessageRefusedError, match="takes 1,000 at most"),
    ):
        session.send(ENVELOPE, Broken(RAW))

    assert script.mails == []


def test_one_that_cannot_be_read_to_its_end_is_not_sent_and_the_connection_is_left():
    script = Submission(features=PLAIN_FEATURES)

    with serving(script) as served, open_smtp(server_at(served), SECRET) as session:
        with pytest.raises(StorageError):
            session.send(ENVELOPE, Broken(RAW))
        assert session.is_dead

    assert (script.messages, script.verbs[-1]) == ([], "DATA")


def test_a_trace_tells_its_size_on_one_line(tmp_path):
    with (
        serving(Submission()) as served,
        open_smtp(server_at(served), SECRET, trace=Trace(tmp_path / "trace")) as session,
    ):
        session.send(ENVELOPE, Pieces(b"Subject: x\r\n\r\nsecret plans\r\n", (3, 9)))

    [line] = [line for line in (tmp_path / "trace").read_text().splitlines() if "message" in line]
    assert line == " -> message, … 28 bytes"
    assert "secret" not in (tmp_path / "trace").read_text()


# -- into a folder


def laid(mailbox, *contents):
    copies = [Copy(f"<{number}@x>", raw, datetime(2026, 3, 2, tzinfo=UTC)) for number, raw in enumerate(contents)]
    with serving(mailbox) as served, open_imap(server_at(served, Security.NONE), "secret") as session:
        return lay_down(session, "Sent", copies)


@pytest.mark.parametrize("offers", ["LITERAL+", "LITERAL-", ""])
def test_it_is_kept_as_one_that_is_held_whole(offers):
    mailbox = Mailbox(offers=offers)

    assert laid(mailbox, RAW, Pieces(RAW, BORDERS)) == [None, None]
    assert mailbox.kept == [RAW, RAW]


def test_one_that_cannot_be_read_to_its_end_is_not_kept():
    mailbox = Mailbox()

    with (
        serving(mailbox) as served,
        open_imap(server_at(served, Security.NONE), "secret") as session,
        pytest.raises(StorageError),
    ):
        session.append("Sent", Broken(RAW), flags=frozenset(), when=datetime(2026, 3, 2, tzinfo=UTC))

    assert mailbox.kept == []
