"""Large messages are never held whole, and go out as small ones do; what changes meanwhile is not accepted."""

import os
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import example, given, settings

from conftest import ok
from mailctl.domain.content import LARGE
from mailctl.domain.outgoing import Entry
from mailctl.errors import BadDataError, InputMissingError
from mailctl.services.ready import LONGEST_LINE, long_line, travelling
from support.pieces import BORDERS, LINES, Pieces, cut
from support.sending import started

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
SEND = ("send", "anna@client.example", "-a", "contact", "-s", "Plans")
HEADER = b"From: contact@firm.example\nTo: anna@client.example\nBcc: ben@client.example\nSubject: Plans\n"
TEXT = b"\n.\n..two\nFrom here\n" + b"0123456789\n.x\n" * 100_000


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.pdf"
    path.write_bytes(os.urandom(2 * LARGE))
    return path


def test_a_large_file_arrives_and_nothing_is_left(cli, server, outbox, plan):
    sent = ok(cli(*SEND, "--attach", str(plan), "--json", input="Hello")).json

    [taken] = server.taken
    [file] = message_from_bytes(taken.data, policy=policy.default).iter_attachments()
    assert file.get_content() == plan.read_bytes()
    assert sent["size"] == len(taken.data)
    assert outbox.entries() == ()


def test_what_is_queued_goes_whatever_becomes_of_its_file(cli, server, outbox, plan):
    ok(cli(*SEND, "--attach", str(plan), "--queue", input="Hello"))
    [entry] = outbox.entries()
    content = plan.read_bytes()
    plan.write_bytes(b"")

    ok(cli("outbox", "flush"))

    [file] = message_from_bytes(server.taken[0].data, policy=policy.default).iter_attachments()
    assert file.get_content() == content
    assert entry.size == len(server.taken[0].data)


def test_a_ready_made_one_is_byte_for_byte_what_it_was(cli, server, tmp_path):
    raw = HEADER + b"Date: Tue, 3 Mar 2026 09:00:00 +0100\nMessage-ID: <own@firm.example>\n" + TEXT
    path = tmp_path / "ready.eml"
    path.write_bytes(raw)

    ok(cli("send", "--raw", str(path), "-a", "contact"))
    ok(cli("send", "--raw", "-", "-a", "contact", input=raw))

    expected = raw.replace(b"Bcc: ben@client.example\n", b"").replace(b"\n", b"\r\n")
    assert [one.data == expected for one in server.taken] == [True, True]
    assert server.taken[0].recipients == ("anna@client.example", "ben@client.example")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        pytest.param(b"a\rb\n", "a lone CR at byte {}", id="a lone CR"),
        pytest.param(b"\0\n", "a NUL at byte {}", id="a NUL"),
    ],
)
def test_what_does_not_travel_is_found_at_its_place(cli, server, outbox, bad, told):
    raw = HEADER + TEXT

    ran = cli("send", "--raw", "-", "-a", "contact", input=raw + bad)

    assert ran.status == 65
    assert told.format(len(raw) + (bad == b"a\rb\n")) in ran.err
    assert outbox.entries() == ()


@pytest.mark.parametrize("dots", [(), ("-i",)])
def test_one_handed_in_is_completed_and_otherwise_as_it_was(server, home, dots):
    text = TEXT if dots else TEXT.replace(b"\n.\n", b"\n. \n")
    end = b"" if dots else b".\nnever seen\n"

    process = started("mailctl.sendmail", "-t", *dots, body=HEADER + text + end, home=home)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, b"")
    header, _, body = server.taken[0].data.partition(b"\r\n\r\n")
    assert body == text[1:].replace(b"\n", b"\r\n")
    assert re.findall(rb"^([A-Za-z-]+):", header, re.M) == [b"Date", b"Message-ID", b"From", b"To", b"Subject"]


def test_one_that_is_all_text_gets_its_header(server, home):
    process = started("mailctl.sendmail", "-i", "anna@client.example", body=TEXT[1:], home=home)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, b"")
    header, _, body = server.taken[0].data.partition(b"\r\n\r\n")
    assert b"From: contact@firm.example" in header
    assert body == TEXT[1:].replace(b"\n", b"\r\n")


# -- what goes wrong


class Changing(Pieces):
    """A file that is written to while it is read."""

    def blocks(self):
        yield self.raw[: len(self.raw) // 2]
        raise InputMissingError("plan.pdf: it was written to while it was read")


def test_a_file_that_changes_while_it_is_written_down_leaves_nothing(outbox):
    entry = Entry(account="contact", message_id="<1@x>", subject="", sender="", recipients=("a@x",), size=1000,
                  created=NOW)  # fmt: skip

    with pytest.raises(InputMissingError):
        outbox.add(entry, Changing(b"x" * 1000))

    assert outbox.entries() == ()
    assert [one.name for one in outbox.root.iterdir() if not one.name.startswith(".last")] == []


# -- ready-made ones, in blocks


@settings(max_examples=200, deadline=None)
@given(LINES, BORDERS)
@example(b"a\r\nb", (2,))
@example(b"a\r", (1,))
def test_what_travels_and_what_not_is_found_wherever_blocks_end(raw, borders):
    found = None if re.search(rb"\0|\r(?!\n)", raw) else re.sub(rb"\r?\n", b"\r\n", raw)

    if found is None:
        with pytest.raises(BadDataError):
            b"".join(travelling(cut(raw, borders)))
    else:
        assert b"".join(travelling(cut(raw, borders))) == found


@settings(max_examples=200, deadline=None)
@given(LINES.map(lambda raw: re.sub(rb"\r*\n|\r", b"\r\n", raw)), BORDERS)
@example(b"x" * 998 + b"\r\n", (998, 999))
@example(b"x" * 999 + b"\r\n", (998, 999))
def test_the_first_long_line_is_found_wherever_blocks_end(raw, borders):
    lines = enumerate(raw.split(b"\r\n"), 1)

    assert long_line(Pieces(raw, borders)) == next((at for at, line in lines if len(line) > LONGEST_LINE), None)
