"""Copies laid into a folder: looked for, appended without waiting where that is offered, each with its own answer."""

from datetime import UTC, datetime

import pytest

from mailctl.domain.account import Security
from mailctl.errors import (
    FolderNotFoundError,
    MessageRefusedError,
    ProtocolError,
    ServerRefusedError,
    ServerUnreachableError,
)
from mailctl.remote.imap import open_imap
from mailctl.remote.imap_copies import Copy, internal_date, lay_down
from remote.conftest import server_at
from support.scripted import serving

WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
COPIES = [Copy(f"<{number}@x>", b"Subject: %d\n\nHello\n" % number, WHEN) for number in range(3)]


class Mailbox:
    """An IMAP server with one folder, for `serving`; `there` are Message-IDs it holds, `answers` to each APPEND."""

    def __init__(self, *, offers="LITERAL+", there=(), answers=(), cut_at=None, gathers=1):
        self.gathers, self.late = gathers, []
        self.offers, self.there, self.answers, self.cut_at = offers, set(there), list(answers), cut_at
        self.kept, self.heard, self.waited = [], [], 0

    def __call__(self, peer):
        peer.say(f"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN {self.offers}] ready")
        while True:
            line = peer.hear()
            self.heard.append(line)
            tag, _, command = line.partition(" ")
            verb = command.removeprefix("UID ").split(" ")[0]
            if verb == self.cut_at:
                return peer.cut()
            getattr(self, verb.lower())(peer, tag, command)
            if verb == "LOGOUT":
                return None

    def authenticate(self, peer, tag, command):
        peer.say(f"{tag} OK [CAPABILITY IMAP4rev1 {self.offers}] welcome")

    def examine(self, peer, tag, command):
        peer.say("* 0 EXISTS", "* OK [UIDVALIDITY 7] valid", "* OK [UIDNEXT 5] next", f"{tag} OK [READ-ONLY] opened")

    def search(self, peer, tag, command):
        found = any(one in command for one in self.there)
        if "ESEARCH" not in self.offers:
            peer.say("* SEARCH 3" if found else "* SEARCH", f"{tag} OK searched")
            return
        self.late.append((f'* ESEARCH (TAG "{tag}") UID COUNT {int(found)}', f"{tag} OK searched"))
        if len(self.late) == self.gathers:  # all answers, the last question's first, as a server may
            peer.say(*[line for pair in reversed(self.late) for line in pair])
            self.late.clear()

    def append(self, peer, tag, command):
        answer = self.answers.pop(0) if self.answers else "OK kept"
        size = command.rpartition("{")[2].rstrip("}")
        if not size.endswith("+"):
            self.waited += 1
            if answer != "OK kept":
                return peer.say(f"{tag} {answer}")
            peer.say("+ go on")
        self.kept.append(peer.read(int(size.rstrip("+"))))
        peer.hear()
        return peer.say(f"{tag} {answer}")

    def logout(self, peer, tag, command):
        peer.say("* BYE", f"{tag} OK")


def laid(mailbox, copies=COPIES, **more):
    with serving(mailbox) as served, open_imap(server_at(served, Security.NONE), "secret") as session:
        return lay_down(session, "Sent", copies, **more)


@pytest.mark.parametrize(("offers", "waited"), [("LITERAL+", 0), ("LITERAL-", 0), ("", 3)])
def test_each_is_kept_whole_whether_the_server_wants_to_be_asked_or_not(offers, waited):
    mailbox = Mailbox(offers=offers)

    assert laid(mailbox) == [None, None, None]
    assert mailbox.kept == [b"Subject: %d\r\n\r\nHello\r\n" % number for number in range(3)]
    assert mailbox.waited == waited
    assert next(line.partition(" ")[2] for line in mailbox.heard if " APPEND " in line).startswith(
        'APPEND "Sent" (\\Seen) "02-Mar-2026 09:00:00 +0000" {'
    )


def test_a_long_one_is_asked_for_where_only_short_ones_go_at_once():
    mailbox = Mailbox(offers="LITERAL-")

    assert laid(mailbox, [Copy("<1@x>", b"x" * 5000, WHEN), COPIES[0]]) == [None, None]
    assert mailbox.waited == 1


def test_what_is_there_is_not_laid_down_again():
    mailbox = Mailbox(there=["<1@x>"])

    assert laid(mailbox) == [None, None, None]
    assert len(mailbox.kept) == 2


@pytest.mark.parametrize("gathers", [1, 3])
def test_answers_in_any_order_are_told_apart_where_they_name_their_question(gathers):
    mailbox = Mailbox(offers="LITERAL+ ESEARCH", there=["<0@x>"], gathers=gathers)

    assert laid(mailbox) == [None, None, None]
    assert mailbox.kept == [b"Subject: %d\r\n\r\nHello\r\n" % number for number in (1, 2)]


def test_they_are_asked_for_before_the_folder_is_open():
    class Waiting(Mailbox):
        def examine(self, peer, tag, command):
            while peer.rest.count(b"\r\n") < len(COPIES):
                peer.rest += peer.receive()
            super().examine(peer, tag, command)

    mailbox = Waiting(offers="LITERAL+ ESEARCH", there=["<0@x>"])

    assert laid(mailbox) == [None, None, None]
    assert len(mailbox.kept) == 2


def test_a_folder_that_does_not_open_takes_nothing_and_the_session_goes_on():
    class Closed(Mailbox):
        def examine(self, peer, tag, command):
            peer.say(f"{tag} NO [NONEXISTENT] no such folder")

        def search(self, peer, tag, command):
            peer.say(f"{tag} BAD no folder is open")

        def noop(self, peer, tag, command):
            peer.say(f"{tag} OK")

    mailbox = Closed(offers="LITERAL+ ESEARCH")
    with serving(mailbox) as served, open_imap(server_at(served, Security.NONE), "secret") as session:
        with pytest.raises(FolderNotFoundError):
            lay_down(session, "Sent", COPIES)
        session.ask_nothing()

    assert mailbox.kept == []


def test_what_cannot_be_there_is_not_looked_for():
    mailbox = Mailbox(there=["<1@x>"])

    laid(mailbox, look=False)

    assert not any("SEARCH" in line for line in mailbox.heard)
    assert len(mailbox.kept) == 3


def test_only_what_is_new_is_searched_for_what_was_just_sent():
    mailbox = Mailbox()

    laid(mailbox, [COPIES[0]._replace(since=5), COPIES[1]])

    searches = [line.partition(" ")[2] for line in mailbox.heard if "SEARCH" in line]
    assert searches == ['UID SEARCH UID 5:* HEADER Message-ID "<0@x>"', 'UID SEARCH HEADER Message-ID "<1@x>"']


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("NO [OVERQUOTA] full", ServerRefusedError),
        ("NO [TRYCREATE] no such folder", FolderNotFoundError),
        ("BAD what", ProtocolError),
    ],
)
@pytest.mark.parametrize("offers", ["LITERAL+", ""])
def test_one_that_is_refused_stops_no_other(answer, error, offers):
    found = laid(Mailbox(offers=offers, answers=["OK kept", answer, "OK kept"]))

    assert [type(one) for one in found] == [type(None), error, type(None)]


def test_one_larger_than_the_server_takes_is_not_sent():
    mailbox = Mailbox(offers="LITERAL+ APPENDLIMIT=100")

    found = laid(mailbox, [COPIES[0], Copy("<9@x>", b"x" * 200, WHEN)])

    assert [type(one) for one in found] == [type(None), MessageRefusedError]
    assert len(mailbox.kept) == 1


@pytest.mark.parametrize("verb", ["EXAMINE", "SEARCH", "APPEND"])
def test_a_lost_connection_is_told_for_all(verb):
    with pytest.raises(ServerUnreachableError):
        laid(Mailbox(cut_at=verb))


def test_hundreds_go_without_either_side_waiting_for_the_other():
    mailbox = Mailbox()

    assert laid(mailbox, COPIES * 60) == [None] * 180
    assert len(mailbox.kept) == 180


def test_a_date_is_written_in_english_whatever_the_locale():
    assert internal_date(WHEN) == "02-Mar-2026 09:00:00 +0000"
