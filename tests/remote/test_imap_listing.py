"""LIST: as much at once as a server gives, and less where it refuses what it offers."""

import pytest

from mailctl.errors import ServerRefusedError, ServerUnreachableError
from mailctl.remote.imap import open_imap
from support.scripted_imap import HANG_UP, scripted_imap

OFFERED = b"{tag} OK [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE LIST-STATUS] logged in\r\n"
STATUS = b"* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1)\r\n"
INBOX = b'* LIST () "/" INBOX\r\n'
SENT = b'* LIST (\\Sent) "/" Sent\r\n'
LISTED = INBOX + SENT + b"{tag} OK listed\r\n"
REFUSED = b"{tag} BAD RETURN what?\r\n"
COUNTING = 'LIST "" "*" RETURN (SPECIAL-USE STATUS'
USES = 'LIST "" "*" RETURN (SPECIAL-USE)'
PLAIN = 'LIST "" "*"'


def looked(script):
    with open_imap(script.server(), "secret", timeout=30.0) as session:
        folders = session.folders(counted=True)
        return [one.name for one in folders], {name: one.messages for name, one in session.states(["INBOX"]).items()}


def test_names_and_counts_come_in_one_answer():
    with scripted_imap({"AUTHENTICATE PLAIN": OFFERED, COUNTING: INBOX + STATUS + LISTED}) as script:
        assert looked(script) == (["INBOX", "Sent"], {"INBOX": 3})

    assert script.commands("STATUS") == []


@pytest.mark.parametrize("refused", [REFUSED, b"{tag} NO not today\r\n"])
@pytest.mark.parametrize(
    ("refusing", "asked"),
    [
        pytest.param([COUNTING], [COUNTING, USES], id="the counts"),
        pytest.param([COUNTING, USES], [COUNTING, USES, PLAIN], id="the special uses too"),
    ],
)
def test_what_is_offered_and_refused_is_asked_for_in_other_words(refusing, asked, refused):
    table = {"AUTHENTICATE PLAIN": OFFERED, "LIST": LISTED, "STATUS": STATUS + b"{tag} OK\r\n"}
    with scripted_imap(table | dict.fromkeys(refusing, STATUS.replace(b"3", b"4") + refused)) as script:
        assert looked(script) == (["INBOX", "Sent"], {"INBOX": 3})

    said = script.commands("LIST")
    assert [line[: len(form)] for line, form in zip(said, asked, strict=True)] == asked
    assert len(script.commands("STATUS")) == 1


def test_who_refuses_every_form_is_believed():
    table = {"AUTHENTICATE PLAIN": OFFERED, "LIST": b"{tag} NO no folders for you\r\n"}
    with scripted_imap(table) as script, pytest.raises(ServerRefusedError, match="no folders for you"):
        looked(script)

    assert len(script.commands("LIST")) == 3


def test_a_server_that_hangs_up_is_not_asked_again():
    table = {"AUTHENTICATE PLAIN": OFFERED, "LIST": HANG_UP}
    with scripted_imap(table) as script, pytest.raises(ServerUnreachableError):
        looked(script)

    assert len(script.commands("LIST")) == 1
