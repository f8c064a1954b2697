"""An IMAP session with a real Dovecot: every way to secure it, to log in, and what the other services ask of it."""

from datetime import UTC, datetime

import pytest

from mailctl.domain.account import Auth, AuthMethod, Security, Server
from mailctl.errors import (
    AlreadyExistsError,
    CertificateError,
    FolderNotFoundError,
    LoginRefusedError,
    TlsUnavailableError,
)
from mailctl.remote.imap import open_imap
from mailctl.remote.trace import Trace

pytestmark = pytest.mark.live

NOTE = b"From: bob@mail.test\r\nMessage-ID: <1@mail.test>\r\nSubject: Plans\r\n\r\nHello\r\n"
WHEN = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)


@pytest.fixture
def server(mail):
    """Alice's server, secured in one way or another."""

    def reached(security=Security.TLS, *, ca_file=True, port=0):
        usual = mail.imaps_port if security is Security.TLS else mail.imap_port
        return Server(
            host=mail.host,
            port=port or usual,
            security=security,
            login="alice",
            auth=Auth(method=AuthMethod.PASSWORD),
            ca_file=str(mail.ca_file) if ca_file else None,
        )

    return reached


@pytest.fixture
def session(mail, server):
    with open_imap(server(), mail.password) as opened:
        yield opened


@pytest.mark.parametrize("security", list(Security))
def test_a_session_opens_however_it_is_secured(mail, server, security, tmp_path):
    with open_imap(server(security), mail.password, trace=Trace(tmp_path / "trace")) as session:
        assert "IMAP4REV1" in session.capabilities
        assert session.count_unseen("INBOX") == 0

    written = (tmp_path / "trace").read_text()
    assert mail.password not in written
    assert (" ~> " in written) is (security is not Security.NONE)
    asked = written.count(" CAPABILITY\n")  # the greeting and the login say it by themselves
    assert asked == (1 if security is Security.STARTTLS else 0)


def test_a_wrong_password_is_refused(server):
    with pytest.raises(LoginRefusedError, match="refused the login of 'alice'"):
        open_imap(server(), "wrong é")


def test_an_unknown_authority_is_refused_before_the_password_goes_out(mail, server):
    with pytest.raises(CertificateError):
        open_imap(server(Security.STARTTLS, ca_file=False), mail.password)


def test_tls_on_the_plain_port_is_told(mail, server):
    with pytest.raises(TlsUnavailableError, match="does not speak TLS"):
        open_imap(server(port=mail.imap_port), mail.password)


def test_folders_come_with_their_uses(session):
    uses = {folder.name: folder.attributes for folder in session.folders()}

    assert uses.keys() == {"INBOX", "Drafts", "Junk", "Sent", "Trash"}
    assert "\\sent" in uses["Sent"]
    assert {folder.delimiter for folder in session.folders()} == {"/"}


def test_a_folder_is_made_with_any_letters_and_once_only(session):
    session.create("Büro & Co/日本")

    with pytest.raises(AlreadyExistsError):
        session.create("Büro & Co/日本")
    assert "Büro & Co/日本" in {folder.name for folder in session.folders()}
    assert session.examine("Büro & Co/日本").messages == 0


def test_a_copy_is_laid_down_with_flags_date_and_crlf(mail, session):
    session.append("Sent", NOTE.replace(b"\r\n", b"\n"), flags=frozenset({"\\Seen"}), when=WHEN)

    state = session.examine("Sent")
    [listed] = session.listed([1], with_message_id=True)
    assert mail.messages("alice", "Sent") == [NOTE]
    assert (state.messages, state.uidnext) == (1, 2)
    assert (listed.received, listed.size, listed.message_id) == (WHEN, len(NOTE), "<1@mail.test>")
    assert listed.flags == {"\\Seen"}


def test_a_copy_for_a_folder_that_is_not_there_is_refused(session):
    with pytest.raises(FolderNotFoundError):
        session.append("Nowhere", NOTE, flags=frozenset(), when=WHEN)

    assert session.count_unseen("INBOX") == 0  # the session goes on


@pytest.mark.parametrize("message_id", ["<2@mail.test>", "<é@mail.test>", '<"a b"@mail.test>', "<1@mail.tes>", "x\\y"])
def test_a_message_is_found_by_its_id_only(session, message_id):
    session.append("Sent", NOTE, flags=frozenset(), when=WHEN)

    assert session.has_message("Sent", "<1@mail.test>")
    assert not session.has_message("Sent", message_id)


def test_flags_are_added_in_a_selected_folder_only(mail, session):
    mail.deliver("alice", NOTE)
    session.select("INBOX")

    session.add_flags([1], frozenset({"\\Seen", "\\Flagged"}))

    assert mail.flags("alice") == [{"\\Seen", "\\Flagged"}]


def test_changed_flags_are_told_since_a_moment(mail, session):
    for _ in range(3):
        mail.deliver("alice", NOTE)
    before = session.examine("INBOX")
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("2", "+FLAGS", "(\\Seen)")

    changed = session.flags(1, 3, changed_since=before.highestmodseq)

    assert changed[2] == {"\\Seen"}  # Dovecot adds, unasked, those that another session took \\Recent from
    assert session.uids() == {1, 2, 3}


def test_messages_come_batch_by_batch_unread(mail, session):
    for number in range(5):
        mail.deliver("alice", NOTE.replace(b"Plans", b"Plans %d" % number))
    session.examine("INBOX")

    batches = list(session.bodies([(1, 2), (4,), (5, 3, 9)]))

    assert [[body.uid for body in batch.bodies] for batch in batches] == [[1, 2], [4], [5, 3]]
    assert batches[1].bodies[0].raw == NOTE.replace(b"Plans", b"Plans 3")
    assert mail.flags("alice") == [frozenset()] * 5


def test_counting_several_folders_tells_of_each(mail, session):
    mail.deliver("alice", NOTE, folder="Projets")
    mail.deliver("alice", NOTE, folder="Projets", flags=("\\Seen",))

    states = session.states(["INBOX", "Projets", "Nowhere"])

    assert states.keys() == {"INBOX", "Projets"}
    assert (states["Projets"].messages, states["Projets"].unseen, states["Projets"].uidnext) == (2, 1, 3)
    assert states["Projets"] == session.states(["Projets"])["Projets"]
    assert states["Projets"].highestmodseq == session.examine("Projets").highestmodseq


def test_the_personal_prefix_is_the_namespace_s(session):
    assert session.personal_prefix() == ""
